"""The scripts where they must stop: nothing here installs anything."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("scripts/demo", "scripts/test", "scripts/check", ".ci/run")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def in_library(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    text = f'set -eu; . "$root/scripts/lib/host.sh"; . "$root/scripts/lib/venv.sh"; {script}'
    return run("sh", "-c", text, root=str(ROOT), **environment)


@pytest.fixture
def other_host(tmp_path: Path) -> str:
    path = tmp_path / "os-release"
    path.write_text('NAME="Fedora Linux"\nID=fedora\nVERSION_ID=42\n', encoding="utf-8")
    return str(path)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck isn't installed")
def test_shellcheck_has_nothing_to_say():
    libraries = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "scripts/lib").glob("*.sh"))

    done = run("shellcheck", "-x", *SCRIPTS, *libraries)

    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("script", SCRIPTS)
def test_can_be_called(script: str):
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", ".ci/run"])
def test_a_host_that_is_not_debian_like_gets_nothing_installed(script: str, other_host: str):
    done = run(script, TUCHANKA_OS_RELEASE=other_host)

    assert done.returncode == 3
    assert "isn't Debian-like, so nothing is installed" in done.stderr
    assert done.stdout == ""


def test_missing_pieces_are_named_with_their_package(other_host: str, tmp_path: Path):
    packages = tmp_path / "packages.txt"
    packages.write_text(
        "run iproute2 no-such-ip|/no/such/* the networks\n"
        "run base sh|no-such-shell everything\n"
        "test extra /no/such/file* tests alone\n",
        encoding="utf-8",
    )

    done = in_library(f"listed() {{ cat {packages}; }}; prepare_host run", TUCHANKA_OS_RELEASE=other_host)

    assert done.returncode == 3
    assert "no-such-ip (the networks; in Debian it comes with iproute2)" in done.stderr
    assert "everything" not in done.stderr
    assert "tests alone" not in done.stderr


def test_what_is_missing_for_tests_holds_what_is_missing_to_run(tmp_path: Path):
    packages = tmp_path / "packages.txt"
    packages.write_text("# list\nrun one no-such-1 x\ntest two no-such-2 y\nrun one no-such-3 z\n", encoding="utf-8")

    done = in_library(f"listed() {{ cat {packages}; }}; missing_packages run; missing_packages test")

    assert done.stdout == "one one two "


@pytest.fixture
def readable_copy() -> Iterator[Path]:
    """The scripts where every user can read them, which neither the checkout nor tmp_path need to be."""
    with tempfile.TemporaryDirectory(prefix="tuchanka-scripts-") as name:
        copy = Path(name)
        copy.chmod(0o755)
        shutil.copytree(ROOT / "scripts", copy / "scripts")
        shutil.copytree(ROOT / "src/tuchanka/doctor", copy / "src/tuchanka/doctor")
        yield copy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="this host isn't Debian-like")
@pytest.mark.parametrize("script", ["demo", "test"])
def test_somebody_else_than_root_is_told_what_to_do(script: str, readable_copy: Path):
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

    done = run(*nobody, "sh", str(readable_copy / "scripts" / script))

    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "needs root: sudo" in done.stderr


def test_a_python_that_is_too_old_is_not_taken():
    assert in_library("find_python 3.11").returncode == 0
    assert in_library("find_python 9.9").returncode == 1


def test_the_environment_is_fresh_only_for_this_lock_file_checkout_and_groups(tmp_path: Path):
    script = f"""
        cd {tmp_path}; mkdir -p .venv/bin
        printf x >uv.lock; printf y >pyproject.toml
        : >.venv/bin/tuchanka; chmod +x .venv/bin/tuchanka
        python_runs() {{ true; }}
        tell() {{ if venv_fresh "$1"; then echo fresh; else echo stale; fi; }}
        tell run
        echo "$(venv_hash) run $root" >"$stamp"; tell run; tell dev
        echo "$(venv_hash) dev $root" >"$stamp"; tell run; tell dev
        printf z >>uv.lock; tell run
        echo "$(venv_hash) dev /elsewhere" >"$stamp"; tell run
    """

    done = in_library(script)

    assert done.stderr == ""
    assert done.stdout.split() == ["stale", "fresh", "stale", "fresh", "fresh", "stale", "stale"]
