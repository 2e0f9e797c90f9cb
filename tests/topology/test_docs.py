import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tuchanka.campaign.promises import CHECKED_BY
from tuchanka.lint.topology import lint
from tuchanka.postgres.effective import GUARDED
from tuchanka.topology.explain import _model_in
from tuchanka.topology.load import parse
from tuchanka.topology.model import TopologyInput
from tuchanka.topology.values import CONTROLLED, _duration

DOC = (Path(__file__).parents[2] / "docs" / "topology.md").read_text(encoding="utf-8")
SIZES = {"machine.memory", "machine.root_disk", "machine.data_disk"}  # bytes in the model
DURATIONS = {f"archive.{key}" for key in ("full", "differential", "keep", "archive_timeout")}  # seconds in the model
NAMED = {
    "sites": "SITE",
    "services": "NAME",
    "clusters": "CLUSTER",
    "nodes": "NODE",
    "instances": "INSTANCE",
    "devices": "NODE",
}


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None or name in NAMED or inner[1] or field.default is None or prefix.count(".") > 3:
            yield prefix + name, field
        if inner is not None:
            yield from fields(inner[0], f"{prefix}{name}.{NAMED[name]}." if name in NAMED else f"{prefix}{name}.")


def test_every_key_is_documented_and_no_other():
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]*) \|", DOC, re.MULTILINE)
    keys = dict(fields(TopologyInput))
    assert [key for key, _default in rows] == list(keys)
    for key, default in rows:
        value = keys[key].default
        if key in DURATIONS:
            assert _duration(json.loads(default.strip().strip("`"))) == value, key
        elif isinstance(value, str | int) and key not in SIZES:
            assert default.strip() == f"`{json.dumps(value)}`", key
        elif value is PydanticUndefined:
            assert not default.strip(), key


def test_every_controlled_parameter_is_documented():
    assert {name for name in CONTROLLED if f"`{name}`" not in DOC} == set()


def test_every_guarded_parameter_is_documented_with_the_checks_that_go():
    table = DOC[DOC.index("## Settings that weaken") :]
    rows = re.findall(r"^\| [^|]+ \| `(\w+)([^|]*) \| ([^|]*) \|$", table, re.MULTILINE)
    checks: dict[str, set[str]] = {}
    last = ""
    for name, values, words in rows:
        last = last if words == "the same" else words
        for word, loss in GUARDED[name].losses.items():
            if word in values or word == "some":
                checks[f"{name} {word}"] = set(re.findall(r"\*([^*]+)\*", last))
                assert checks[f"{name} {word}"] == {one for g in loss.guarantees for one in CHECKED_BY[g]}
    assert set(checks) == {f"{name} {word}" for name, one in GUARDED.items() for word in one.losses}


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL))
def test_the_examples_load_without_lint_errors(example: str):
    assert [str(one) for one in lint(parse(example, "example")) if one.severity == "error"] == []
