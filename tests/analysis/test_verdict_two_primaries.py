"""Two primaries at once: not even a single answer may go unnoticed."""

from dataclasses import replace

import pytest

from tests.analysis.forged import NEW, OLD, change, power_loss
from tests.analysis.judged import one
from tuchanka.events import RoleProbe


def test_two_primaries() -> None:
    # The old primary answers again for a while, still in its role, after the new one was promoted.
    def back(probe: RoleProbe) -> RoleProbe:
        again = probe.node == OLD and 114 <= probe.due <= 115.05
        return replace(probe, t=probe.due + 0.003, role="primary") if again else probe

    verdict = one(change(power_loss(), RoleProbe, back))
    assert verdict.safety.dual_primary_s == pytest.approx(1.0, abs=0.05)
    assert not verdict.recovered
    assert verdict.safety.margin_s is not None


def test_an_old_primary_that_stayed_one_until_after_the_new() -> None:
    def stays(probe: RoleProbe) -> RoleProbe:
        on = probe.node == OLD and probe.due < 114
        return replace(probe, t=probe.due + 0.003, role="primary") if on else probe

    verdict = one(change(power_loss(), RoleProbe, stays))
    assert verdict.safety.dual_primary_s == pytest.approx(1.0, abs=0.1)
    assert verdict.safety.margin_s == pytest.approx(-1.0, abs=0.1)


def test_a_single_answer_within_the_others_span_is_noticed() -> None:
    def blip(probe: RoleProbe) -> RoleProbe:
        hit = probe.node == NEW and abs(probe.due - 103.0) < 0.01
        return replace(probe, role="primary") if hit else probe

    verdict = one(change(power_loss(), RoleProbe, blip))
    assert verdict.safety.dual_primary_s is not None
    assert verdict.safety.dual_primary_s > 0
    assert not verdict.recovered


def test_roles_never_asked() -> None:
    verdict = one(change(power_loss(), RoleProbe, lambda _: None))
    assert verdict.safety.dual_primary_s is None
    assert not verdict.recovered
