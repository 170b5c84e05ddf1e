"""A result made again: its code and data in a clone, its environment, and what came of it."""
