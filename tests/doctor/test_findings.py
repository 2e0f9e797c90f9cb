from pathlib import Path

import pytest

from tuchanka.doctor import findings
from tuchanka.doctor.requirements import Requirement
from tuchanka.providers.host import HostCheck


def test_a_missing_program_names_its_package():
    wanted = Requirement("run", "iproute2", ("ip",), "networks")

    check = findings.of_program(wanted, None, debian_like=True)

    assert not check.ok
    assert check.remedy == "apt-get install --no-install-recommends iproute2"


def test_elsewhere_the_package_manager_is_left_open():
    wanted = Requirement("run", "iproute2", ("ip",), "networks")

    assert "apt-get" not in findings.of_program(wanted, None, debian_like=False).remedy


def test_a_program_that_is_there_has_no_hint():
    check = findings.of_program(Requirement("run", "iproute2", ("ip",), "networks"), "/sbin/ip", debian_like=True)

    assert (check.ok, check.found, check.remedy) == (True, "/sbin/ip", "")


def test_one_command_installs_a_package_once():
    assert findings.install_command(["a", "b", "a"], debian_like=True).endswith(" a b")


@pytest.mark.parametrize(("free_bytes", "ok"), [(4 * 10**9, True), (4 * 10**9 - 1, False), (0, False)])
def test_disk(free_bytes: int, ok: bool):
    check = findings.of_disk(Path("/somewhere"), free_bytes)

    assert check.ok is ok
    assert "/somewhere" in check.name


@pytest.mark.parametrize(("kib", "ok"), [(2 * 2**20, True), (2 * 2**20 - 1, False)])
def test_memory(kib: int, ok: bool):
    assert findings.of_memory(f"MemTotal:  9 kB\nMemAvailable: {kib} kB\n").ok is ok


def test_an_unreadable_meminfo_is_no_memory():
    assert not findings.of_memory("").ok


@pytest.mark.parametrize(
    "check",
    [
        findings.of_user(1000),
        findings.of_system("Darwin", "24"),
        findings.of_machine("riscv64"),
        findings.of_python((3, 10, 4)),
    ],
)
def test_whatever_is_wrong_says_how_to_correct_it(check: HostCheck):
    assert not check.ok
    assert check.found
    assert check.remedy


@pytest.mark.parametrize(
    "check",
    [
        findings.of_user(0),
        findings.of_system("Linux", "6.1"),
        findings.of_machine("aarch64"),
        findings.of_python((3, 14, 0)),
    ],
)
def test_whatever_is_right_has_nothing_to_correct(check: HostCheck):
    assert check.ok
    assert check.remedy == ""
