"""Asking before something is destroyed."""

import sys

import typer

from tuchanka.errors import InputError


def sure(what: str, *, yes: bool) -> None:
    """Go on only if the user said so: with ``--yes``, or at the terminal.

    Raises:
        InputError: there is no terminal to ask at.
        typer.Exit: the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"this would {what}", hint="say --yes if that is meant")
    if not typer.confirm(f"This will {what}. Go on?", err=True):
        raise typer.Exit(3)
