"""Whether results can still be had, without running anything: in git, in DVC, in MLflow."""
