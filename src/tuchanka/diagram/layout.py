"""Lays a picture out: sites side by side, machines one under another, arrows in the gutters between. Pure.

A gutter has a lane for each instance in its middle and, on either side, room for the labels of the arrows that end
there; so no arrow runs through a label, and none through a box. Who is further away than the next site is reached
through a lane below the machines.
"""

from tuchanka.diagram.model import MachineBox, Picture, SiteBox, meanings
from tuchanka.diagram.places import Box, Placed, PlacedCopy, PlacedMachine, PlacedSite, Point
from tuchanka.diagram.text import width
from tuchanka.diagram.wires import LANE, Frame, Gutter, needs, wire

MARGIN = 24.0
HEADING = 62.0
PROBLEM = 20.0
SITE_HEADING = 42.0
SITE_PADDING = 14.0
MACHINE_HEADING = 36.0
MACHINE_PADDING = 10.0
MACHINE_GAP = 16.0
NOTE = 18.0
COPY_PADDING = 7.0
COPY_GAP = 8.0
COPY_LINE = 24.0
DETAIL = 17.0
VIP = 25.0
DEVICE = 20.0
LEGEND = 22.0
LEGEND_GAP = 26.0
SAMPLE = 40.0
WITNESS_GAP = 40.0
NARROWEST = 236.0
MOST_PROBLEMS = 4


def place(picture: Picture) -> Placed:
    """Return where everything is."""
    columns = [site for site in picture.sites if site.machines]
    # The witness comes first, so that its votes cross nothing.
    apart = sorted((site for site in picture.sites if not site.machines), key=lambda site: site.witness is None)
    top = MARGIN + HEADING + PROBLEM * len(_problems(picture)) + (12 if picture.problems else 0)
    wide = max((_machine_width(machine) for site in columns for machine in site.machines), default=NARROWEST)
    rows = _rows(columns, len(picture.instances))
    side = {machine.name: number for number, site in enumerate(columns) for machine in site.machines}
    needed = needs(picture, side, len(columns))

    y = top + SITE_HEADING
    tops = []
    for row in rows:
        tops.append(y)
        y += row.height + MACHINE_GAP
    bus = y - MACHINE_GAP + LANE
    below = bus + LANE * (len(needed.far) - 1) if needed.far else y - MACHINE_GAP
    most = max((len(site.beside) for site in columns), default=0)
    bottom = below + most * (MACHINE_GAP + _small_height()) + SITE_PADDING

    placed_sites, machines, gutters = [], [], []
    x = MARGIN
    for number, site in enumerate(columns):
        box = Box(x, top, max(wide + 2 * SITE_PADDING, _site_width(site)), bottom - top)
        placed_sites.append(PlacedSite(site, box))
        for machine, row, at in zip(site.machines, rows, tops, strict=False):
            machines.append(_machine(machine, Box(x + SITE_PADDING, at, box.w - 2 * SITE_PADDING, 0), row))
        machines += _small(site, x + SITE_PADDING, below + MACHINE_GAP, box.w - 2 * SITE_PADDING)
        x = box.right
        if number < len(needed.gutters):
            gutter = Gutter(x, needed.gutters[number])
            gutters.append(gutter)
            x += gutter.width
    right = max(x, MARGIN + _least_width(picture))

    votes: list[tuple[Point, ...]] = []
    bottom_of_all = bottom
    for site in apart:
        size = max(*map(_machine_width, site.beside), _site_width(site) - 2 * SITE_PADDING)
        high = SITE_HEADING + len(site.beside) * (_small_height() + MACHINE_GAP) - MACHINE_GAP + SITE_PADDING
        middle = (MARGIN + x) / 2
        box = Box(middle - size / 2 - SITE_PADDING, bottom_of_all + WITNESS_GAP, size + 2 * SITE_PADDING, high)
        placed_sites.append(PlacedSite(site, box))
        machines += _small(site, box.x + SITE_PADDING, box.y + SITE_HEADING, size)
        level = bottom + WITNESS_GAP / 2
        if site.witness:
            votes += [
                ((middle, box.y), (middle, level), (above.box.middle, level), (above.box.middle, bottom))
                for above in placed_sites[: len(columns)]
            ]
        bottom_of_all = box.bottom

    frame = Frame(
        side, tuple(gutters), bus, tuple(needed.far), picture.instances, {one.machine.name: one for one in machines}
    )
    wires = tuple(wire(frame, link) for link in picture.links)
    legend, end = _legend(picture, right, bottom_of_all + 20)
    return Placed(
        width=right + MARGIN,
        height=end + MARGIN,
        title=Box(MARGIN, MARGIN, right - MARGIN, HEADING),
        problems=tuple(
            (text, Box(MARGIN, MARGIN + HEADING + number * PROBLEM, right - MARGIN, PROBLEM))
            for number, text in enumerate(_problems(picture))
        ),
        sites=tuple(placed_sites),
        machines=tuple(machines),
        wires=wires,
        votes=tuple(votes),
        legend=legend,
    )


