"""Every file of the built-in topology and of every example, as it was recorded."""

from pathlib import Path

import pytest

from tests.golden import check_golden_trees, parted
from tests.render.recorded import recorded
from tuchanka.stages.tree import tree
from tuchanka.topology.load import load

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE.parents[1] / "examples").glob("*.toml"))


def test_every_tree_is_as_it_was_recorded():
    topologies = {"default": load(None)} | {example.stem: load(example) for example in EXAMPLES}
    check_golden_trees(HERE / "golden", {name: recorded(tree(one)) for name, one in topologies.items()})


def test_a_content_is_kept_once_and_the_maps_lead_to_it():
    contents, maps = parted({"one": {"b": "same", "a": "same"}, "two": {"b": "same", "c": "other"}})
    assert contents == {"one/a": "same", "two/c": "other"}
    assert maps == {"one": "a -> one/a\nb -> one/a\n", "two": "b -> one/a\nc -> two/c\n"}


def test_what_differs_is_told_as_a_diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UPDATE_GOLDEN", "1")
    check_golden_trees(tmp_path, {"one": {"hosts": "a\nb\n"}, "two": {"hosts": "a\nb\n"}})
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["hosts", "one.map", "two.map"]
    monkeypatch.delenv("UPDATE_GOLDEN")
    check_golden_trees(tmp_path, {"one": {"hosts": "a\nb\n"}, "two": {"hosts": "a\nb\n"}})
    with pytest.raises(pytest.fail.Exception) as failed:
        check_golden_trees(tmp_path, {"one": {"hosts": "a\nc\n"}, "two": {"hosts": "a\nc\n"}})
    assert "-b\n+c\n" in str(failed.value)
    assert str(failed.value).count("-b") == 1
    with pytest.raises(pytest.fail.Exception, match=r"two\.map is of no tree"):
        check_golden_trees(tmp_path, {"one": {"hosts": "a\nb\n"}})
