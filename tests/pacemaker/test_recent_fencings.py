"""Who fenced whom, how and how long it took, from lines as Pacemaker 3.0.0 and the agents write them."""

import pytest

from tuchanka.stacks.pacemaker.recent_fencings import fencing_command, recent
from tuchanka.topology.load import load

T = 1764204
F, E = "b pacemaker-fenced[298]:  notice:", "b pacemaker-fenced[298]:  error:"
A, C = "b fence_ipmilan_at_once[9]:", "pacemaker-controld.302"
BY_DEVICE = f"""\
{T}517.703393 {F} Requesting peer fencing (reboot) targeting a
{T}517.710776 {F} Requesting that b perform 'reboot' action targeting a using fence-a
{T}518.663454 b fence_ipmilan_at_once[1315]: fencing: a is off: its device said so after 0.70 s
{T}518.671750 {F} Operation 'reboot' [1306] targeting a using fence-a returned 0
{T}518.681215 {F} Operation 'reboot' targeting a by b for {C}@b: OK (Done)
"""
BY_WATCHDOG = f"""\
{T}617.000000 {F} Requesting peer fencing (reboot) targeting a
{T}617.100000 {F} Waiting 5s for a to self-fence (reboot) for client pacemaker-controld.302
{T}622.110000 {F} Self-fencing (reboot) by a for pacemaker-controld.302 assumed complete
"""
AT_ONCE = f"""\
{T}717.000000 {F} Requesting peer fencing (reboot) targeting a
{T}722.010000 {A} fencing: a is taken for reset by its watchdog 5.01 s after the request; its device: none
{T}722.020000 {F} Operation 'reboot' [9] targeting a using fence-a returned 0
{T}722.030000 {F} Operation 'reboot' targeting a by b for {C}@b: OK (Done)
"""
FAILED = f"""\
{T}817.000000 {F} Requesting peer fencing (off) targeting a
{T}818.000000 {E} Operation 'off' [9] targeting a using fence-a returned 1
{T}819.000000 {E} Operation 'off' targeting a by unknown node for stonith_admin.7@b: Error occurred (No fence device)
"""


@pytest.mark.parametrize(
    ("text", "how", "seconds", "well"),
    [
        (BY_DEVICE, "fence-a", 0.978, True),
        (BY_WATCHDOG, "its own watchdog", 5.11, True),
        (AT_ONCE, "its own watchdog", 5.03, True),
        (FAILED, "", 2.0, False),
    ],
)
def test_one_is_told_with_its_way_and_its_time(text: str, how: str, seconds: float, well: bool):
    (one,) = recent([text])
    assert (one.target, one.how, one.well) == ("a", how, well)
    assert one.seconds == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize(
    ("text", "by", "client"),
    [
        (BY_DEVICE, "b", "pacemaker-controld"),
        (BY_WATCHDOG, "b", "pacemaker-controld"),
        (FAILED, "b", "stonith_admin"),
    ],
)
def test_who_was_asked_and_who_wanted_it_are_told(text: str, by: str, client: str):
    (one,) = recent([text])
    assert (one.by, one.client) == (by, client)


def test_one_that_goes_on_has_no_end():
    (one,) = recent([BY_DEVICE.splitlines()[0]])
    assert (one.ended, one.seconds, one.well, one.by) == (None, None, False, "b")


def test_what_other_nodes_repeat_is_nothing_new():
    end = BY_DEVICE.splitlines()[-1].replace(" b pacemaker", " c pacemaker")
    assert recent([BY_DEVICE, end]) == recent([BY_DEVICE])


def test_the_last_are_shown_in_their_order():
    found = recent([FAILED, AT_ONCE, BY_WATCHDOG, BY_DEVICE])
    assert [one.how for one in found] == ["its own watchdog", "its own watchdog", ""]


def test_lines_of_something_else_say_nothing():
    assert recent(["", "nonsense", "-- No entries --", "1764204517.7 b sshd[1]: targeting a"]) == ()


def test_the_command_asks_for_the_fencer_and_the_cluster_s_agents():
    text = fencing_command(load(None).clusters[0])
    assert "--identifier=pacemaker-fenced" in text
    assert "at_once" not in text
