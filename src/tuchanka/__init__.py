"""Deploys, breaks, measures and repairs fault-tolerant PostgreSQL clusters."""

from importlib.metadata import version

__version__ = version("tuchanka")
