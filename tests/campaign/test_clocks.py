"""Journals in our time, forged: skewed clocks, clocks that are set, machines that boot."""

import asyncio
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka.campaign.clocks import COMMAND, is_shared, read_sample, sample, translate
from tuchanka.campaign.evidence import in_our_time, read_journal
from tuchanka.events import ClocksCompared
from tuchanka.providers.base import Completed
from tuchanka.providers.fake import FakeProvider, Step

ERROR_S = 0.05
BOOTS = ("a" * 32, "b" * 32)
LATENESS_S = 0.015  # of the journal behind the sender


@dataclass(frozen=True)
class Guest:
    """A machine that boots again at ``reboot`` of our time; its wall clock is set by ``step`` at ``set_at``."""

    skew: float = 37.0
    step: float = 0.0
    set_at: float = 0.0
    reboot: float = 1e9
    shared: bool = False

    def boot(self, t: float) -> str:
        return BOOTS[t >= self.reboot]

    def monotonic(self, t: float) -> float:
        if self.shared:
            return t
        return t - self.reboot + 3 if t >= self.reboot else t + 1000

    def wall(self, t: float) -> float:
        return 1.8e9 + self.skew + t + (self.step if t >= self.set_at else 0)

    def sample(self, t: float, travel: float = 0.02, share: float = 0.5) -> ClocksCompared:
        """Ask it at ``t``; the answer takes ``travel`` in all, ``share`` of it on the way back."""
        text = f"{self.boot(t)[:8]}-{self.boot(t)[8:]} {self.monotonic(t):.6f} {self.wall(t):.6f}"
        found = read_sample("a", text, t - travel * (1 - share), t + travel * share)
        assert found
        return found

    def line(self, t: float, late: float = LATENESS_S, **fields: object) -> str:
        got = t + late
        return json.dumps(
            {
                "_BOOT_ID": self.boot(got),
                "__MONOTONIC_TIMESTAMP": f"{self.monotonic(got) * 1e6:.0f}",
                "__REALTIME_TIMESTAMP": f"{self.wall(got) * 1e6:.0f}",
                "_SOURCE_REALTIME_TIMESTAMP": f"{self.wall(t) * 1e6:.0f}",
                "SYSLOG_IDENTIFIER": "corosync",
                "MESSAGE": f"{t:.6f}",
                **fields,
            }
        )

    def journal(self, times: list[float], late: float = LATENESS_S) -> str:
        return "\n".join(self.line(t, late) for t in times)


def errors(guest: Guest, times: list[float], samples: list[ClocksCompared], late: float = LATENESS_S) -> list[float]:
    lines = in_our_time("a", guest.journal(times, late), samples)
    assert len(lines) == len(times)
    return [abs(line.t - float(line.message)) for line in lines]


TIMES = [10 + n * 1.7 for n in range(50)]
END = 100.0


@given(
    skew=st.floats(-37, 37),
    step=st.sampled_from([-37.0, -5.0, 0.0, 5.0, 37.0]),
    set_at=st.floats(5, END),
    travel=st.floats(0.001, 0.06),
    share=st.floats(0, 1),
)
def test_neither_a_skew_nor_a_step_in_mid_trial_moves_an_entry(
    skew: float, step: float, set_at: float, travel: float, share: float
):
    guest = Guest(skew, step, set_at)
    assert max(errors(guest, TIMES, [guest.sample(5, travel, share), guest.sample(END, travel, share)])) <= ERROR_S


def test_a_step_between_sender_and_journal_is_not_taken_for_a_delay():
    guest = Guest(step=37, set_at=TIMES[20] + LATENESS_S / 2)
    assert max(errors(guest, TIMES, [guest.sample(5), guest.sample(END)])) <= ERROR_S


def test_a_journal_that_was_late_is_corrected_where_nobody_set_the_clock():
    guest = Guest()
    assert max(errors(guest, TIMES, [guest.sample(5), guest.sample(END)], late=2.0)) < 0.001


def test_the_better_sample_of_a_boot_is_taken():
    guest = Guest()
    samples = [guest.sample(5, 0.9, 0), guest.sample(END, 0.002, 0)]
    assert max(errors(guest, TIMES, samples)) < 0.002
    assert max(errors(guest, TIMES, samples[::-1])) < 0.002


def test_each_boot_is_translated_by_its_own_sample():
    guest = Guest(reboot=50)
    assert max(errors(guest, TIMES, [guest.sample(5), guest.sample(END)])) <= ERROR_S


def test_a_boot_without_a_sample_falls_back_to_the_wall_clock():
    guest = Guest(reboot=50)
    assert max(errors(guest, TIMES, [guest.sample(END)])) <= ERROR_S


def test_a_container_shares_our_clock_in_every_boot():
    # Neither its wall clock nor a slow answer matter then.
    guest = Guest(skew=0, step=37, set_at=30, reboot=50, shared=True)
    slow = guest.sample(END, 1.0, 0.1)
    assert is_shared(slow)
    assert max(errors(guest, TIMES, [slow])) <= LATENESS_S + 0.001


def test_a_virtual_machine_does_not():
    assert not is_shared(Guest().sample(5))


def test_what_is_cut_off_or_of_no_interest_is_left_out():
    guest = Guest()
    lines = [
        guest.line(10, SYSLOG_IDENTIFIER="cron"),
        guest.line(11, MESSAGE=[1, 2]),
        guest.line(12)[:40],
        '{"MESSAGE": "without a time"}',
        guest.line(13),
    ]
    assert [line.message for line in in_our_time("a", "\n".join(lines), [guest.sample(5)])] == ["13.000000"]


@pytest.mark.parametrize("text", ["", "one two", "perl: not found here at all"])
def test_an_answer_that_is_no_sample_is_none(text: str):
    assert read_sample("a", text, 1, 2) is None


def test_nothing_is_translated_of_nothing():
    assert translate([], [Guest().sample(5)]) == []


def answering(guest: Guest, now: float, times: list[float]) -> FakeProvider:
    def script(step: Step) -> Completed:
        if step.what == " ".join(COMMAND):
            return Completed(0, f"{guest.boot(now)} {guest.monotonic(now)} {guest.wall(now)}", "")
        begin = float(step.what.partition("--since=@")[2])
        return Completed(0, guest.journal([t for t in times if guest.wall(t) >= begin]), "")

    provider = FakeProvider(script, clock=lambda: now)
    provider.machine("a").on = True
    return provider


@pytest.mark.parametrize("step", [-37.0, 0.0, 37.0])
def test_the_whole_trial_is_read_whichever_way_the_clock_was_set(monkeypatch: pytest.MonkeyPatch, step: float):
    guest = Guest(step=step, set_at=50)
    monkeypatch.setattr("tuchanka.campaign.clocks.time.monotonic", lambda: END)
    machine = answering(guest, END, [1.0, *TIMES]).machine("a")
    lines, samples = asyncio.run(read_journal(machine, 9.95, guest.sample(9.9)))
    assert [float(line.message) for line in lines] == pytest.approx(TIMES)
    assert [one.t for one in samples] == pytest.approx([9.9, END])


def test_a_machine_that_is_off_says_nothing():
    machine = FakeProvider().machine("a")
    assert asyncio.run(sample(machine)) is None
    assert asyncio.run(read_journal(machine, 0.0, None)) == ([], [])
