"""The command line: reads arguments, calls one function, words the outcome."""

from tuchanka.cli.main import main

__all__ = ["main"]
