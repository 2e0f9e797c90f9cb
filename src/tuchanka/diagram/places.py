"""Where everything of a picture is, once it is laid out. Coordinates are those of the SVG, from the top left."""

from dataclasses import dataclass

from tuchanka.diagram.model import CopyBox, MachineBox, ReplicationLink, SiteBox, VipTag

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.h

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + self.w / 2

    def overlaps(self, other: "Box") -> bool:
        """Whether the two have an area in common."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: "Box") -> bool:
        """Whether the other lies wholly inside."""
        return self.x <= other.x and other.right <= self.right and self.y <= other.y and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class PlacedSite:
    """A site's box."""

    site: SiteBox
    box: Box


@dataclass(frozen=True, slots=True)
class PlacedCopy:
    """A copy's box; ``line`` is the y of its first line, where arrows come and go."""

    copy: CopyBox
    box: Box
    line: float
    vips: tuple[tuple[VipTag, Box], ...]


@dataclass(frozen=True, slots=True)
class PlacedMachine:
    """A machine's box and its copies."""

    machine: MachineBox
    box: Box
    copies: tuple[PlacedCopy, ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """An arrow as a line with corners; its label is written inside a box of its own, beside the head."""

    link: ReplicationLink
    points: tuple[Point, ...]
    label: Box
    anchor: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The whole picture."""

    width: float
    height: float
    title: Box
    problems: tuple[tuple[str, Box], ...]
    sites: tuple[PlacedSite, ...]
    machines: tuple[PlacedMachine, ...]
    wires: tuple[Wire, ...]
    votes: tuple[tuple[Point, ...], ...]
    legend: tuple[tuple[str, Box], ...]
