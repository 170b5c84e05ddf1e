"""One file for each foreign tool; elsewhere git, DVC and MLflow are not touched."""
