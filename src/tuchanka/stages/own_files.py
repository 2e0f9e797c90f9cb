"""Files of the user that a topology names: passwords, keys, certificates."""

from pathlib import Path

from tuchanka.errors import InputError


def text_of(file: Path, hint: str) -> str:
    """Return the text in the file.

    Raises:
        InputError: it can't be read; ``hint`` says what to do.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't UTF-8"
        raise InputError(f"can't be read ({reason})", where=str(file), hint=hint) from error
