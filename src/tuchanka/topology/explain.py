"""From pydantic's list of errors to problems that a person can act on: key, what, hint."""

import difflib
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

EXAMPLE = "`tuchanka topology` prints an example"

ABOUT_THE_VALUE = ("isn't", "is ", "has ", "can't", "belongs")
"""A sentence that begins like this goes on after the value itself."""

_KINDS = {
    "string_type": "must be a string",
    "string_unicode": "must be readable text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "list_type": "must be a list",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a topology file; ``key`` is dotted, like ``clusters.tuchanka2.nodes.a.address``."""

    key: str
    what: str
    hint: str


def problems(error: ValidationError, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Return every error of pydantic's in words, the unknown keys first.

    A mistyped key shows up twice, as unknown and as missing; only the first says what to write.
    """
    found = error.errors(include_url=False)
    found.sort(key=lambda one: one["type"] != "extra_forbidden")
    return tuple(_problem(one, model) for one in found)


def dotted(parts: Sequence[str | int]) -> str:
    """Return a key path as it is written in the file, whatever characters its parts are made of."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = part.replace("-", "").replace("_", "")
            plain = part if bare.isascii() and bare.isalnum() and len(part) <= 80 else shown(part)
            text += f".{plain}" if text else plain
    return text


def shown(value: object) -> str:
    """Return a value in ASCII, on one line, and short."""
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"  # its decimal digits may be too many for Python to write
    short = reprlib.Repr()
    short.maxstring = short.maxother = 50
    short.maxdict = short.maxlist = 2
    short.maxlevel = 1
    return _ascii(short.repr(value if isinstance(value, str | int | float) else type(value).__name__))


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _problem(error: Any, model: type[BaseModel]) -> Problem:
    kind: str = error["type"]
    parts = tuple(error["loc"])
    if parts[-1:] == ("[key]",) and kind != "extra_forbidden":
        parts = parts[:-1]  # pydantic's mark of an error in a key, where it isn't a key of the file
    context: Mapping[str, Any] = error.get("ctx", {})
    value = error["input"]
    key = dotted(parts) or "the whole file"
    match kind:
        case "extra_forbidden":
            what, hint = "there is no such key", _nearest(str(parts[-1]), _known(model, parts[:-1]))
        case "missing":
            what, hint = "this key is missing", f"add it; {EXAMPLE}"
        case "value_error":
            what, hint = _worded(context["error"])
            what = f"{shown(value)} {what}" if what.startswith(ABOUT_THE_VALUE) else what
        case "literal_error":
            what, hint = f"{shown(value)} isn't known here", f"choose from: {context['expected']}"
        case "greater_than_equal":
            what, hint = f"{shown(value)} is too small", f"write at least {context['ge']}"
        case "less_than_equal":
            what, hint = f"{shown(value)} is too big", f"write at most {context['le']}"
        case "too_short":
            what, hint = f"has {context['actual_length']} entries", f"write at least {context['min_length']}"
        case "too_long" | "string_too_long":
            what, hint = "is too long", f"at most {context['max_length']} fit"
        case _:
            what, hint = f"{_KINDS.get(kind, 'has a wrong value')}, not {shown(value)}", EXAMPLE
    return Problem(key, what, hint)


def _worded(error: ValueError) -> tuple[str, str]:
    if len(error.args) == 2:
        return str(error.args[0]), str(error.args[1])
    return "has a wrong value", EXAMPLE


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word[:80], known, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys here are: {', '.join(known)}"


def _known(model: type[BaseModel], parts: Sequence[str | int]) -> list[str]:
    """Return the keys of the table at ``parts``; a dictionary's or list's own keys lead to its element's model."""
    here: type[BaseModel] = model
    inside = False  # the next part is a key of a dictionary or list, not a field
    for part in parts:
        if inside:
            inside = False
            continue
        annotation = here.model_fields[str(part)].annotation
        found = _model_in(annotation)
        if found is None:
            break
        here, inside = found
    return list(here.model_fields)


def _model_in(annotation: Any) -> tuple[type[BaseModel], bool] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    origin = getattr(annotation, "__origin__", None)
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found[0], found[1] or origin in (dict, list)
    return None
