"""Results -> text and JSON. Collects nothing, decides nothing."""
