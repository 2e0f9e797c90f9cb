"""Printing: tables for people, JSON for programs, both on standard output."""

import json
from typing import Any

from rich.console import Console, RenderableType


def show(what: RenderableType) -> None:
    """Print something for people."""
    Console(highlight=False).print(what)


def show_json(value: Any) -> None:
    """Print something for programs."""
    Console(highlight=False, soft_wrap=True, markup=False).print(json.dumps(value, indent=1, default=str))
