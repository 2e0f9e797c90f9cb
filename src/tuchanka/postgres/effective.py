"""What an instance's settings leave of what PostgreSQL ensures. Pure.

An instance's ``settings`` are the last lines of its postgresql.conf, so they win over what is rendered before them.
Here they are read as the server reads them, every spelling of a value included, and compared with what keeps commits
and pages safe. The lint makes a finding of each difference; a trial doesn't promise what is given up.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tuchanka.topology.types import Instance

Guarantee = Literal["durable", "replicated", "undamaged"]
"""What can be given up.

``durable``: an acknowledged commit outlives a crash of the machine that acknowledged it. ``replicated``: it is on the
disks of the standbys that synchronous replication waits for. ``undamaged``: no page is damaged without an error.
"""


def boolean(text: str) -> str | None:
    """Return ``on`` or ``off``, or ``None`` where the server would refuse to start.

    Source: PostgreSQL, "Parameter Names and Values", and ``parse_bool`` in ``src/backend/utils/adt/bool.c``: any
    unambiguous beginning of a word, in any case.
    """
    word = text.lower()
    if not text.isascii() or not text:
        return None
    if word == "1" or "true".startswith(word) or "yes".startswith(word) or word == "on":
        return "on"
    if word == "0" or "false".startswith(word) or "no".startswith(word) or word in {"of", "off"}:
        return "off"
    return None


def commit_level(text: str) -> str | None:
    """Return the level of ``synchronous_commit``, or ``None`` where the server would refuse to start.

    Source: ``synchronous_commit_options`` in ``src/backend/utils/misc/guc_tables.c``: whole words, in any case.
    """
    word = text.lower()
    if word in {"local", "remote_write", "remote_apply"}:
        return word
    if word in {"on", "true", "yes", "1"}:
        return "on"
    return "off" if word in {"off", "false", "no", "0"} else None


_DURATION = re.compile(
    r"\s*\+?(0x[0-9a-f]+|[0-9]+\.?[0-9]*(e[+-]?[0-9]+)?|\.[0-9]+(e[+-]?[0-9]+)?)\s*(us|ms|s|min|h|d)?\s*",
    re.ASCII | re.IGNORECASE,
)


def limit(text: str) -> str | None:
    """Return ``none`` for a time of 0, else ``some``, or ``None`` where the server would refuse to start.

    Source: ``parse_int`` in ``src/backend/utils/misc/guc.c``.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    digits = match[1].lower()
    mantissa = digits if digits.startswith("0x") else digits.partition("e")[0]
    return "none" if not set(mantissa) - set("0x.") else "some"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a value gives up, and what that leads to, in words that follow the value."""

    guarantees: frozenset[Guarantee]
    consequence: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """A parameter that guarantees depend on.

    ``usual`` holds where the instance sets nothing: the rendered value, or PostgreSQL's own. ``read`` makes one word
    of every spelling. ``losses`` maps such a word to what it gives up. ``synchronous``: only synchronous replication
    depends on it.
    """

    usual: str
    read: Callable[[str], str | None]
    losses: Mapping[str, Loss]
    synchronous: bool = False


def _loss(consequence: str, *guarantees: Guarantee) -> Loss:
    return Loss(frozenset(guarantees), consequence)


GUARDED: Mapping[str, Guarded] = MappingProxyType(
    {
        "synchronous_commit": Guarded(
            "on",
            commit_level,
            {
                "off": _loss(
                    "a commit is acknowledged before it is on any disk: a crash or a failover loses it",
                    *("durable", "replicated"),
                ),
                "local": _loss(
                    "a commit is acknowledged before a standby has it: a failover loses it",
                    "replicated",
                ),
                "remote_write": _loss(
                    "a commit is acknowledged before it is on a standby's disk: the loss of both machines loses it",
                    "replicated",
                ),
            },
        ),
        "fsync": Guarded(
            "on",
            boolean,
            {
                "off": _loss(
                    "nothing is sure to be on a disk: a crash of a machine loses commits and damages its data",
                    *("durable", "replicated", "undamaged"),
                )
            },
        ),
        "full_page_writes": Guarded(
            "on",
            boolean,
            {
                "off": _loss(
                    "a page that was half written at a crash stays damaged, and pg_rewind refuses to repair a copy",
                    *("durable", "undamaged"),
                )
            },
        ),
        "data_sync_retry": Guarded(
            "off",
            boolean,
            {
                "on": _loss(
                    "after a failed write to a disk the server goes on as if it had succeeded: commits are lost",
                    *("durable", "undamaged"),
                )
            },
        ),
        "zero_damaged_pages": Guarded(
            "off",
            boolean,
            {"on": _loss("a damaged page is taken for an empty one: its rows are lost", "durable", "undamaged")},
        ),
        "ignore_checksum_failure": Guarded(
            "off", boolean, {"on": _loss("a damaged page is read as if it were whole", "undamaged")}
        ),
        "ignore_invalid_pages": Guarded(
            "off",
            boolean,
            {"on": _loss("recovery leaves out what it can't apply: its rows are lost", "durable", "undamaged")},
        ),
        "statement_timeout": Guarded(
            "0",
            limit,
            {
                "some": _loss(
                    "a commit that waits for a standby is acknowledged without it when the time is over",
                    "replicated",
                )
            },
            synchronous=True,
        ),
    }
)
"""Parameters by which an owner can give up a guarantee; an instance's ``accept`` names those that are meant."""


def guarded(name: str) -> Guarded | None:
    """Return what is known of a name of ``settings``; ``app.fsync`` counts as ``fsync``.

    A dotted name reads like the parameter of one role or one database. PostgreSQL takes it for a parameter of an
    extension and ignores it, but a reader of the file believes what it says.
    """
    return GUARDED.get(name.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class Weakness:
    """A setting that gives up guarantees: ``value`` as the server understands it, the losses as in ``Loss``."""

    parameter: str
    value: str
    guarantees: frozenset[Guarantee]
    consequence: str


def effective(instance: Instance) -> dict[str, str | None]:
    """Return guarded name → the value in force, in one word; ``None`` for what is no value of it.

    They are the parameters, in the order of ``GUARDED``, and then the dotted names of ``guarded``.
    """
    values = {name: known.usual for name, known in GUARDED.items()} | dict(instance.settings)
    return {name: known.read(value) for name, value in values.items() if (known := guarded(name))}


def weaknesses(instance: Instance) -> tuple[Weakness, ...]:
    """Return every setting that gives up a guarantee, in the order of ``effective``, accepted or not."""
    found = []
    for name, value in effective(instance).items():
        known = guarded(name)
        if value is None or known is None or (known.synchronous and instance.synchronous is None):
            continue
        loss = known.losses.get(value)
        if loss:
            found.append(Weakness(name, value, loss.guarantees, loss.consequence))
    return tuple(found)


def given_up(instance: Instance) -> frozenset[Guarantee]:
    """Return the guarantees that the instance's settings give up."""
    return frozenset(guarantee for weakness in weaknesses(instance) for guarantee in weakness.guarantees)
