"""What a healthy tuchanka2 shows, to be changed in one place by each test."""

from pathlib import Path
from typing import Any

from tuchanka.stacks.pacemaker.crm import CrmView, parse
from tuchanka.stacks.pacemaker.observe import Look
from tuchanka.topology.load import load

SEEN = Path(__file__).parent / "seen"
CLUSTER = load(None).cluster("tuchanka2")
A, B = "tuchanka2a", "tuchanka2b"


def seen(name: str) -> str:
    return (SEEN / name).read_text(encoding="utf-8")


def view(name: str = "healthy.xml") -> CrmView:
    read = parse(seen(name))
    assert read is not None
    return read


def primary(**standby: Any) -> dict[str, Any]:
    """What PostgreSQL answers on the primary, with changes to what it says of its standby."""
    streaming = {"state": "streaming", "sync_state": "async", "lag": 0, **standby}
    return {
        "in_recovery": False,
        "timeline": 1,
        "received_timeline": None,
        "lsn": "0/5000148",
        "standbys": {B: streaming},
    }


def standby() -> dict[str, Any]:
    return {"in_recovery": True, "timeline": 1, "received_timeline": 1, "lsn": "0/5000148", "standbys": {}}


def look(sql: dict[str, Any], **changes: Any) -> Look:
    fields = {"stack_running": True, "crm": view(), "quorum": seen("quorum.txt"), "sql": {"krogan2": sql}}
    return Look(**{"power": "on", "watchdog": "armed", **fields, **changes})


def healthy() -> dict[str, Look]:
    return {A: look(primary()), B: look(standby())}
