"""Figures of other systems, to be shown beside ours: a data file that the user names. Pure, but ``read``."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuchanka.errors import InputError

HINT = "docs/report.md explains the format"


@dataclass(frozen=True, slots=True)
class OtherFigure:
    """Seconds without writes; where known, the standard deviation and of how many faults."""

    seconds: float
    deviation: float | None = None
    count: int | None = None

    def __str__(self) -> str:
        spread = "" if self.deviation is None else f" ± {self.deviation:g}"
        return f"{self.seconds:g}{spread} s" + ("" if self.count is None else f" ({self.count})")


@dataclass(frozen=True, slots=True)
class OtherSystem:
    """Another system's figures of faults on the primary.

    ``faults`` maps a fault to its figure whatever the cluster, ``clusters`` a cluster to such faults of its own.
    """

    name: str
    how: str = ""
    remark: str = ""
    faults: Mapping[str, OtherFigure] = field(default_factory=dict)
    clusters: Mapping[str, Mapping[str, OtherFigure]] = field(default_factory=dict)

    def of(self, cluster: str, fault: str, role: str) -> OtherFigure | None:
        """Return the figure to show beside this kind of trial, if there is one."""
        if role != "primary":
            return None
        return self.clusters.get(cluster, {}).get(fault) or self.faults.get(fault)


def read(file: Path) -> tuple[OtherSystem, ...]:
    """Read the data file.

    Raises:
        InputError: it can't be read, or isn't as docs/report.md says.
    """
    where = str(file)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=where, hint="name a data file") from error
    except UnicodeDecodeError as error:
        raise InputError("isn't UTF-8", where=where, hint=HINT) from error
    return parse(text, where=where)


def parse(text: str, *, where: str) -> tuple[OtherSystem, ...]:
    """Return the systems of a data file's text.

    Raises:
        InputError: it isn't as docs/report.md says.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"isn't TOML: {error}", where=where, hint=HINT) from error
    systems = table.get("systems")
    if set(table) != {"systems"} or not isinstance(systems, list):
        raise InputError("should hold [[systems]] and nothing else", where=where, hint=HINT)
    return tuple(_system(one, f"{where}: systems[{number}]") for number, one in enumerate(systems, 1))


def _system(values: Any, where: str) -> OtherSystem:
    table = _table(values, where)
    if unknown := set(table) - {"name", "how", "remark", "faults", "clusters"}:
        raise InputError(f"has an unknown key {min(unknown)!r}", where=where, hint=HINT)
    texts = {key: table.get(key, "") for key in ("name", "how", "remark")}
    if wrong := [key for key, text in texts.items() if not isinstance(text, str) or (key == "name" and not text)]:
        raise InputError(f"{wrong[0]} should be a text", where=where, hint=HINT)
    clusters = _table(table.get("clusters", {}), f"{where}.clusters")
    return OtherSystem(
        **texts,
        faults=_figures(table.get("faults", {}), f"{where}.faults"),
        clusters={name: _figures(own, f"{where}.clusters.{name}") for name, own in clusters.items()},
    )


def _figures(values: Any, where: str) -> dict[str, OtherFigure]:
    return {fault: _figure(value, f"{where}.{fault}") for fault, value in _table(values, where).items()}


def _figure(value: Any, where: str) -> OtherFigure:
    table = value if isinstance(value, dict) else {"seconds": value}
    numbers = {key: table.get(key) for key in ("seconds", "deviation", "count")}
    if set(table) - set(numbers) or not all(_fits(key, one) for key, one in numbers.items()):
        raise InputError(
            "should be seconds, or { seconds, deviation, count }: greater than 0, count whole", where=where, hint=HINT
        )
    return OtherFigure(**{key: one for key, one in numbers.items() if one is not None})


def _fits(key: str, value: Any) -> bool:
    if value is None:
        return key != "seconds"
    if isinstance(value, bool) or not isinstance(value, int if key == "count" else int | float):
        return False
    return math.isfinite(value) and (value > 0 or (key == "deviation" and value == 0))


def _table(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InputError("should be a table", where=where, hint=HINT)
    return values
