"""How wide text will be: generous for every usual sans-serif font, because the reader's is not known here."""

# Widths of DejaVu Sans, the widest of the usual ones, in thousandths of the font size (its advance widths).
_NARROW = dict.fromkeys("iljI.,:;'|![]()/ ft-·", 400)
_WIDE = dict.fromkeys("mwMW@%", 960)
_OTHERS = 640
_CAPITALS = 740
BOLD = 1.1


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of ``text``, in the units of ``size``, with some room to spare."""
    units = sum(_NARROW.get(c) or _WIDE.get(c) or (_CAPITALS if c.isupper() else _OTHERS) for c in text)
    return units / 1000 * size * (BOLD if bold else 1.0)
