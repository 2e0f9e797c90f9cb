"""docs/commands.md and the program say the same."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tuchanka.cli.app import app
from tuchanka.cli.context import Globals
from tuchanka.cli.main import globals_first

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
PROGRAM: Any = get_command(app)


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    if inner := getattr(command, "commands", None):
        for name, one in inner.items():
            yield from walk(one, (*path, name))
    else:
        yield " ".join(path), command


def options(command: Any) -> set[str]:
    return {
        name for one in command.params if one.param_type_name == "option" for name in (*one.opts, *one.secondary_opts)
    }


def described(text: str) -> set[str]:
    """The options that a list explains."""
    items = re.findall(r"^- ((?:`--?[a-z-]+`[ ()]*)+):", text, re.MULTILINE)
    return {name for item in items for name in re.findall(r"--?[a-z-]+", item)}


def parse(words: list[str]) -> None:
    """Read the words as the program would, and do nothing."""
    context = PROGRAM.make_context("tuchanka", globals_first(words), obj=Globals())
    command, rest = PROGRAM, [*context._protected_args, *context.args]
    while getattr(command, "commands", None):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(command.name, rest, parent=context)


COMMANDS = dict(walk(PROGRAM))
PARTS = re.split(r"^### `tuchanka ([a-z -]+)`$", PAGE, flags=re.MULTILINE)
SECTIONS = dict(
    zip(PARTS[1::2], (re.split(r"^## ", part, flags=re.MULTILINE)[0] for part in PARTS[2::2]), strict=True)
)
EXAMPLES = re.findall(r"^    (tuchanka .*)$", "".join(SECTIONS.values()), re.MULTILINE)


def test_every_command_has_a_section_and_no_other():
    assert len(PARTS[1::2]) == len(set(PARTS[1::2]))
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", SECTIONS)
def test_every_option_is_explained_and_no_other(name: str):
    assert described(SECTIONS[name]) == options(COMMANDS[name]) - {"--help"}


def test_the_options_of_the_whole_program():
    assert described(PARTS[0]) == options(PROGRAM) | {"--help"}


@pytest.mark.parametrize("name", SECTIONS)
def test_every_command_has_an_example(name: str):
    assert re.search(rf"^    tuchanka (.* )?{name}\b", SECTIONS[name], re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_understood(example: str):
    parse(shlex.split(re.split(r" >", example)[0])[1:])


def test_nothing_is_mentioned_that_does_not_exist():
    everything = {option for command in (PROGRAM, *COMMANDS.values()) for option in options(command)} | {"--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= everything
    words = {name.split()[0] for name in COMMANDS} | {"reports"}
    assert set(re.findall(r"tuchanka[ -]([a-z][a-z-]*)", PAGE)) <= words
