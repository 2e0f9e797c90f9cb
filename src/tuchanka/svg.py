"""Just enough SVG: elements whose text and attributes are always escaped."""

from collections.abc import Iterable

from markupsafe import Markup, escape


def element(name: str, *children: str | Markup, **attributes: str | float) -> Markup:
    """Return one element. ``class_`` stands for class and ``stroke_width`` for stroke-width; floats get one digit."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"' for key, value in attributes.items()
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inner}</{name}>" if children else f"<{name}{written}/>")  # noqa: S704 - all parts are escaped


def group(children: Iterable[Markup], **attributes: str | float) -> Markup:
    """Return a ``g`` around ``children``."""
    return element("g", Markup("").join(children), **attributes)


def _plain(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
