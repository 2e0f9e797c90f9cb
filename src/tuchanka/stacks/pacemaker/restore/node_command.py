"""The ``restore`` of a node: makes it a standby again, by the rules of ``tuchanka restore``.

This module and all that it imports are installed on the nodes, and run there with their Python and nothing else. What
is decided, and what is done to the data, is the same code; only who is asked, and by which way, differs.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tuchanka.errors import CommandFailed, DeadlineExceeded, LabError, TuchankaError
from tuchanka.providers.base import Runner
from tuchanka.stacks.pacemaker.restore.attempts import Standby, StreamingWatch, Tried, carry_out_steps
from tuchanka.stacks.pacemaker.restore.data_steps import change_data, copy_data
from tuchanka.stacks.pacemaker.restore.node_look import NO_SERVER, Here, find_primary, look, look_here
from tuchanka.stacks.pacemaker.restore.node_machine import ThisMachine
from tuchanka.stacks.pacemaker.restore.node_settings import NodeSettings, read_settings
from tuchanka.stacks.pacemaker.restore.plan import Action, RestoreStep, make_plan
from tuchanka.waiting import wait_until

SETTINGS = "/etc/tuchanka/restore.json"
START_S = 90.0
STOP_S = 300.0
STREAMS_S = 120.0
# What follows all else, in this order: the cluster can be told something only when it runs here again.
LAST: tuple[frozenset[Action], ...] = (
    frozenset({"start-cluster"}),
    frozenset({"forget-score", "clean-up"}),
    frozenset({"drop-old"}),
)
Say = Callable[[str], None]


def in_order(steps: tuple[RestoreStep, ...]) -> tuple[RestoreStep, ...]:
    """Return the steps as a node can do them: from outside, the cluster can be told before it was started here."""

    def place(step: RestoreStep) -> int:
        return next((place for place, actions in enumerate(LAST, 1) if step.action in actions), 0)

    return tuple(sorted(steps, key=place))


async def plan(
    machine: Runner, settings: NodeSettings, names: Sequence[str], *, force: bool, tried: Tried | None = None
) -> tuple[RestoreStep, ...]:
    """Look at the node and the primaries and return the steps; nothing is changed.

    Raises:
        RestoreRefused, LabError: see ``make_plan``.
    """
    here = await look_here(machine, settings)
    chosen = [settings.instance(name) for name in names]
    seen = tuple([await look(machine, settings, kept, here, tried or {}) for kept in chosen])
    steps = make_plan(
        seen,
        settings.node,
        force=force,
        quorum_without=here.quorum.spares(1 if here.stack_running else 0),
        primaries=here.primaries,
        given_up=here.failed,
        mode=here.mode,
    )
    return in_order(steps)


async def restore(
    machine: Runner, settings: NodeSettings, names: Sequence[str], say: Say, *, force: bool, dry_run: bool
) -> None:
    """Plan, and do it unless it is a dry run; ``say`` is told each step.

    Raises:
        TuchankaError: it was refused, or failed.
    """
    steps = await plan(machine, settings, names, force=force)
    if not steps:
        say(f"{settings.node}: nothing to do, all its copies stream")
    elif dry_run:
        for number, step in enumerate(steps, 1):
            say(f"{number}. {step.text}")
    else:
        restored = {step.instance: None for step in steps if step.instance}
        await Restore(machine, settings, tuple(names), say, force=force).carry_out(steps)
        for name in restored:
            say(f"{name}: streams")


class Restore:
    """Does the steps of a plan on the node itself."""

    def __init__(
        self, machine: Runner, settings: NodeSettings, names: tuple[str, ...], say: Say, *, force: bool
    ) -> None:
        self.machine = machine
        self.settings = settings
        self.names = names
        self.say = say
        self.force = force

    async def carry_out(self, steps: tuple[RestoreStep, ...]) -> None:
        """Do the steps; see ``carry_out_steps``."""
        node = self.settings.node
        await carry_out_steps(steps, node, do=self._do, streams=self._streams, plan_again=self._plan_again)

    async def _plan_again(self, tried: Tried) -> tuple[RestoreStep, ...]:
        return await plan(self.machine, self.settings, self.names, force=self.force, tried=tried)

    async def _do(self, step: RestoreStep) -> None:
        self.say(step.text)
        match step.action:
            case "stop-cluster":
                for service in reversed(self.settings.services):
                    await self.machine.run(["systemctl", "stop", service], timeout=STOP_S)
            case "start-cluster":
                await self._start()
            case "forget-score":
                # PAF stores its scores until they are deleted; a stale one could win an election.
                score = ["--lifetime=forever", "--node", self.settings.node, "--name", f"master-{step.instance}"]
                await self._tell(["crm_attribute", *score, "--delete"], f"a cluster on {self.settings.node}")
            case "clean-up":
                resource = ["--resource", step.instance, "--node", self.settings.node]
                await self._tell(["crm_resource", "--cleanup", *resource], f"cleaning up {step.instance}")
            case "base-backup":
                await self._copy(step.instance)
            case "drop-old":
                if missing := await self._streams((step.instance,)):
                    raise LabError(
                        f"{missing[0]} does not stream",
                        where=self.settings.node,
                        hint="the old data stays where it is; restore again later",
                    )
                await change_data(self.machine, self.settings.paths(step.instance), step.action)
            case _:
                await change_data(self.machine, self.settings.paths(step.instance), step.action)

    async def _start(self) -> None:
        await self.machine.run(["systemctl", "start", *self.settings.services], timeout=START_S)

    async def _tell(self, command: list[str], what: str) -> None:
        """Tell the cluster, as soon as it listens here; a Pacemaker that has ended itself is started again."""

        async def told() -> bool:
            try:
                await self._start()
                await self.machine.run(command)
            except (CommandFailed, DeadlineExceeded):
                return False
            return True

        await wait_until(told, deadline_s=START_S, interval_s=1, what=what, hint="see 'mon'")

    async def _copy(self, name: str) -> None:
        kept = self.settings.instance(name)
        primary = await find_primary(self.machine, self.settings, kept)
        if primary is None:
            raise LabError(f"{name} has no primary any more", where=self.settings.cluster, hint="see 'mon' for why")
        await copy_data(self.machine, self.settings.paths(name), primary=kept.others[primary], port=kept.port)

    async def _streams(self, names: tuple[str, ...]) -> list[str]:
        """Wait until the copies stream or it is clear that they won't; return those that don't."""
        watch = StreamingWatch(waiting=list(names))

        async def settled() -> bool:
            here = await look_here(self.machine, self.settings)
            if not here.stack_running:
                await self._start()
            watch.look(time.monotonic(), {name: _standby(here, name) for name in names})
            return bool(watch.hopeless) or not watch.waiting

        try:
            await wait_until(settled, deadline_s=STREAMS_S, interval_s=0.5, what="streaming")
        except DeadlineExceeded:
            return watch.waiting
        return watch.hopeless


def _standby(here: Here, name: str) -> Standby:
    server = here.servers.get(name, NO_SERVER)
    return Standby(server.streams, server.in_recovery is not None, name in here.failed)


def arguments(settings: NodeSettings, words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; a wrong one ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="restore",
        description=f"Makes {settings.node} a standby in {settings.cluster} again; what streams is left alone.",
        epilog="Exit status: 0 done, or nothing to do; 2 bad usage; 3 refused, or could not do it.",
    )
    parser.add_argument("--dry-run", action="store_true", help="only print the steps, and why these")
    parser.add_argument(
        "--force",
        action="store_true",
        help="even if the node may hold the only copy, or the room is not known; no help against a primary",
    )
    parser.add_argument(
        "instances", nargs="*", metavar="INSTANCE", help=", ".join(kept.name for kept in settings.instances)
    )
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None, settings_file: str = SETTINGS) -> int:
    """Run the command and return its exit status."""
    try:
        settings = _settings(settings_file)
        read = arguments(settings, words)
        names = [settings.instance(name).name for name in read.instances]
        if os.geteuid() != 0:
            raise LabError("restoring needs root", where=settings.node, hint="run it with sudo")
        machine = ThisMachine(settings.node)
        names = names or [kept.name for kept in settings.instances]
        asyncio.run(restore(machine, settings, names, _say, force=read.force, dry_run=read.dry_run))
    except TuchankaError as error:
        sys.stderr.write(f"restore: error: {error}\n")
        return error.exit_status
    return 0


def _settings(path: str) -> NodeSettings:
    try:
        return read_settings(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"{path} can't be read: {error.strerror}", hint="the install stage puts it there") from error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
