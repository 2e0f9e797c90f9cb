"""Reads ``corosync-quorumtool -s``. Pure."""

import re

from tuchanka.stacks.pacemaker.state import QuorumState


def read_quorum(text: str, *, witness: bool) -> QuorumState:
    """Read ``corosync-quorumtool -s``; ``witness``: the cluster has a quorum device."""

    def number(name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
        return int(found[1]) if found else 0

    votes = bool(re.search(r"^\s+0x0+\s+\d+\s+Qdevice|^\s*0\s+1\s+Qdevice", text, re.MULTILINE))
    return QuorumState(
        quorate=bool(re.search(r"^Quorate:\s+Yes", text, re.MULTILINE)),
        votes=number("Total votes"),
        expected=number("Expected votes"),
        device=votes if witness else None,
    )
