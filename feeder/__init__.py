"""Feeder: a folder of articles, published as a feed. This module holds the version and nothing else."""

__all__ = ["__version__"]

__version__ = "0.1.0"
