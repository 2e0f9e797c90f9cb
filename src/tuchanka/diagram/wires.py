"""The arrows of replication: which gutters they use, and their corners. Pure."""

from dataclasses import dataclass, field

from tuchanka.diagram.model import Picture, ReplicationLink
from tuchanka.diagram.places import Box, PlacedCopy, PlacedMachine, Point, Wire
from tuchanka.diagram.text import width

LANE = 16.0
LABEL = 11.5
AIR = 22.0
NO_LABEL = 18.0
STAGGER = 5.0


@dataclass(slots=True)
class Need:
    """What a gutter has to hold: the widest label on either side, and how many lanes."""

    left: float = NO_LABEL
    right: float = NO_LABEL
    lanes: int = 0


@dataclass(slots=True)
class Needs:
    """The gutters, left to right, and the instances with arrows that go further than to the next site."""

    gutters: list[Need] = field(default_factory=list)
    far: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gutter:
    """A gutter from its left edge on."""

    x: float
    need: Need

    @property
    def width(self) -> float:
        """How wide it is."""
        return self.need.left + LANE * (self.need.lanes + 1) + self.need.right

    def lane(self, number: int) -> float:
        """Return the x of a lane."""
        return self.x + self.need.left + LANE * (number + 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """What arrows need to know of the layout: columns of the machines, gutters, and the lanes below."""

    side: dict[str, int]
    gutters: tuple[Gutter, ...]
    bus: float
    far: tuple[str, ...]
    instances: tuple[str, ...]
    machines: dict[str, PlacedMachine]

    def copy(self, machine: str, instance: str) -> PlacedCopy:
        """Return the copy of an instance on a machine."""
        return next(one for one in self.machines[machine].copies if one.copy.instance == instance)


def ways(source: int, target: int, columns: int) -> tuple[int, int]:
    """Return the gutter where an arrow leaves its column, and the one where it arrives.

    Gutter n is right of column n. Within a column the arrow goes out and in on the side of the next one.
    """
    if source == target:
        gutter = source if source < columns - 1 or columns == 1 else source - 1
        return gutter, gutter
    return (source, target - 1) if source < target else (source - 1, target)


def needs(picture: Picture, side: dict[str, int], columns: int) -> Needs:
    """Return how wide the gutters have to be."""
    found = Needs([Need(lanes=len(picture.instances)) for _ in range(max(columns - 1, 1))])
    for link in picture.links:
        leaving, arriving = ways(side[link.source], side[link.target], columns)
        room = width(link.label, LABEL) + AIR
        need = found.gutters[arriving]
        if side[link.target] == arriving:
            need.left = max(need.left, room)
        else:
            need.right = max(need.right, room)
        if leaving != arriving and link.instance not in found.far:
            found.far.append(link.instance)
    if columns <= 1 and not picture.links:
        found.gutters = []
    return found


def wire(frame: Frame, link: ReplicationLink) -> Wire:
    """Return an arrow from the primary's copy to a standby's."""
    columns = len(frame.gutters) + 1 if max(frame.side.values(), default=0) else 1
    lane = frame.instances.index(link.instance)
    source, target = frame.side[link.source], frame.side[link.target]
    leaving, arriving = ways(source, target, columns)
    begin, end = frame.copy(link.source, link.instance), frame.copy(link.target, link.instance)
    # Copies of several instances may stand at the same height: their arrows never do.
    shift = (lane - (len(frame.instances) - 1) / 2) * STAGGER
    out, into = begin.line + shift, end.line + shift
    start = begin.box.right if leaving == source else begin.box.x
    on_the_left = target == arriving
    stop = end.box.right if on_the_left else end.box.x
    gutter = frame.gutters[arriving]
    first, last = frame.gutters[leaving].lane(lane), gutter.lane(lane)
    corners: list[Point] = [(start, out), (first, out)]
    if leaving != arriving:
        below = frame.bus + frame.far.index(link.instance) * LANE
        corners += [(first, below), (last, below)]
    corners += [(last, into), (stop, into)]
    size = width(link.label, LABEL)
    x = gutter.x + 14 if on_the_left else gutter.x + gutter.width - 14 - size
    return Wire(link, _straight(corners), Box(x, into - 17, size, 14), "start" if on_the_left else "end")


def _straight(points: list[Point]) -> tuple[Point, ...]:
    """Leave out points that are no corners."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)
