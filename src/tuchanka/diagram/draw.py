"""Writes a picture that is laid out as SVG, readable in light and in dark. Pure."""

from functools import cache
from importlib import resources

from markupsafe import Markup

from tuchanka.diagram.layout import place
from tuchanka.diagram.model import MachineBox, Picture, Tone, meanings
from tuchanka.diagram.places import Placed, PlacedCopy, PlacedMachine, PlacedSite, Point, Wire
from tuchanka.diagram.text import width
from tuchanka.svg import element, group

HUES = 4
CORNER = 7.0
HEAD = 9.0


def svg(picture: Picture) -> str:
    """Return the picture as the text of an SVG file."""
    placed = place(picture)
    hues = {instance: f"i{number % HUES}" for number, instance in enumerate(picture.instances)}
    parts = [
        element("title", f"{picture.title} {picture.caption}"),
        element("desc", description(picture)),
        element("style", Markup(_style())),  # noqa: S704 - our own file
        element("rect", class_="page", width=placed.width, height=placed.height, rx=14.0),
        _title(picture, placed),
        *(_votes(points, gives=picture.votes is True) for points in placed.votes),
        *(_site(one) for one in placed.sites),
        *(_machine(one, hues) for one in placed.machines),
        *(_wire(one, hues[one.link.instance]) for one in placed.wires),
        _legend(picture, placed),
    ]
    drawing = element(
        "svg",
        Markup("\n").join(parts),
        xmlns="http://www.w3.org/2000/svg",
        class_="d",
        role="img",
        width=placed.width,
        height=placed.height,
        viewBox=f"0 0 {placed.width:.0f} {placed.height:.0f}",
    )
    return f"{drawing}\n"


def description(picture: Picture) -> str:
    """Return the picture in words, for those who can't see it."""
    words = []
    for site in picture.sites:
        for machine in site.machines:
            copies = [
                f"{copy.role} of {copy.instance}"
                + (f" with {', '.join(v.name for v in copy.vips)}" if copy.vips else "")
                for copy in machine.copies
                if copy
            ]
            note = f" ({machine.note})" if machine.note else ""
            words.append(f"{machine.name}{note} in {site.name}: {'; '.join(copies) or 'nothing'}{_fenced(machine)}.")
        words += [f"{machine.name} in {site.name} {machine.note}." for machine in site.beside]
    words += [f"{link.instance}: {link.source} to {link.target}, {link.label}." for link in picture.links]
    return " ".join(words)


def _fenced(machine: MachineBox) -> str:
    if machine.device is None:
        return ""
    note = f" ({machine.device.note})" if machine.device.note else ""
    return f"; switched off by {machine.device.name}{note}"


@cache
def _style() -> str:
    return resources.files("tuchanka.diagram").joinpath("diagram.css").read_text(encoding="utf-8")


def _text(words: str, x: float, y: float, class_: str, anchor: str = "start") -> Markup:
    extra = {} if anchor == "start" else {"text_anchor": anchor}
    return element("text", words, x=x, y=y, class_=class_, **extra)


def _title(picture: Picture, placed: Placed) -> Markup:
    box = placed.title
    parts = [_text(picture.title, box.x, box.y + 20, "title"), _text(picture.caption, box.x, box.y + 42, "caption")]
    if picture.verdict:
        x = box.x + width(picture.title, 22, bold=True) + 14
        parts.append(_text(picture.verdict, x, box.y + 20, f"verdict {picture.tone}"))
    parts += [_text(f"• {text}", at.x, at.y + 13, "bad-text") for text, at in placed.problems]
    return group(parts)


def _site(placed: PlacedSite) -> Markup:
    site, box = placed.site, placed.box
    x = box.x + 14
    return group(
        (
            element("rect", class_="site", x=box.x, y=box.y, width=box.w, height=box.h, rx=12.0),
            _text(site.name, x, box.y + 27, "heading"),
            _text(site.description, x + width(site.name, 15, bold=True) + 10, box.y + 27, "soft small"),
        )
    )


def _machine(placed: PlacedMachine, hues: dict[str, str]) -> Markup:
    machine, box = placed.machine, placed.box
    parts = [
        element("rect", class_=f"machine {machine.tone}", x=box.x, y=box.y, width=box.w, height=box.h, rx=9.0),
        _text(machine.name, box.x + 12, box.y + 22, "heading"),
        _text(machine.address, box.right - 12, box.y + 22, "soft small", "end"),
    ]
    if machine.note:
        class_ = "small bad-text" if machine.tone == "bad" else "small soft"
        parts.append(_text(machine.note, box.x + 12, box.y + 40, class_))
    parts += [_copy(one, hues[one.copy.instance]) for one in placed.copies]
    if machine.device:
        tag, y = machine.device, box.bottom - 11
        parts += [_power(box.x + 19, y - 4, tag.tone), _text(tag.name, box.x + 31, y, "small")]
        if tag.note:
            class_ = "small bad-text" if tag.tone == "bad" else "small soft"
            parts.append(_text(tag.note, box.right - 12, y, class_, "end"))
    return group(parts)


