"""``tuchanka test`` up to the first trial, and after the last one; the trials themselves are played."""

import asyncio
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.analysis.forged import power_loss
from tests.cli.conftest import Tuchanka, everything
from tuchanka.campaign.history import History
from tuchanka.campaign.resume import INTERRUPTED
from tuchanka.campaign.runner import Orders
from tuchanka.cli import campaign, context
from tuchanka.cli.campaign import command_line
from tuchanka.cli.campaign_plan import seconds_of
from tuchanka.errors import InputError
from tuchanka.events import CampaignPlanned, TrialEnded, to_json
from tuchanka.events.history import load
from tuchanka.faults.catalogue import CATALOGUE
from tuchanka.faults.targets import unfit
from tuchanka.providers import registry
from tuchanka.providers.fake import FakeProvider
from tuchanka.topology.load import load as load_topology

HOUR_S = 3600.0
REPORTS = {"history.jsonl", "summary.json", "report.html", "junit.xml"}


class Played:
    """Stands in for the machines: each session plays the trials in ``sessions``, or is interrupted by ``None``."""

    def __init__(self) -> None:
        self.orders: list[Orders] = []
        self.problems: list[str | None] = []

    async def run(self, _: object, orders: Orders, history: History, __: object) -> None:
        self.orders.append(orders)
        for planned in orders.trials:
            problem = self.problems.pop(0)
            for event in power_loss():
                if getattr(event, "trial", None) == 1 and not isinstance(event, TrialEnded):
                    history.add(replace(event, trial=planned.number))
            ended = INTERRUPTED if problem is None else problem
            history.add(TrialEnded(200.0 + planned.number, planned.number, ended))
            if problem is None:
                raise KeyboardInterrupt

    async def make(self, *_: object) -> None:
        """There is nothing to make."""


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, fake: FakeProvider) -> Played:
    del fake
    made = Played()
    monkeypatch.setattr(campaign, "run_campaign", made.run)
    monkeypatch.setattr(campaign, "_make", made.make)
    # The trials that are played have times of their own, in the first minutes of a host; this one runs for longer.
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + HOUR_S, time=time.time)
    monkeypatch.setattr(campaign, "time", clock)
    return made


@pytest.mark.usefixtures("nobody")
def test_a_dry_run_shows_the_plan_to_anyone_and_makes_nothing(tuchanka: Tuchanka, tmp_path: Path):
    words = ("test", "tuchanka2", "--rounds", 2, "--fault", "power-off", "--fault", "reset", "--seed", 7, "--dry-run")
    shown = tuchanka(*words)
    assert shown.status == 0, shown
    assert "4 trials, target primary, seed 7, 1 at a time: about" in shown.out
    plan = json.loads(tuchanka(*words, "--json").out)
    assert (plan["seed"], plan["side_by_side"], len(plan["trials"])) == (7, 1, 4)
    assert plan["estimate_s"] == pytest.approx(sum(one["estimate_s"] for one in plan["trials"]), abs=0.5)
    assert everything(tmp_path) == {}
    again = plan["command"].split()[1:]
    assert json.loads(tuchanka(*again, "--dry-run", "--json").out) == plan


def test_a_plan_for_a_time(tuchanka: Tuchanka):
    words = ("test", "tuchanka2", "--fault", "power-off", "--duration", "1h", "--dry-run")
    assert "until the time is over, target primary" in tuchanka(*words).out
    assert json.loads(tuchanka(*words, "--json").out)["estimate_s"] == 3600


def test_a_site_is_tried_on_the_clusters_that_have_nodes_there(tuchanka: Tuchanka):
    plan = json.loads(tuchanka("test", "--target", "dc1", "--fault", "power-off", "--dry-run", "--json").out)
    assert [one["cluster"] for one in plan["trials"]] == ["tuchanka1", "tuchanka2", "tuchanka4"]
    plan = json.loads(tuchanka("test", "--target", "tuchanka4c", "--fault", "power-off", "--dry-run", "--json").out)
    assert [(one["cluster"], one["target"]) for one in plan["trials"]] == [("tuchanka4", "tuchanka4c")]


