"""The modelling library of the stages: no DVC, no MLflow, no clock, nothing at import."""
