"""Every number has an address: from a result to the data, code, parameters and environment."""

__version__ = "0.1.0"
