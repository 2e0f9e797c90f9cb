"""Why a figure is missing, in words; nothing where it is there. Pure."""

from tuchanka.analysis.verdict import Verdict


def why_no_reaction(verdict: Verdict) -> str:
    """Return why there is no write reaction."""
    if verdict.service.reaction_s is not None:
        return ""
    return "writes never came back" if verdict.service.outages else "writes were never away"


def why_no_read_reaction(verdict: Verdict) -> str:
    """Return why there is no read reaction."""
    if verdict.service.read_reaction_s is not None:
        return ""
    if verdict.service.reads_lost:
        return "fresh reads never came back"
    return (
        "fresh reads were never away" if verdict.service.read_reactions else "nothing was read through a standby VIP"
    )


def why_unknown_loss(verdict: Verdict) -> str:
    """Return why the loss isn't known."""
    return "" if verdict.commits.lost is not None else "the commits were never counted"


def why_no_dual(verdict: Verdict) -> str:
    """Return why nothing is known about two primaries."""
    return "" if verdict.safety.dual_primary_s is not None else "nobody asked the nodes for their roles"


def why_not_restored(verdict: Verdict) -> str:
    """Return why there is no restore time."""
    if verdict.restoration.restored_s is not None:
        return ""
    return "never healthy after the restore" if verdict.restoration.began else "nothing was restored"


def why_no_margin(verdict: Verdict) -> str:
    """Return why there is no margin between the primaries."""
    return "" if verdict.safety.margin_s is not None else "the primary did not change"
