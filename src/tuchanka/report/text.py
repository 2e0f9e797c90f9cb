"""Text that any document may hold. Pure."""

import re

# What neither XML nor HTML may hold; it can come in with a server's message.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Return ``text`` without characters that no document may hold."""
    return _CONTROL.sub("�", text)
