"""Which files the helpers are: those of the ones that are on, and nothing of the others."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuchanka import helpers as package
from tuchanka.files import File
from tuchanka.helpers.files import (
    AGENT,
    CAUGHT_UP,
    FIRST_AID,
    POSTGRES_WATCH,
    RULES,
    SETTINGS,
    SHORTCUTS,
    WATCH,
    Settings,
    agent,
    helper_files,
    text,
)
from tuchanka.topology.types import ALL, STOCK, Helpers

NAMES = [field.name for field in fields(Helpers)]
PARTS = {"first_aid", "postgres_watch", "paf_order", "paf_shortcuts", "forget_address"}
WRAPPED = {"first_aid", "paf_order", "paf_shortcuts", "forget_address"}
OWN = {
    "first_aid": {AGENT, FIRST_AID},
    "postgres_watch": {
        POSTGRES_WATCH,
        "/etc/systemd/system/postgres-watch.service",
        "/etc/systemd/system/pacemaker.service.d/postgres-watch.conf",
    },
    "paf_order": {AGENT},
    "paf_shortcuts": {AGENT, SHORTCUTS},
    "forget_address": {AGENT},
    "pacemaker_watch": {
        WATCH,
        "/etc/systemd/system/pacemaker-watch.service",
        "/etc/systemd/system/pacemaker.service.d/tuchanka.conf",
    },
    "refuse_elsewhere": {
        RULES,
        "/etc/systemd/system/vips-elsewhere.service",
        "/etc/systemd/system/pacemaker.service.d/vips.conf",
    },
    "caught_up": {CAUGHT_UP},
    "fencing_at_once": {"/usr/sbin/fence_ipmilan_at_once"},
}
TOLD = Settings(
    hang_s=3,
    again_s=20,
    silent_s=8,
    stopped_s=0.5,
    patience_s=0.5,
    primary_addresses={"orders": "192.0.2.1"},
    floating_addresses=["192.0.2.1", "192.0.2.2"],
    failback=True,
    fence_agents=["fence_ipmilan"],
)
INSTALLED = sorted(
    file.name
    for file in Path(next(iter(package.__path__))).iterdir()
    if file.suffix in {".pl", ".sh", ".nft", ".service"}
)


def files_of(helpers: Helpers = ALL, **changed: Any) -> Mapping[str, File]:
    return helper_files(helpers, replace(TOLD, **changed))


@given(st.sets(st.sampled_from(NAMES)))
def test_there_is_exactly_what_the_helpers_that_are_on_need(chosen: set[str]):
    helpers = replace(STOCK, **dict.fromkeys(chosen, True))
    files = files_of(helpers)
    # A watch that only calls first aid is nothing without it.
    effective = chosen if "first_aid" in chosen else chosen - {"postgres_watch"}
    expected = set().union(*(OWN[name] for name in effective))
    assert set(files) - {SETTINGS} == expected
    # The agents that wait for a copy, or fence, are told by Pacemaker, not by the settings.
    assert (SETTINGS in files) is bool(effective - {"caught_up", "fencing_at_once"})
    assert agent(helpers) == ("ocf:tuchanka:pgsqlms" if chosen & WRAPPED else "ocf:heartbeat:pgsqlms")
    if chosen & WRAPPED:
        said = dict(re.findall(r"^([A-Z_]+)=(yes|no)$", files[SETTINGS].content, re.MULTILINE))
        assert said == {part.upper(): "yes" if part in chosen else "no" for part in PARTS}


def test_stock_is_nothing_at_all():
    assert files_of(STOCK) == {}
    assert agent(STOCK) == "ocf:heartbeat:pgsqlms"


def test_without_an_automatic_failback_nothing_waits_for_a_copy():
    assert set(files_of()) - set(files_of(failback=False)) == {CAUGHT_UP}


def test_every_setting_is_read_by_a_program_or_a_unit():
    files = files_of()
    readers = "".join(file.content for path, file in files.items() if path != SETTINGS)
    for name in re.findall(r"^([A-Z_]+)=", files[SETTINGS].content, re.MULTILINE):
        assert name in readers, name
    assert "PRIMARY_ADDRESS_orders=192.0.2.1\n" in files[SETTINGS].content
    assert "'PRIMARY_ADDRESS_'" in readers


@pytest.mark.parametrize("name", INSTALLED)
def test_every_file_has_its_licence_and_can_be_read_as_it_is_installed(name: str):
    content = text(name)
    assert "SPDX-License-Identifier: MIT" in "\n".join(content.splitlines()[:3])
    assert "{{" not in content
    assert content in {file.content for file in files_of().values()}


@pytest.mark.skipif(shutil.which("perl") is None, reason="no perl on this host")
@pytest.mark.parametrize("name", [name for name in INSTALLED if name.endswith(".pl")])
def test_the_programs_compile(name: str, tmp_path: Path):
    (tmp_path / name).write_text(text(name))
    done = subprocess.run(["perl", "-c", name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_folder_brings_the_licence_along():
    assert text("LICENSE") == (Path(__file__).parents[2] / "LICENSE").read_text(encoding="utf-8")


def test_the_folder_says_how_each_is_installed():
    readme = text("README.md")
    for path in set(files_of()):
        assert path in readme, path
