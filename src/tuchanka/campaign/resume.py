"""What is done of a planned campaign, and what is left: pure functions of its history."""

from collections.abc import Sequence

from tuchanka.campaign.plan import Planned, Wish, from_event
from tuchanka.errors import InputError
from tuchanka.events import CampaignPlanned, Clock, Event, TrialEnded

INTERRUPTED = "interrupted"
# A clock that was set, or a suspended host, is no restart.
SAME_BOOT_S = 60.0


def planned(events: Sequence[Event], *, where: str) -> tuple[Wish, tuple[Planned, ...]]:
    """Return what the history says was planned.

    Raises:
        InputError: it holds no plan.
    """
    for event in events:
        if isinstance(event, CampaignPlanned):
            return from_event(event)
    raise InputError("holds no plan to go on with", where=where, hint="start a new run")


def undone(plan: Sequence[Planned], events: Sequence[Event]) -> tuple[Planned, ...]:
    """Return the trials that never ended by themselves: one that was interrupted is repeated."""
    ended = {one.trial for one in events if isinstance(one, TrialEnded) and not was_interrupted(one)}
    return tuple(one for one in plan if one.number not in ended)


def was_interrupted(ended: TrialEnded) -> bool:
    """Whether the campaign was cancelled during the trial; older histories say so by its problem alone."""
    return ended.interrupted or ended.problem == INTERRUPTED


def used_s(events: Sequence[Event]) -> float:
    """Return the seconds that were spent measuring so far; each session begins with the clock."""
    total, began, last = 0.0, None, 0.0
    for event in events:
        if isinstance(event, Clock):
            total += last - began if began is not None else 0.0
            began = last = event.t
        last = max(last, event.t)
    return total + (last - began if began is not None else 0.0)


def check_clock(events: Sequence[Event], now: float, *, where: str) -> None:
    """Refuse to go on after a restart of the host: its monotonic clock began anew, and no two times would compare.

    Raises:
        InputError: it was restarted.
    """
    if any(event.t > now + SAME_BOOT_S for event in events):
        raise InputError(
            "was measured before this host was last restarted, so its times can't be continued",
            where=where,
            hint="start a new run; 'tuchanka report' judges what is there",
        )
