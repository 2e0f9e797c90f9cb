"""Connections that answer one question within a deadline, or are thrown away.

asyncpg's own statement timeout isn't used. It sends a cancel request over a connection of its own, and a cancel
can turn a commit that waits for its synchronous standby into one that is acknowledged without it. Here the
deadline aborts the socket: that needs no answer from anybody, so a frozen server can't hold it up.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

APPLICATION_NAME = "tuchanka-heartbeat"
# One connection carries the beats while all is well; a second one is there for a beat that takes over 1/rate.
KEEP_IDLE = 2
# So much of what a server says is kept.
WORDS = 200
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect: an IP address, and who we are there."""

    address: str
    port: int
    database: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question.

    ``rows`` is None where no answer came or the server said no. ``sent`` is when the statement was handed to the
    socket (seconds of CLOCK_MONOTONIC), None where it never was. ``said_no``: the server answered with an error and
    rolled back. ``closed``: there was no connection to be had because its kernel or server answered that there is
    none. ``warning`` is what the server warned of before it answered. ``connection`` is the number of the connection
    that was asked, from 1; None where there was none.
    """

    rows: Sequence[Sequence[Any]] | None
    sent: float | None = None
    said_no: bool = False
    error: str = ""
    closed: bool = False
    warning: str = ""
    connection: int | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    """A connection that is ready for the statement; ``warnings`` are the server's since the last question."""

    number: int
    connection: Any
    statement: Any
    warnings: list[str]


class Sessions:
    """The connections of one stream of beats, all for one prepared ``statement``.

    A question takes an idle connection where there is one and opens another where there isn't, so questions never
    wait for each other. A connection that failed or was late is aborted and never used again.
    """

    def __init__(self, endpoint: Endpoint, statement: str) -> None:
        self._endpoint = endpoint
        self._statement = statement
        self._idle: list[_Session] = []
        self._opened = 0

    async def ask(self, deadline: float, arguments: Callable[[float], tuple[Any, ...]]) -> Answer:
        """Ask within ``deadline`` (CLOCK_MONOTONIC, seconds; connecting included).

        ``arguments`` is called with the time of sending and returns the statement's arguments.
        """
        session = self._take()
        if session is None:
            try:
                session = await self._open(deadline)
            except FAILURES as error:
                # Not "no route to host": that is our own kernel's guess, and may be of an earlier beat.
                closed = isinstance(error, ConnectionRefusedError | asyncpg.PostgresError)
                return Answer(None, error=words(error, "connect"), closed=closed)
        loop = asyncio.get_running_loop()
        late = loop.call_at(deadline, session.connection.terminate)
        session.warnings.clear()
        sent = loop.time()
        try:
            rows = await session.statement.fetch(*arguments(sent))
        except FAILURES as error:
            session.connection.terminate()
            if loop.time() >= deadline:
                return Answer(None, sent, error="no answer within the deadline", connection=session.number)
            said_no, error_words = _rolled_back(error), words(error, "statement")
            return Answer(None, sent, said_no=said_no, error=error_words, connection=session.number)
        finally:
            late.cancel()
        self._give_back(session)
        return Answer(rows, sent, warning="; ".join(session.warnings)[:WORDS], connection=session.number)

    def close(self) -> None:
        """Abort the idle connections. No answer is waited for."""
        while self._idle:
            self._idle.pop().connection.terminate()

    def _take(self) -> _Session | None:
        while self._idle:
            session = self._idle.pop()
            if not session.connection.is_closed():
                return session
            session.connection.terminate()
        return None

    def _give_back(self, session: _Session) -> None:
        if len(self._idle) < KEEP_IDLE and not session.connection.is_closed():
            self._idle.append(session)
        else:
            session.connection.terminate()

    async def _open(self, deadline: float) -> _Session:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout_at(deadline):
            connection = await asyncpg.connect(
                host=self._endpoint.address,
                port=self._endpoint.port,
                database=self._endpoint.database,
                user=self._endpoint.user,
                password=self._endpoint.password,
                ssl=False,
                statement_cache_size=0,
                # Not from the environment: the VIP decides who answers, not the driver.
                target_session_attrs="any",
                server_settings={"application_name": APPLICATION_NAME},
            )
        # Prepared here, so that a beat's statement is one message there and one back, and so that a server that
        # freezes between the two has not been sent anything that could commit.
        late = loop.call_at(deadline, connection.terminate)
        try:
            statement = await connection.prepare(self._statement)
        except BaseException:
            connection.terminate()
            raise
        finally:
            late.cancel()
        warnings: list[str] = []

        def heed(_: object, message: asyncpg.PostgresLogMessage) -> None:
            # asyncpg calls this before it hands on the answer that follows the message.
            if (message.severity_en or message.severity) == "WARNING":
                warnings.append(" ".join(filter(None, (message.message, message.detail))))

        connection.add_log_listener(heed)
        self._opened += 1
        return _Session(self._opened, connection, statement, warnings)


def _rolled_back(error: BaseException) -> bool:
    """Whether the error says that the transaction did not commit.

    A lost connection (class 08, raised by the driver too) says nothing, and neither does a server that is
    shutting down (57P0x): it ends the connection even where the commit was already local.
    """
    if not isinstance(error, asyncpg.PostgresError):
        return False
    state = getattr(error, "sqlstate", None) or ""
    return not state.startswith(("08", "57P")) and bool(state)


def words(error: BaseException, step: str) -> str:
    """Return the error as a short line that begins with the step that failed."""
    if isinstance(error, TimeoutError):
        return f"{step}: no answer within the deadline"
    lines = str(error).splitlines()
    return f"{step}: {lines[0] if lines else type(error).__name__}"[:WORDS]
