"""A history's words: one that no event has is one line that says where."""

import json

import pytest

from tuchanka.errors import InputError
from tuchanka.events import Event, RoleProbe, Write, from_json, to_json

WRITE = Write(1.0, "krogan2", 1, 1.0, 1.0, "acknowledged")
PROBE = RoleProbe(1.0, "krogan2", "tuchanka2a", 1.0, "primary")


@pytest.mark.parametrize(("event", "name"), [(WRITE, "outcome"), (PROBE, "role")])
def test_a_word_that_no_event_has_is_refused(event: Event, name: str) -> None:
    line = to_json(event)
    assert from_json(line) == event
    for odd in ("weird", "", None, 1, ["primary"]):
        with pytest.raises(InputError, match=r"^h:3: not an event of a history: .*edited\?$"):
            from_json(json.dumps({**json.loads(line), name: odd}), where="h:3")
