"""Many variants of one pipeline, each a DVC experiment with its run."""
