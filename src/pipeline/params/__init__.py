"""params.yaml as frozen, typed objects: a module for each stage."""
