"""Does a plan's steps; what was chosen and fails isn't chosen again, and the new plan goes on from there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError
from tuchanka.stacks.pacemaker.restore.method import Method
from tuchanka.stacks.pacemaker.restore.plan import RestoreStep

Tried = Mapping[str, frozenset[Method]]
METHODS = get_args(Method)
# A standby that runs and gets no further streams within a few retries, or never: its data doesn't fit the primary's.
STREAM_S = 20.0


async def carry_out_steps(
    steps: tuple[RestoreStep, ...],
    node: str,
    *,
    do: Callable[[RestoreStep], Awaitable[None]],
    streams: Callable[[tuple[str, ...]], Awaitable[list[str]]],
    plan_again: Callable[[Tried], Awaitable[tuple[RestoreStep, ...]]],
) -> None:
    """Do the steps until all that was restored streams: after a method that fails, another one.

    ``streams`` waits for the instances, and returns those that won't; ``plan_again`` is told what has failed.

    Raises:
        LabError: a standby doesn't stream although its data was copied.
    """
    tried: dict[str, frozenset[Method]] = {}
    while failed := await _attempt(steps, do, streams):
        for name, method in failed.items():
            if method == "base-backup":
                raise LabError(
                    f"{name} does not stream although its data was copied from the primary",
                    where=node,
                    hint="the journal of the node shows why",
                )
            tried[name] = tried.get(name, frozenset()) | {method}
        steps = await plan_again(tried)


async def _attempt(
    steps: tuple[RestoreStep, ...],
    do: Callable[[RestoreStep], Awaitable[None]],
    streams: Callable[[tuple[str, ...]], Awaitable[list[str]]],
) -> dict[str, Method]:
    """Do the steps; return what failed, instance → method, as soon as it has."""
    methods: dict[str, Method] = {step.instance: _method(step) for step in steps if step.action in METHODS}
    # What lets the copies start; where the cluster runs already it is the last cleanup.
    starts = [step for step in steps if step.action in {"start-cluster", "clean-up"}][-1:]
    for step in steps:
        try:
            await do(step)
        except (CommandFailed, DeadlineExceeded):
            if step.action not in {"rewind", "delta", "recover"}:
                raise
            return {step.instance: methods[step.instance]}
        if step in starts and (missing := await streams(tuple(methods))):
            return {name: methods[name] for name in missing}
    return {}


def _method(step: RestoreStep) -> Method:
    return next(method for method in METHODS if method == step.action)


@dataclass(frozen=True, slots=True)
class Standby:
    """A copy that was started: whether it streams, its server answers, and Pacemaker counts a failure of it.

    ``position``: how far it is; one that reads log from an archive gets on without streaming.
    """

    streams: bool
    answers: bool
    failed: bool
    position: str = ""


@dataclass(slots=True)
class StreamingWatch:
    """Watches copies from look to look until they stream, or it is clear that they won't.

    ``waiting`` are those that don't stream yet, ``hopeless`` those of them that won't.
    """

    waiting: list[str] = field(default_factory=list)
    hopeless: list[str] = field(default_factory=list)
    stuck_since: dict[str, float] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)

    def look(self, now: float, copies: Mapping[str, Standby]) -> None:
        """Take in what was seen at ``now``, in monotonic seconds."""
        self.waiting = [name for name, copy in copies.items() if not copy.streams]
        for name in self.waiting:
            if copies[name].answers:
                if self.positions.get(name) != copies[name].position:
                    self.stuck_since[name] = now
                self.positions[name] = copies[name].position
        self.hopeless = [
            name
            for name in self.waiting
            if (copies[name].failed and not copies[name].answers) or now - self.stuck_since.get(name, now) > STREAM_S
        ]