def test_without_a_fault_all_that_this_host_can_do_are_tried(tuchanka: Tuchanka, monkeypatch: pytest.MonkeyPatch):
    kind = replace(registry.KINDS["nspawn"], missing=lambda: {"Latency": "the kernel has no netem"})
    monkeypatch.setitem(registry.KINDS, "nspawn", kind)
    plan = json.loads(tuchanka("test", "tuchanka4", "--dry-run", "--json").out)
    # The built-in clusters have no BMCs, and no archive, and so none of the faults of one.
    topology = load_topology(None)
    fit = {name for name, fault in CATALOGUE.items() if not unfit(fault, topology, topology.cluster("tuchanka4"))}
    assert {one["fault"] for one in plan["trials"]} == fit - {"latency"}
    assert not fit & {"bmc-off", "store-off", "standby-away"}
    tuchanka("test", "tuchanka4", "--fault", "latency").refused(
        3, "latency: not on this host: the kernel has no netem"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("20m", 1200), ("1h30m", 5400), ("1.5h", 5400)]
)
def test_times(text: str, seconds: float):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-5", "soon", "5 m", "1d", "m"])
def test_what_is_no_time(text: str):
    with pytest.raises(InputError, match="is not a time"):
        seconds_of(text)


def test_a_campaign_leaves_its_plan_and_reports(tuchanka: Tuchanka, played: Played, tmp_path: Path):
    played.problems = [""]
    done = tuchanka("test", "tuchanka2", "--fault", "power-off", "--out", tmp_path / "out")
    assert {file.name for file in (tmp_path / "out").iterdir()} >= REPORTS
    assert "The plan" in done.out
    (event,) = (one for one in load(tmp_path / "out" / "history.jsonl") if isinstance(one, CampaignPlanned))
    (orders,) = played.orders
    assert (event.command, event.seed) == (command_line(orders.wish), orders.wish.seed)


def test_ctrl_c_writes_every_report_and_resuming_goes_on(tuchanka: Tuchanka, played: Played, tmp_path: Path):
    out = tmp_path / "out"
    played.problems = ["", None]
    interrupted = tuchanka("test", "tuchanka2", "--fault", "power-off", "--rounds", 3, "--seed", 5, "--out", out)
    assert interrupted.status == 3
    assert interrupted.err.endswith(f"tuchanka: interrupted; 'tuchanka test --resume --out {out}' goes on\n")
    assert {file.name for file in out.iterdir()} >= REPORTS
    assert len(json.loads((out / "summary.json").read_text())["trials"]) == 2
    tuchanka("test", "--out", out).refused(2, "is not an empty folder", "--resume")

    before = (out / "history.jsonl").read_text()
    left = json.loads(tuchanka("test", "--resume", "--out", out, "--dry-run", "--json").out)
    assert [one["number"] for one in left["trials"]] == [2, 3]
    assert (out / "history.jsonl").read_text() == before
    played.problems = ["", "no luck"]
    assert tuchanka("test", "--resume", "--out", out).status == 1
    assert [[one.number for one in orders.trials] for orders in played.orders] == [[1, 2, 3], [2, 3]]
    assert played.orders[0].wish == played.orders[1].wish
    assert (out / "history.jsonl").read_text().startswith(before)
    assert len(json.loads((out / "summary.json").read_text())["trials"]) == 3
    # With nothing left the reports are made once more.
    again = tuchanka("test", "--resume", "--out", out)
    assert (again.status, len(played.orders)) == (1, 2)


@pytest.mark.usefixtures("played")
def test_what_cannot_be_resumed(tuchanka: Tuchanka, tmp_path: Path):
    out = tmp_path / "out"
    tuchanka("test", "--resume").refused(2, "--out")
    tuchanka("test", "--resume", "--out", out, "--rounds", 2).refused(2, "leave what was to be done out")
    tuchanka("test", "--resume", "--out", out).refused(2, "can't be read", "No such file")
    out.mkdir()
    (out / "history.jsonl").write_text("".join(to_json(event) + "\n" for event in power_loss()))
    tuchanka("test", "--resume", "--out", out).refused(2, "holds no plan")
    planned = CampaignPlanned(1e12, 1, ["tuchanka2"], ["power-off"], "primary", None, None, "tuchanka test", [])
    (out / "history.jsonl").write_text(to_json(planned) + "\n")
    tuchanka("test", "--resume", "--out", out).refused(2, "before this host was last restarted")


def test_sigterm_ends_like_ctrl_c_when_everything_is_cleaned_up():
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    async def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    with pytest.raises(KeyboardInterrupt):
        context.run(work())
    assert cleaned == [True]
    assert signal.getsignal(signal.SIGTERM) is before
