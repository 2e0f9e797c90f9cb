"""A planned switchover: waits for the standby, has Pacemaker move the primary's role, and waits until it has.

The role is moved by PAF's own promotion score: the target's is raised above the primary's. Nothing is left behind by
that, however the command ends: the next monitor of the new (or old) primary sets all scores anew. A location
constraint, which `pcs resource move` makes, would stay where the command is killed.
"""

import json
import time
from pathlib import Path

from tuchanka.errors import DeadlineExceeded, LabError, MachineError, SwitchoverRefused
from tuchanka.lab.lab import Deployment
from tuchanka.lab.progress import Note
from tuchanka.postgres.psql import psql
from tuchanka.stacks.pacemaker.observe import observe
from tuchanka.stacks.pacemaker.state import ClusterState
from tuchanka.stacks.pacemaker.switchover_plan import Switch, caught_up, choose
from tuchanka.stacks.pacemaker.timing.derive import timing_of
from tuchanka.topology.types import Cluster, Instance
from tuchanka.waiting import together, wait_until
from tuchanka.writing import write_atomically

# A primary may be missing for a moment: a killed switchover is still under way.
PRIMARY_S = 30.0
CATCH_UP_S = 20.0
# Above every score of PAF (1001), a preference for the home node (500) and stickiness.
SCORE = 9000
# A primary that serves on so long after the score was set won't move: a monitor, which was under way, undid it.
BEGIN_S = 5.0
TRIES = 3
ANSWER_S = 2.0
# Attributes travel in a moment; agents and notifications take theirs, on a busy machine.
SLACK_S = 30.0
# How long an interrupted switchover is gone on with by the next call.
REMEMBER_S = 600.0

# Runs on the primary, whose monitor, where it is under way, could set the score back.
SET_SCORE = """
for _ in $(seq 50); do pgrep -f '^/usr/bin/perl .*/pgsqlms monitor' >/dev/null || break; sleep 0.1; done
exec crm_attribute --lifetime=forever --node "$1" --name "$2" --update "$3"
"""


async def plan(lab: Deployment, cluster: Cluster, instance: Instance, to: str | None) -> Switch:
    """Look at the cluster and choose; goes on with a switchover that was killed a short time ago.

    Raises:
        UnknownName, SwitchoverRefused: see ``switchover_plan``.
    """
    state: ClusterState | None = None

    async def has_primary() -> bool:
        nonlocal state
        state = await observe(lab, cluster)
        # Without the cluster or its quorum no primary will come: what is to be said is said at once.
        return state.instance(instance.name).primary is not None or not state.running or not state.quorum.quorate

    await wait_until(has_primary, deadline_s=PRIMARY_S, interval_s=0.5, what=f"a primary of {instance.name}")
    if state is None:
        raise LabError("nothing was seen", where=cluster.name)
    switch = choose(state, instance, to or _remembered(lab, instance))
    if switch.done:
        _memory(lab, instance.name).unlink(missing_ok=True)
    return switch


async def make_ready(lab: Deployment, cluster: Cluster, instance: Instance, switch: Switch, note: Note) -> None:
    """Wait until the target has what the primary has, and write out what the primary's stop would have to write.

    Raises:
        SwitchoverRefused: the target did not catch up.
    """
    why, end = "", time.monotonic() + CATCH_UP_S

    async def there() -> bool:
        nonlocal why
        why = caught_up(await observe(lab, cluster), switch)
        note(why)
        return not why or time.monotonic() >= end

    await wait_until(there, deadline_s=2 * CATCH_UP_S, interval_s=0.3, what=f"{switch.target} caught up")
    if why:
        raise SwitchoverRefused(
            f"it would lose commits: after {CATCH_UP_S:g} s {why}", where=instance.name, hint="see 'tuchanka status'"
        )
    # The primary's shutdown checkpoint is part of the gap, and so is the standby's restart point.
    await together(
        *(psql(lab.machine(node), instance.port, "checkpoint;\n") for node in (switch.source, switch.target))
    )


async def move(lab: Deployment, cluster: Cluster, switch: Switch, note: Note) -> None:
    """Move the primary's role, and wait until the target has it.

    Raises:
        SwitchoverRefused: Pacemaker and PAF would not have it; the old primary serves again.
        DeadlineExceeded: it didn't come to an end in time.
    """
    memory = _memory(lab, switch.instance)
    write_atomically(memory, json.dumps({"to": switch.target}))
    try:
        for _ in range(TRIES):
            await _set_score(lab, switch, SCORE)
            if await _taken_over(lab, cluster, switch, note):
                return
        raise SwitchoverRefused(
            f"{switch.target} was not promoted in {TRIES} tries, {switch.source} serves again",
            where=switch.instance,
            hint=f"'tuchanka logs {switch.target}' says why",
        )
    finally:
        # Killed with SIGKILL, the file stays: the next call goes on. In every other way this is over.
        memory.unlink(missing_ok=True)


async def _set_score(lab: Deployment, switch: Switch, score: int) -> None:
    words = ["sh", "-c", SET_SCORE, "sh", switch.target, f"master-{switch.instance}", str(score)]
    await lab.machine(switch.source).run(words)


async def _taken_over(lab: Deployment, cluster: Cluster, switch: Switch, note: Note) -> bool:
    """Wait for the target's promotion; false where the old primary serves on as if nothing had been asked."""
    timing = timing_of(lab.topology, cluster)
    began = time.monotonic()

    async def decided() -> str | None:
        # To look at the whole cluster costs its nodes time that the promotion needs; to ask one server hardly any.
        taken = await _accepts_writes(lab, cluster, switch)
        if not taken and time.monotonic() - began < BEGIN_S:
            return None
        state = await observe(lab, cluster)
        primary = state.instance(switch.instance).primary
        note(f"primary: {primary or 'none'}")
        if taken:  # Pacemaker may learn of it a moment later
            return "moved" if primary == switch.target else None
        return "stayed" if primary == switch.source else None

    longest = timing.demote_timeout_s + timing.promote_timeout_s + 4 * timing.notify_timeout_s + SLACK_S
    result = await wait_until(
        decided,
        deadline_s=longest,
        interval_s=0.3,
        what=f"the promotion of {switch.instance} on {switch.target}",
        hint="'tuchanka status' shows where it is",
    )
    if result == "stayed":
        await _set_score(lab, switch, 1000)  # as PAF's next monitor would
    return result == "moved"


async def _accepts_writes(lab: Deployment, cluster: Cluster, switch: Switch) -> bool:
    """Ask the target's server; one that doesn't answer accepts none."""
    instance = cluster.instance(switch.instance)
    question = "select pg_is_in_recovery();\n"
    try:
        answer = await psql(lab.machine(switch.target), instance.port, question, timeout=ANSWER_S)
    except (MachineError, DeadlineExceeded):
        return False
    return answer.stdout.strip() == "f"


def _memory(lab: Deployment, instance: str) -> Path:
    """Return the file that says where a switchover goes to: a killed one is gone on with, not turned back."""
    return lab.path / f"switchover-{instance}.json"


def _remembered(lab: Deployment, instance: Instance) -> str | None:
    memory = _memory(lab, instance.name)
    try:
        fresh = time.time() - memory.stat().st_mtime < REMEMBER_S
        to: str = json.loads(memory.read_text())["to"]
    except (OSError, ValueError, KeyError):
        return None
    if not fresh:
        memory.unlink(missing_ok=True)
    return to if fresh and to in instance.nodes else None
