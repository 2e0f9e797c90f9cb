"""On how many nodes a VIP was at once, from the answers to ARP requests. Pure."""

from collections import defaultdict
from itertools import groupby

from tuchanka.events import VipHolders

# Two answers to one request may be of a move that happened while the request was under way; it takes no longer.
MOVE_S = 0.25


def shared_s(holders: tuple[VipHolders, ...]) -> dict[str, float]:
    """Return VIP → the longest time for which two nodes or more answered for it, in seconds.

    Every request counts from its sending to its last answer, successive ones together; 0 where each had one answer.
    """
    asked: dict[str, list[VipHolders]] = defaultdict(list)
    for one in holders:
        asked[one.vip].append(one)
    return {vip: _longest(own) for vip, own in asked.items()}


def _longest(own: list[VipHolders]) -> float:
    longest = 0.0
    for several, run in groupby(sorted(own, key=lambda one: one.due), key=lambda one: len(one.nodes) > 1):
        if several:
            answers = list(run)
            longest = max(longest, answers[-1].t - answers[0].due)
    return longest
