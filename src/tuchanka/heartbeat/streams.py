"""The three kinds of beats: a write, a read, a role probe. Each ends as one event (a primary's probe as two)."""

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

from tuchanka.events import Event, Outcome, Read, RoleProbe, Streaming, Write
from tuchanka.heartbeat.config import InstanceConfig, Probe, Reader
from tuchanka.heartbeat.schema import ASK_ROLE, READ_NEWEST, WRITE
from tuchanka.heartbeat.sessions import Answer, Endpoint, Sessions

Role = Literal["primary", "standby", "unreachable"]
# What a primary's standbys do is noted when it changes, and at least this often.
STREAMING_EVERY_S = 1.0


class Stream(Protocol):
    """Something that is asked once a tick."""

    async def beat(self, seq: int, due: float, deadline: float) -> Sequence[Event]:
        """Do the beat number ``seq``, planned for ``due``, and return its events by ``deadline`` (monotonic)."""
        ...

    def close(self) -> None:
        """Give the connections up without waiting."""
        ...


def _now() -> float:
    return asyncio.get_running_loop().time()  # CLOCK_MONOTONIC


class Writer:
    """Commits one row a beat through the primary VIP."""

    def __init__(self, run: str, instance: InstanceConfig) -> None:
        self._run = run
        self._instance = instance.name
        self._sessions = Sessions(_endpoint(instance, instance.primary), WRITE)

    async def beat(self, seq: int, due: float, deadline: float) -> tuple[Write]:
        """Write ``seq``. ``sent`` of a beat that never sent its statement is when it started."""
        started = _now()
        answer = await self._sessions.ask(deadline, lambda sent: (self._run, seq, sent))
        write = Write(
            t=_now(),
            instance=self._instance,
            seq=seq,
            due=due,
            sent=started if answer.sent is None else answer.sent,
            outcome=outcome(answer),
            error=answer.error or answer.warning,
        )
        return (write,)

    def close(self) -> None:
        """Give the connections up without waiting."""
        self._sessions.close()


class NewestReader:
    """Reads the newest row through a standby VIP, and how old it is."""

    def __init__(self, run: str, instance: InstanceConfig, reader: Reader) -> None:
        self._run = run
        self._instance = instance.name
        self._vip = reader.vip
        self._sessions = Sessions(_endpoint(instance, reader.address), READ_NEWEST)

    async def beat(self, seq: int, due: float, deadline: float) -> tuple[Read]:
        """Read once."""
        answer = await self._sessions.ask(deadline, lambda _: (self._run,))
        t = _now()
        newest, age = (answer.rows[0][0], t - answer.rows[0][1]) if answer.rows else (0, 0.0)
        read = Read(
            t=t,
            instance=self._instance,
            vip=self._vip,
            due=due,
            ok=answer.rows is not None,
            seq=newest,
            age=age,
            error=answer.error,
            connection=answer.connection,
        )
        return (read,)

    def close(self) -> None:
        """Give the connections up without waiting."""
        self._sessions.close()


class RoleAsker:
    """Asks a node directly, not through a VIP, whether it would accept a write, and which standbys it feeds."""

    def __init__(self, instance: InstanceConfig, probe: Probe) -> None:
        self._instance = instance.name
        self._node = probe.node
        self._sessions = Sessions(_endpoint(instance, probe.address), ASK_ROLE)
        self._noted: tuple[float, dict[str, str]] | None = None

    async def beat(self, seq: int, due: float, deadline: float) -> tuple[Event, ...]:
        """Ask once."""
        answer = await self._sessions.ask(deadline, lambda _: ())
        t, role = _now(), _role(answer)
        lsn, names = answer.rows[0][2:] if answer.rows else (None, None)
        probe = RoleProbe(t, self._instance, self._node, due, role, lsn=lsn, closed=answer.closed)
        if role != "primary" or names is None:
            return (probe,)
        standbys = dict(name.rsplit(" ", 1) for name in names)
        if self._noted and self._noted[1] == standbys and due - self._noted[0] < STREAMING_EVERY_S:
            return (probe,)
        self._noted = (due, standbys)
        return probe, Streaming(t, self._instance, self._node, due, standbys)

    def close(self) -> None:
        """Give the connections up without waiting."""
        self._sessions.close()


def streams(run: str, instances: tuple[InstanceConfig, ...]) -> list[Stream]:
    """Return every stream of a run."""
    every: list[Stream] = []
    for instance in instances:
        every.append(Writer(run, instance))
        every.extend(NewestReader(run, instance, reader) for reader in instance.readers)
        every.extend(RoleAsker(instance, probe) for probe in instance.probes)
    return every


def outcome(answer: Answer) -> Outcome:
    """Return which of the four classes a write belongs to."""
    if answer.rows is not None:
        return "warned" if answer.warning else "acknowledged"
    return "refused" if answer.said_no or answer.sent is None else "indeterminate"


def _role(answer: Answer) -> Role:
    if not answer.rows:
        return "unreachable"
    in_recovery, read_only = answer.rows[0][:2]
    return "primary" if not in_recovery and read_only == "off" else "standby"


def _endpoint(instance: InstanceConfig, address: str) -> Endpoint:
    return Endpoint(address, instance.port, instance.database, instance.user, instance.password)
