"""An audit waits for the archive, asks it for its gaps, and shows what was done about them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tuchanka.archive.pgbackrest import Backup
from tuchanka.archive.status import ArchiveStatus, Gap
from tuchanka.errors import MachineError
from tuchanka.events import ArchiveFacts, Audited, CopyFacts, NodeFacts
from tuchanka.lab.folder import LabFolder
from tuchanka.lab.lab import Lab
from tuchanka.providers.fake import FakeProvider
from tuchanka.stacks.pacemaker import audit
from tuchanka.stacks.pacemaker.audit import Baseline
from tuchanka.stacks.pacemaker.stack import PACEMAKER
from tuchanka.topology.load import load

EXAMPLE = load(Path(__file__).parents[2] / "examples" / "archive.toml")
COPY = CopyFacts(False, 1, 5000, ("tuchanka2b",), 0, (1, "1"), {}, ArchiveFacts(0, 0, 1 << 28))
BACKUP = Backup("1F", "full", 1, 2, "1", "1", "0/1", "0/2", 1, 1, failed=False)
WHOLE = ArchiveStatus("krogan2", "tuchanka2a", "", 1.0, 0, 0, failing=False, backups=(BACKUP,), gaps=())
OPEN = replace(WHOLE, gaps=(Gap("1", "2", 2, known=False),))
Asked = Callable[[list[NodeFacts], list[ArchiveStatus | None]], ArchiveFacts]


def shown(waiting: int = 0, *notes: str) -> NodeFacts:
    archive = ArchiveFacts(waiting, waiting << 24, 1 << 28, 0, notes)
    return NodeFacts(boot="1", instances={"krogan2": replace(COPY, archive=archive)})


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(audit, "AGAIN_S", 0.0)

    def run(looks: list[NodeFacts], answers: list[ArchiveStatus | None]) -> ArchiveFacts:
        nodes, said = iter(looks), iter(answers)

        async def look(*_: object, **__: object) -> dict[str, NodeFacts]:
            return {"tuchanka2a": next(nodes, looks[-1])}

        async def status(*_: object) -> ArchiveStatus:
            answer = next(said, answers[-1])
            if answer is None:
                raise MachineError("is off", where="tuchanka2a")
            return answer

        monkeypatch.setattr(audit, "_look", look)
        monkeypatch.setattr(audit, "status", status)
        lab = Lab(LabFolder(Path("/nowhere")), EXAMPLE, FakeProvider(), PACEMAKER)
        cluster = EXAMPLE.cluster("tuchanka2")
        events = asyncio.run(audit.audit(lab, cluster, 1, Baseline(0.0), lambda _: False))
        (found,) = [event.found for event in events if isinstance(event, Audited)]
        archive = found.copies["krogan2"].archive
        assert archive is not None
        return archive

    return run


def test_it_waits_until_the_log_is_there_and_the_gap_is_closed(asked: Asked) -> None:
    note = "krogan2: the archive lacked 1; it has it now"
    seen = asked([shown(5), shown(4), shown(), shown(), shown(0, note)], [OPEN, WHOLE])
    assert (seen.waiting, seen.gaps, seen.notes) == (0, (), (note,))


def test_what_never_settles_is_shown_after_the_deadline(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ARCHIVED_S", 0.0)
    assert asked([shown(7)], [WHOLE]) == ArchiveFacts(7, 7 << 24, 1 << 28)
    assert asked([shown()], [OPEN]).gaps == OPEN.findings
    assert asked([shown()], [None]).gaps is None
