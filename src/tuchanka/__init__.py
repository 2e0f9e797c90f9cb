"""Deploys, breaks, measures and mends fault-tolerant PostgreSQL clusters."""

from importlib.metadata import version

__version__ = version("tuchanka")