class _Row:
    """What the machines of one row have in common, so that copies of an instance stand side by side."""

    def __init__(self, machines: list[MachineBox], instances: int) -> None:
        self.note = NOTE if any(machine.note for machine in machines) else 0.0
        self.slots: list[float] = []
        for number in range(instances):
            copies = [machine.copies[number] for machine in machines if machine.copies]
            there = [copy for copy in copies if copy]
            detail = DETAIL if any(copy.detail for copy in there) else 0.0
            vips = max((len(copy.vips) for copy in there), default=0) * VIP
            self.slots.append(2 * COPY_PADDING + COPY_LINE + detail + vips if there else 0.0)
        used = [slot for slot in self.slots if slot]
        device = DEVICE if any(machine.device for machine in machines) else 0.0
        gaps = COPY_GAP * max(len(used) - 1, 0)
        self.height = MACHINE_HEADING + self.note + sum(used) + gaps + device + MACHINE_PADDING


def _rows(columns: list[SiteBox], instances: int) -> list[_Row]:
    longest = max((len(site.machines) for site in columns), default=0)
    return [
        _Row([site.machines[number] for site in columns if number < len(site.machines)], instances)
        for number in range(longest)
    ]


def _machine(machine: MachineBox, at: Box, row: _Row) -> PlacedMachine:
    copies = []
    y = at.y + MACHINE_HEADING + row.note
    for copy, slot in zip(machine.copies, row.slots, strict=True):
        if copy:
            box = Box(at.x + MACHINE_PADDING, y, at.w - 2 * MACHINE_PADDING, slot)
            first = y + COPY_PADDING + COPY_LINE + (DETAIL if copy.detail else 0)
            vips = tuple(
                (vip, Box(box.x + COPY_PADDING + 4, first + number * VIP + 3, box.w - 2 * COPY_PADDING - 4, VIP - 5))
                for number, vip in enumerate(copy.vips)
            )
            copies.append(PlacedCopy(copy, box, y + COPY_PADDING + COPY_LINE / 2, vips))
        y += slot + COPY_GAP if slot else 0
    return PlacedMachine(machine, Box(at.x, at.y, at.w, row.height), tuple(copies))


def _machine_width(machine: MachineBox) -> float:
    heading = width(machine.name, 15, bold=True) + width(machine.address, 12) + 40
    inner = [0.0]
    for copy in machine.copies:
        if copy:
            inner.append(width(copy.instance, 14, bold=True) + width(f":{copy.port}", 12) + 90)
            inner.append(width(copy.detail, 11))
            inner += [width(vip.name, 12, bold=True) + width(vip.address, 12) + 44 for vip in copy.vips]
    note = width(machine.note, 12) + 24
    device = width(machine.device.name, 12) + width(machine.device.note, 12) + 56 if machine.device else 0.0
    return max(NARROWEST, heading, note, device, max(inner) + 2 * (MACHINE_PADDING + COPY_PADDING) + 8)


def _site_width(site: SiteBox) -> float:
    return width(site.name, 15, bold=True) + width(site.description, 12) + 12 + 2 * SITE_PADDING


def _small(site: SiteBox, x: float, y: float, wide: float) -> list[PlacedMachine]:
    """Return the places of the machines that keep nothing, one below another."""
    step = _small_height() + MACHINE_GAP
    return [
        PlacedMachine(machine, Box(x, y + number * step, wide, _small_height()), ())
        for number, machine in enumerate(site.beside)
    ]


def _small_height() -> float:
    return MACHINE_HEADING + NOTE + 4


def _problems(picture: Picture) -> tuple[str, ...]:
    more = len(picture.problems) - MOST_PROBLEMS
    rest = (f"and {more} more",) if more > 0 else ()
    return (*picture.problems[:MOST_PROBLEMS], *rest)


def _least_width(picture: Picture) -> float:
    """Return how wide the heading and the widest problem are."""
    heading = width(picture.title, 22, bold=True) + width(picture.verdict, 13, bold=True) + 60
    return max(heading, width(picture.caption, 13), *(width(one, 13) + 20 for one in ("", *_problems(picture))))


def _legend(picture: Picture, right: float, y: float) -> tuple[tuple[tuple[str, Box], ...], float]:
    """Return the legend's entries with their places, line by line, and where it ends."""
    entries = []
    x = MARGIN
    for kind, text in meanings(picture).items():
        size = SAMPLE + 8 + width(text, 12)
        if x > MARGIN and x + size > right:
            x, y = MARGIN, y + LEGEND
        entries.append((kind, Box(x, y, size, LEGEND)))
        x += size + LEGEND_GAP
    return tuple(entries), y + LEGEND
