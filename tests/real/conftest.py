"""Labs for the tests on real machines. One is shared; who disturbs it has it repaired afterwards."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.host import HostNetwork
from tests.real.lab import CLUSTER, ProcessWatch, RealLab, new_lab
from tests.real.store_lab import LabWithStore


@dataclass
class Watched:
    """What was seen of the host before and while the shared lab came up."""

    processes: ProcessWatch
    network: HostNetwork


@dataclass
class Trial:
    """A trial that has been run: its folder, which node was primary before, and the lab's state afterwards."""

    folder: Path
    primary: str
    processes: ProcessWatch
    output: str
    state: dict[str, Any]


@pytest.fixture(scope="session", autouse=True)
def end_in_good_order() -> Iterator[None]:
    """Let SIGTERM end the tests as Ctrl-C does: with labs destroyed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def watched() -> Watched:
    if os.geteuid() != 0:
        pytest.skip("real machines need root")
    return Watched(ProcessWatch(), HostNetwork.now())


@pytest.fixture(scope="session")
def lab(watched: Watched) -> Iterator[RealLab]:
    """The shared lab, healthy. A test that changes anything asks for ``disturbed`` instead."""
    with new_lab() as made:
        with watched.processes:
            made.up()
        yield made


@pytest.fixture
def disturbed(lab: RealLab) -> Iterator[RealLab]:
    """The shared lab, for a test that changes it."""
    yield lab
    lab.repair()


@pytest.fixture(scope="session")
def trial(lab: RealLab, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A power loss of the primary, measured."""
    folder = tmp_path_factory.mktemp("reports") / "primary"
    primary = lab.primary
    with ProcessWatch() as processes:
        done = lab.run("test", CLUSTER, "--fault", "power-off", "--rounds", "1", "--out", str(folder), seconds=240)
    return Trial(folder, primary, processes, done.stdout, lab.state())


@pytest.fixture(scope="session")
def pair(watched: Watched) -> Iterator[LabWithStore]:
    """A pair with its depot, shared by those that want one."""
    assert watched
    with new_lab(LabWithStore) as made:
        with made.watch:
            made.up()
        yield made