def _power(x: float, y: float, tone: Tone = "plain") -> Markup:
    """Return the sign of a switch for power (IEC 60417-5009), for a fencing device."""
    # Its style stands here, so that pictures without devices are what they were.
    style = f"fill: none; stroke: var(--{'bad' if tone == 'bad' else 'soft'}); stroke-width: 1.5"
    return element("path", d=f"M{x - 3:.1f} {y - 3:.1f} a4.5 4.5 0 1 0 6 0 m-3 -3 v5", style=style)


def _copy(placed: PlacedCopy, hue: str) -> Markup:
    copy, box = placed.copy, placed.box
    badge = width(copy.role, 11, bold=True) + 16
    name = width(copy.instance, 14, bold=True)
    parts = [
        element("rect", class_=f"copy {copy.role}", x=box.x, y=box.y, width=box.w, height=box.h, rx=6.0),
        element("rect", class_=f"bar {copy.role}", x=box.x, y=box.y + 6, width=4.0, height=box.h - 12, rx=2.0),
        _text(copy.instance, box.x + 12, placed.line + 5, "name"),
        _text(f":{copy.port}", box.x + 12 + name + 2, placed.line + 5, "soft small"),
        element(
            "rect",
            class_=f"badge {copy.role}",
            x=box.right - badge - 8,
            y=placed.line - 9,
            width=badge,
            height=18.0,
            rx=9.0,
        ),
        _text(copy.role, box.right - 8 - badge / 2, placed.line + 4, f"role {copy.role}", "middle"),
    ]
    if copy.detail:
        parts.append(_text(copy.detail, box.x + 12, placed.line + 24, "detail"))
    for vip, at in placed.vips:
        parts += [
            element("rect", class_=f"vip {vip.role}", x=at.x, y=at.y, width=at.w, height=at.h, rx=10.0),
            _text(vip.name, at.x + 12, at.y + 14.5, f"vip-name {vip.role}"),
            _text(vip.address, at.right - 12, at.y + 14.5, f"vip-address {vip.role}", "end"),
        ]
    return group(parts, class_=hue)


def _wire(wire: Wire, hue: str) -> Markup:
    kind = wire.link.kind
    (before, _), (x, y) = wire.points[-2:]
    back = -HEAD if before < x else HEAD
    head = f"M{x:.1f} {y:.1f} l{back:.1f} -5 v10 z"
    line = (*wire.points[:-1], (x + back, y))
    box = wire.label
    at = box.x if wire.anchor == "start" else box.right
    return group(
        (
            element("path", class_=f"wire {kind}", d=_path(line)),
            element("path", class_=f"head {kind}", d=head),
            _text(wire.link.label, at, box.bottom - 3, f"label {kind}", wire.anchor),
        ),
        class_=hue,
    )


def _path(points: tuple[Point, ...]) -> str:
    """Return a line with rounded corners."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{near[0]:.1f} {near[1]:.1f} Q{corner[0]:.1f} {corner[1]:.1f} {far[0]:.1f} {far[1]:.1f}")
    parts.append(f"L{points[-1][0]:.1f} {points[-1][1]:.1f}")
    return " ".join(parts)


def _towards(corner: Point, other: Point) -> Point:
    """Return the point where the rounding of a corner ends, on the way to the other point."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)
    share = min(CORNER, length / 2) / length if length else 0.0
    return corner[0] + across * share, corner[1] + down * share


def _votes(points: tuple[Point, ...], *, gives: bool) -> Markup:
    return element("path", class_="votes" if gives else "votes no", d=_path(points))


def _legend(picture: Picture, placed: Placed) -> Markup:
    words = meanings(picture)
    # One instance: its colour. Several: the words are about all of them, so the text's.
    parts = []
    for kind, box in placed.legend:
        y = box.y + box.h / 2
        if kind.startswith("vip-"):
            role = kind.removeprefix("vip-")
            parts.append(element("rect", class_=f"vip {role}", x=box.x + 6, y=y - 7, width=28.0, height=14.0, rx=7.0))
        elif kind == "votes":
            class_ = "votes" if picture.votes else "votes no"
            parts.append(element("path", class_=class_, d=f"M{box.x + 4:.1f} {y:.1f} h32"))
        elif kind == "device":
            parts.append(_power(box.x + 20, y))
        else:
            parts.append(element("path", class_=f"wire {kind}", d=f"M{box.x:.1f} {y:.1f} h32"))
            parts.append(element("path", class_=f"head {kind}", d=f"M{box.x + 40:.1f} {y:.1f} l-9 -5 v10 z"))
        parts.append(_text(words[kind], box.x + 48, y + 4, "soft small"))
    return group(parts, class_="i0")
