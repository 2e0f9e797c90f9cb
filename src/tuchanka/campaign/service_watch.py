"""Follows the heartbeat while a trial runs: is the service there, and has it stayed there? No I/O."""

from collections.abc import Iterable

from tuchanka.analysis.outages import FRESH_S
from tuchanka.events import Event, Read, Write

STABLE_S = 3.0
STEADY_BEATS = 20


class ServiceWatch:
    """Fed with events, it knows how long writes and fresh reads have been good without a break."""

    def __init__(self, instance: str, vips: tuple[str, ...]) -> None:
        self.instance = instance
        self.good_since: dict[str, float | None] = dict.fromkeys(("", *vips))
        self.good_beats = 0
        self.resolved_up_to = 0
        self._resolved_beyond: set[int] = set()

    def feed(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Write(instance=self.instance):
                good = event.outcome == "acknowledged"
                self.good_beats = self.good_beats + 1 if good else 0
                self._resolve(event.seq)
                self._set("", good, event.t)
            case Read(instance=self.instance):
                self._set(event.vip, event.ok and event.age <= FRESH_S, event.t)

    def _resolve(self, seq: int) -> None:
        """Move ``resolved_up_to``: the outcome of every beat up to it is known (beats overlap, and number from 1)."""
        self._resolved_beyond.add(seq)
        while self.resolved_up_to + 1 in self._resolved_beyond:
            self.resolved_up_to += 1
            self._resolved_beyond.remove(self.resolved_up_to)

    def _set(self, stream: str, good: bool, t: float) -> None:
        if not good:
            self.good_since[stream] = None
        elif self.good_since.get(stream) is None:
            self.good_since[stream] = t

    @property
    def steady(self) -> bool:
        """Whether the heartbeat has started well: enough beats in a row, and every reader reads."""
        return self.good_beats >= STEADY_BEATS and all(since is not None for since in self.good_since.values())

    def stable(self, now: float) -> bool:
        """Whether writes and fresh reads have all been good for STABLE_S."""
        return all(since is not None and now - since >= STABLE_S for since in self.good_since.values())

    def missing(self) -> str:
        """Say in words what isn't good."""
        bad = [name for name, since in self.good_since.items() if since is None]
        names = [f"reads through {name}" if name else "writes" for name in bad]
        return f"no {' and no '.join(names)}" if names else "not stable yet"


def steady(watches: Iterable[ServiceWatch]) -> bool:
    """Whether the heartbeat of every instance has started well."""
    return all(watch.steady for watch in watches)


def stable(watches: Iterable[ServiceWatch], now: float) -> bool:
    """Whether the service of every instance is good and has stayed so."""
    return all(watch.stable(now) for watch in watches)


def missing(watches: Iterable[ServiceWatch]) -> str:
    """Say in words what isn't good, instance by instance."""
    bad = [watch for watch in watches if any(since is None for since in watch.good_since.values())]
    return "; ".join(f"{watch.instance}: {watch.missing()}" for watch in bad) or "not stable yet"
