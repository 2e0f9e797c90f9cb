import math

import pytest
from rich.console import Console

from tuchanka.events import Event, Read, RoleProbe, Write
from tuchanka.heartbeat.config import Config, InstanceConfig, Probe, Reader
from tuchanka.tui.beats import MINUTE_S, Beats, Second, share
from tuchanka.tui.heartbeat import BLOCKS, block, duration, heartbeat_view, sparkline

CONFIG = Config(
    run="r",
    instances=(
        InstanceConfig(
            name="krogan2",
            port=5432,
            database="d",
            user="u",
            password="p",
            primary="192.0.2.1",
            readers=(Reader("krogan2s1", "192.0.2.2"),),
            probes=(Probe("tuchanka2a", "192.0.2.3"), Probe("tuchanka2b", "192.0.2.4")),
        ),
    ),
)


def write(t: float, outcome: str = "acknowledged", *, took: float = 0.004, error: str = "") -> Write:
    return Write(t=t, instance="krogan2", seq=1, due=t - took, sent=t - took, outcome=outcome, error=error)  # type: ignore[arg-type]


def read(t: float, *, ok: bool = True, age: float = 0.02) -> Read:
    return Read(t=t, instance="krogan2", vip="krogan2s1", due=t, ok=ok, age=age, error="" if ok else "connect: no")


def fed(*events: Event) -> Beats:
    beats = Beats(CONFIG)
    for event in events:
        beats.feed(event)
    return beats


def shown(beats: Beats, width: int = 140) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(heartbeat_view(beats, width=width))
    return captured.get()


def test_the_worst_of_a_second_is_shown():
    writer = (
        fed(write(10.1), write(10.2, "refused"), write(11.1), write(12.5, "indeterminate"), write(14.0))
        .instances["krogan2"]
        .writer
    )
    assert [second.worst for second in writer.last(14.0, 4)] == ["refused", "acknowledged", "indeterminate", ""]
    assert writer.totals == {"acknowledged": 3, "refused": 1, "indeterminate": 1}
    line = sparkline(writer.last(14.0, 4))
    assert line.plain == f"█{block(0.004)}█ "
    assert [str(span.style) for span in line.spans] == ["yellow", "green", "magenta"]


def test_a_read_is_fresh_stale_or_none():
    reader = (
        fed(read(1.0), read(2.0, age=5.0), read(3.0, ok=False), read(4.0)).instances["krogan2"].readers["krogan2s1"]
    )
    assert [second.worst for second in reader.last(4.0, 3)] == ["read", "stale", "not read"]
    assert reader.figures(4.0) == [0.02, 5.0]


def test_what_is_over_a_minute_ago_is_forgotten_but_counted():
    beats = fed(*(write(float(t)) for t in range(200)))
    writer = beats.instances["krogan2"].writer
    assert len(writer.seconds) == MINUTE_S
    assert writer.totals["acknowledged"] == 200


@pytest.mark.parametrize("width", [40, 80, 140, 300])
def test_the_view_fits_any_terminal(width: int):
    events = [one for t in range(90) for one in (write(t + 0.1), read(t + 0.2))]
    probes = [RoleProbe(t=90.0, instance="krogan2", node="tuchanka2a", due=90.0, role="primary")]
    text = shown(fed(*events, *probes), width)
    assert all(len(line) <= width for line in text.splitlines())


def test_the_view_says_roles_latencies_counts_and_errors():
    roles = [
        RoleProbe(t=3.0, instance="krogan2", node=node, due=3.0, role=role)  # type: ignore[arg-type]
        for node, role in (("tuchanka2a", "primary"), ("tuchanka2b", "unreachable"))
    ]
    text = shown(
        fed(write(1.1), write(2.1, took=0.250), write(2.5, "refused", error="connect: refused"), read(2.0), *roles)
    )
    for words in (
        "tuchanka2a primary  tuchanka2b unreachable",
        "write krogan2",
        "read krogan2s1",
        "4 ms",
        "250 ms",
        "20 ms",
        "2 acknowledged, 1 refused",
        "1 read",
        "write: connect: refused",
    ):
        assert words in text
    assert "TWO PRIMARIES" not in text


def test_two_primaries_cry_out():
    roles = [
        RoleProbe(t=3.0, instance="krogan2", node=node, due=3.0, role="primary")
        for node in ("tuchanka2a", "tuchanka2b")
    ]
    assert "TWO PRIMARIES" in shown(fed(*roles))


def test_nothing_yet():
    text = shown(Beats(CONFIG))
    assert "not asked yet" in text


@pytest.mark.parametrize(("seconds", "words"), [(0.0044, "4 ms"), (0.25, "250 ms"), (1.26, "1.3 s"), (math.nan, "-")])
def test_durations(seconds: float, words: str):
    assert duration(seconds) == words


def test_blocks_grow():
    assert block(0) == BLOCKS[0]
    assert block(10) == BLOCKS[-1]
    heights = [BLOCKS.index(block(0.001 * 1.5**step)) for step in range(20)]
    assert heights == sorted(heights)
    assert set(heights) == set(range(8))


def test_shares():
    assert share([1.0, 2.0, 3.0], 0.5) == 2.0
    assert share([1.0, 2.0, 3.0], 1.0) == 3.0
    assert math.isnan(share([], 0.5))
    assert Second().worst == ""


def test_an_acknowledgement_with_a_warning_is_shown_as_its_own():
    beats = fed(write(10.1), write(10.2, "warned", took=0.3, error="WARNING: canceling wait"), write(11.5))
    writer = beats.instances["krogan2"].writer
    assert [second.worst for second in writer.last(12.0, 2)] == ["warned", "acknowledged"]
    assert writer.totals == {"acknowledged": 2, "warned": 1}
    line = sparkline(writer.last(12.0, 2))
    assert line.plain == f"{block(0.3)}{block(0.004)}"
    assert str(line.spans[0].style) == "bold red"
    page = shown(beats)
    assert "1 warned" in page
    assert "canceling wait" in page
