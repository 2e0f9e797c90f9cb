"""The verdict on a forged history, and what every report of one holds."""

from tuchanka.analysis.verdict import Verdict, judge
from tuchanka.events import Event
from tuchanka.stacks.pacemaker.journal_rules import RULES

CONTRACT = (  # noqa: SIM905 - the contract's own words, in its order
    "cluster instance fault target target_role reaction_s read_reaction_s acknowledged lost indeterminate "
    "dual_primary_s recovered restored_s predicted_s phases"
).split()


def one(events: list[Event]) -> Verdict:
    (verdict,) = judge(events, RULES)
    return verdict
