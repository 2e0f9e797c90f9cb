"""The one way to wait: on monotonic time, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tuchanka.errors import DeadlineExceeded

T = TypeVar("T")


async def wait_until(
    predicate: Callable[[], Awaitable[T | None]],
    *,
    deadline_s: float,
    what: str,
    interval_s: float = 0.2,
    why_not: Callable[[], str] | None = None,
    hint: str = "",
) -> T:
    """Call ``predicate`` until it gives something true, and return that.

    ``deadline_s`` is counted in seconds of ``CLOCK_MONOTONIC`` from now. ``why_not`` words the reason that is
    shown when the deadline passes.

    Raises:
        DeadlineExceeded: the predicate wasn't true in time.
    """
    end = time.monotonic() + deadline_s
    while True:
        result = await predicate()
        if result:
            return result
        if time.monotonic() + interval_s > end:
            reason = f": {why_not()}" if why_not else ""
            raise DeadlineExceeded(f"{what} did not happen within {deadline_s:g} s{reason}", hint=hint)
        await asyncio.sleep(interval_s)


def truth(question: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """Make a plain question one that can be waited on."""

    async def answer() -> bool:
        return question()

    return answer


async def within(deadline_s: float, work: Awaitable[T], *, what: str, hint: str = "") -> T:
    """Return what the work gives; it is cancelled when ``deadline_s`` (seconds) have passed.

    Raises:
        DeadlineExceeded: it had not ended in time.
    """
    try:
        async with asyncio.timeout(deadline_s) as deadline:
            return await work
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise DeadlineExceeded(f"{what} did not happen within {deadline_s:g} s", hint=hint) from error


async def together(*work: Coroutine[Any, Any, T]) -> list[T]:
    """Do all at the same time, and return what each gives, in order.

    When one fails the others are cancelled, and the first failure is raised as itself.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failures:
        raise first_of(failures) from failures
    return [task.result() for task in tasks]


def first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first exception of a group that is no group."""
    first = failures.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
