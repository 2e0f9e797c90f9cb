"""Reactions measured elsewhere, for comparison: ``elsewhere.toml``, with what each figure is. Pure."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from tuchanka.report import wording as words
from tuchanka.report.groups import Group


@dataclass(frozen=True, slots=True)
class Mean:
    """Seconds: a mean, its standard deviation, and of how many."""

    seconds: float
    deviation: float
    count: int

    def __str__(self) -> str:
        return f"{self.seconds:g} ± {self.deviation:g} ({self.count})"


@dataclass(frozen=True, slots=True)
class Prototype:
    """The prototype's figures: fault → cluster → mean; ``called`` are the faults' names there."""

    title: str
    how: str
    called: dict[str, str]
    figures: dict[str, dict[str, Mean]]

    def of(self, fault: str, cluster: str) -> Mean | None:
        """Return its figure for a fault on a cluster, if it has one."""
        return self.figures.get(fault, {}).get(cluster)


@dataclass(frozen=True, slots=True)
class Other:
    """Another program's figures: fault → median in seconds."""

    title: str
    how: str
    remark: str
    medians: dict[str, float]


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(resources.files("tuchanka.report").joinpath("elsewhere.toml").read_text(encoding="utf-8"))


@cache
def prototype() -> Prototype:
    """Return the prototype's figures."""
    table = _read()["prototype"]
    faults: dict[str, dict[str, Any]] = table["faults"]
    return Prototype(
        title=table["title"],
        how=table["how"],
        called={name: values["called"] for name, values in faults.items()},
        figures={
            name: {cluster: Mean(*value) for cluster, value in values.items() if cluster != "called"}
            for name, values in faults.items()
        },
    )


@cache
def others() -> tuple[Other, ...]:
    """Return the other programs' figures."""
    return tuple(Other(one["title"], one["how"], one["remark"], one["faults"]) for one in _read()["others"])


@dataclass(frozen=True, slots=True)
class Row:
    """A fault on a cluster: our figure, and those of others, in words."""

    fault: str
    called: str
    cluster: str
    here: str
    prototype: str
    others: tuple[str, ...]


def beside(groups: Iterable[Group]) -> list[Row]:
    """Return our primary's reactions beside the others' figures, for every fault that one of them measured."""
    found = []
    for one in groups:
        fault, cluster = words.clean(one.key.fault), words.clean(one.key.cluster)
        mean = prototype().of(fault, cluster)
        medians = tuple(other.medians.get(fault) for other in others())
        ours = one.write_spread
        if one.key.role != "primary" or ours is None or (mean is None and not any(medians)):
            continue
        found.append(
            Row(
                fault=fault,
                called=prototype().called.get(fault, ""),
                cluster=cluster + (f", {words.clean(one.key.run)}" if one.key.run else ""),
                here=f"{words.away(ours)} ({ours.count})",
                prototype=words.NONE if mean is None else str(mean),
                others=tuple(words.seconds(value) for value in medians),
            )
        )
    return found
