from pathlib import Path

import pytest

from tuchanka.doctor.requirements import Requirement, parse, requirements
from tuchanka.providers import registry


def test_a_line_holds_when_package_alternatives_and_purpose():
    text = "# comment\n\nrun  iproute2   ip|/sbin/ip*   the lab's networks\n"

    assert parse(text) == (Requirement("run", "iproute2", ("ip", "/sbin/ip*"), "the lab's networks"),)


@pytest.mark.parametrize("line", ["run iproute2 ip", "sometimes iproute2 ip networks", "run"])
def test_a_broken_line_is_refused_with_its_number(line: str):
    with pytest.raises(ValueError, match="line 2"):
        parse(f"# the list\n{line}\n")


def test_the_list_names_what_labs_need_and_leaves_out_python_which_runs_us():
    names = {item.name for item in requirements("run", "nspawn")}

    assert {"systemd-nspawn", "mmdebstrap", "debian-archive-keyring", "ip", "nft", "ssh", "nsenter"} <= names
    assert not any(name.startswith("python") for name in names)


def test_what_a_provider_needs_is_asked_for_its_labs_alone():
    names = {item.name for item in requirements("run")}

    assert "ssh" in names
    assert "systemd-nspawn" not in names


@pytest.mark.parametrize("name", registry.KINDS)
def test_what_only_a_provider_needs_is_in_its_own_folder(name: str):
    folder = Path(__file__).parents[2] / "src/tuchanka"
    own = parse((folder / "providers" / name / "packages.txt").read_text(encoding="utf-8"))
    common = parse((folder / "doctor/packages.txt").read_text(encoding="utf-8"))

    assert {item.when for item in own} == {name}
    assert {item.when for item in common} == {"run", "test"}
    assert requirements(name) == own


def test_what_only_tests_need_is_apart():
    assert "postgresql" in {item.name for item in requirements("test")}
    assert "postgresql" not in {item.name for item in requirements("run")}


def test_the_python_asked_for_is_the_packages_own():
    root = Path(__file__).parents[2]
    listed = (root / "src/tuchanka/doctor/packages.txt").read_text(encoding="utf-8")

    assert "python:3.11 " in listed
    assert 'requires-python = ">=3.11"' in (root / "pyproject.toml").read_text(encoding="utf-8")
