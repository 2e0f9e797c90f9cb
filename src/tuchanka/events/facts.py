"""What one node shows when it is audited, and its encoding in a history. Pure.

A value that the node did not show is None, and left out of the JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class QuorumFacts:
    """The votes that a node sees; ``device`` is whether the quorum device votes, None where there is none."""

    quorate: bool
    votes: int
    expected: int
    device: bool | None


FEW_FILES = 3
"""So many files may wait at any time: one is on its way, another was just ended by a timeout."""


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What a node knows of the archive of its copy: ``waiting`` files of the log wait there, of ``waiting_bytes``.

    ``limit_bytes``: what may wait before it is dropped; ``None``: nothing is ever dropped. ``most_bytes``: the most
    that waited when something was dropped since the trial began (0: nothing was). ``notes``: what the keeper did
    about gaps since then. ``gaps``: what keeps the archive from being whole, in words; ``None``: nobody asked.
    """

    waiting: int
    waiting_bytes: int
    limit_bytes: int | None
    most_bytes: int = 0
    notes: tuple[str, ...] = ()
    gaps: tuple[str, ...] | None = None

    @property
    def behind(self) -> bool:
        """Whether the keeper and the archiver still have something to do."""
        return self.waiting >= FEW_FILES or bool(self.gaps)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read the encoded form.

        Raises:
            KeyError, TypeError: it is none.
        """
        gaps = values.get("gaps")
        return cls(
            waiting=values["waiting"],
            waiting_bytes=values["waiting_bytes"],
            limit_bytes=values["limit_bytes"],
            most_bytes=values.get("most_bytes", 0),
            notes=tuple(values.get("notes", ())),
            gaps=None if gaps is None else tuple(gaps),
        )

    def encoded(self) -> dict[str, Any]:
        """Return the form that a history keeps."""
        values = {
            "waiting": self.waiting,
            "waiting_bytes": self.waiting_bytes,
            "limit_bytes": self.limit_bytes,
            "most_bytes": self.most_bytes,
            "notes": list(self.notes),
        }
        return values if self.gaps is None else {**values, "gaps": list(self.gaps)}


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """One copy of an instance. ``lsn`` is its position in the log, in bytes: written (primary) or replayed (standby).

    ``streaming`` are the standbys that it feeds, ``rows`` the number and the hash of the heartbeat's rows,
    ``parents`` maps a timeline that its own descends from to the position in bytes where that one was left.
    ``archive`` is None where it isn't archived.
    """

    in_recovery: bool
    timeline: int
    lsn: int
    streaming: tuple[str, ...]
    checksum_failures: int
    rows: tuple[int, str]
    parents: Mapping[int, int]
    archive: ArchiveFacts | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read the encoded form.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is no encoded copy.
        """
        number, total = values["rows"]
        archive = values.get("archive")
        return cls(
            in_recovery=values["in_recovery"],
            timeline=values["timeline"],
            lsn=values["lsn"],
            streaming=tuple(values["streaming"]),
            checksum_failures=values["checksum_failures"],
            rows=(number, total),
            parents={int(timeline): position for timeline, position in values["parents"].items()},
            archive=None if archive is None else ArchiveFacts.of(archive),
        )

    def encoded(self) -> dict[str, Any]:
        """Return the form that a history keeps."""
        values = {
            "in_recovery": self.in_recovery,
            "timeline": self.timeline,
            "lsn": self.lsn,
            "streaming": list(self.streaming),
            "checksum_failures": self.checksum_failures,
            "rows": list(self.rows),
            "parents": {str(timeline): position for timeline, position in self.parents.items()},
        }
        return values if self.archive is None else {**values, "archive": self.archive.encoded()}


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One node; without any value it could not be asked.

    ``boot`` tells one start of the machine from another, ``daemons`` maps a program of the cluster to its process
    numbers, ``fail_counts`` a resource to its count, ``scores`` an instance to its promotion score (None: it has
    none), ``settings`` an id to a setting or constraint that a person could have made, ``instances`` an instance to
    the copy that answered.
    """

    watchdog: str | None = None
    boot: str | None = None
    cores: tuple[str, ...] | None = None
    crashes: tuple[str, ...] | None = None
    daemons: Mapping[str, tuple[int, ...]] | None = None
    quorum: QuorumFacts | None = None
    fail_counts: Mapping[str, str] | None = None
    scores: Mapping[str, int | None] | None = None
    settings: Mapping[str, str] | None = None
    instances: Mapping[str, CopyFacts] | None = None

    @property
    def answered(self) -> bool:
        """Whether the node could be asked."""
        return self != NodeFacts()

    @property
    def copies(self) -> Mapping[str, CopyFacts]:
        """The copies that answered."""
        return self.instances or {}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read the encoded form; what this version doesn't know is left out.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is no node's encoded facts.
        """
        cores, crashes, daemons = (values.get(name) for name in ("cores", "crashes", "daemons"))
        quorum, copies = values.get("quorum"), values.get("instances")
        return cls(
            **{name: values.get(name) for name in ("watchdog", "boot", "fail_counts", "scores", "settings")},
            cores=None if cores is None else tuple(cores),
            crashes=None if crashes is None else tuple(crashes),
            daemons=None if daemons is None else {name: tuple(pids) for name, pids in daemons.items()},
            quorum=None if quorum is None else QuorumFacts(**quorum),
            instances=None if copies is None else {name: CopyFacts.of(copy) for name, copy in copies.items()},
        )

    def encoded(self) -> dict[str, Any]:
        """Return the form that a history keeps."""
        quorum = self.quorum
        values = {
            "watchdog": self.watchdog,
            "boot": self.boot,
            "cores": None if self.cores is None else list(self.cores),
            "crashes": None if self.crashes is None else list(self.crashes),
            "daemons": None if self.daemons is None else {name: list(pids) for name, pids in self.daemons.items()},
            "quorum": None
            if quorum is None
            else {
                "quorate": quorum.quorate,
                "votes": quorum.votes,
                "expected": quorum.expected,
                "device": quorum.device,
            },
            "fail_counts": self.fail_counts,
            "scores": self.scores,
            "settings": self.settings,
            "instances": None
            if self.instances is None
            else {name: copy.encoded() for name, copy in self.instances.items()},
        }
        return {name: value for name, value in values.items() if value is not None}
