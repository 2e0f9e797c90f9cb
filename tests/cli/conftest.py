"""Running commands in this process, without root and, where machines are needed, on machines in memory."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tuchanka.cli import campaign, machines
from tuchanka.cli.main import main
from tuchanka.lab import folder as lab_folder
from tuchanka.providers import registry
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    def refused(self, status: int, *words: str) -> None:
        """One line that says what, and nothing on standard output."""
        assert self.status == status, self
        assert self.err.startswith("tuchanka: error: "), self
        assert self.err.endswith("\n"), self
        assert self.err.count("\n") == 1, self
        assert self.out == ""
        for word in words:
            assert word in self.err, self


Tuchanka = Callable[..., Outcome]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Where the lab is, or would be."""
    return tmp_path / "lab"


@pytest.fixture
def tuchanka(capsys: pytest.CaptureFixture[str], lab: Path) -> Iterator[Tuchanka]:
    """Run one command; never on a lab of this host."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Outcome:
        words = [str(word) for word in arguments]
        status = main(words if "--lab" in words else ["--lab", str(lab), *words])
        return Outcome(status, *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be an ordinary user, as far as the commands ask."""
    monkeypatch.setattr(os, "geteuid", lambda: 65534)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeProvider:
    """Be root on a host that lacks nothing, and whose machines are fake."""
    provider = FakeProvider([("", Completed(0, "", ""))])

    def make(*_: Any, **__: Any) -> FakeProvider:
        return provider

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(lab_folder, "lock_file", lambda _: tmp_path / "run" / "locks" / "lab")

    async def destroy(_: object) -> None:
        await provider.destroy()

    kind = replace(registry.KINDS["nspawn"], make=make, destroy=destroy)
    monkeypatch.setitem(registry.KINDS, "nspawn", kind)
    for module in (machines, campaign):
        monkeypatch.setattr(module, "require_host", lambda *_, **__: None)
    return provider


def everything(folder: Path) -> dict[str, bytes | None]:
    """What a folder holds, to be compared with what it held."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
