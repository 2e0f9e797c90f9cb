"""The package as an ordinary wheel, in a clean virtual environment."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_installs_and_brings_the_command(tmp_path: Path):
    run(sys.executable, "-m", "venv", "clean", cwd=tmp_path)
    pip = (tmp_path / "clean/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check")

    run(*pip, "wheel", "--no-deps", "--wheel-dir", "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("tuchanka-*-py3-none-any.whl")
    run(*pip, "install", wheel, cwd=tmp_path)

    names = zipfile.ZipFile(wheel).namelist()
    lists = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/tuchanka").rglob("packages.txt")}
    assert {"tuchanka/py.typed", "tuchanka/doctor/packages.txt", *lists} <= set(names)
    tracked = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/tuchanka").rglob("*.py")}
    assert tracked <= set(names)
    helpers = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/tuchanka/helpers").glob("*.*")}
    assert helpers | {"tuchanka/helpers/LICENSE"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "scripts/"))]
    assert "tuchanka" in run(tmp_path / "clean/bin/tuchanka", "--help", cwd=tmp_path)
