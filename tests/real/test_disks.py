"""A machine's disks are full at their size, for it alone; nor does its console fill the host's."""

from pathlib import Path

import pytest

from tests.real.lab import RealLab, wait_for

pytestmark = pytest.mark.lab

SIZE = 2 << 30
SOME = 256 << 20
PLACES = {"root": "/", "data": "/var/lib/postgresql"}


def room(lab: RealLab, place: str) -> tuple[int, int]:
    """Return the size and what is available of the witness's disk, in bytes, as its own df sees them."""
    words = lab.execute("witness", "df", "--block-size=1", "--output=size,avail", place).split()
    return int(words[-2]), int(words[-1])


def taken(lab: RealLab, disk: str) -> int:
    """Return what the disk's file takes of the host's room, in bytes."""
    lab.execute("witness", "sync")
    return (lab.paths.machine("witness").disk / "upper" / f"{disk}.img").stat().st_blocks * 512


@pytest.mark.parametrize("disk", PLACES)
def test_a_full_disk_is_full_for_its_machine_and_its_other_disk_is_not(disturbed: RealLab, disk: str) -> None:
    place, other = PLACES[disk], PLACES["data" if disk == "root" else "root"]
    size, available = room(disturbed, place)
    assert 0.95 * SIZE < size <= SIZE
    assert available > 0.9 * SIZE
    file = f"{place}/filling"
    disturbed.execute("witness", "dd", "if=/dev/urandom", f"of={file}", "bs=1M", f"count={SOME >> 20}", "conv=fsync")
    before = taken(disturbed, disk)
    assert before >= SOME

    disturbed.execute("witness", "fallocate", "-l", str(available - 2 * SOME), f"{file}.most")
    full = disturbed.execute("witness", "dd", "if=/dev/zero", f"of={file}.rest", "bs=1M", status=1)
    assert "No space left on device" in full
    assert room(disturbed, place)[1] < 1 << 20
    disturbed.execute("witness", "dd", "if=/dev/zero", f"of={other}/fits", "bs=1M", "count=1", "conv=fsync")

    # What is deleted is given back to the host, a moment later.
    disturbed.execute("witness", "sh", "-c", f"rm {file}* {other}/fits")
    assert room(disturbed, place)[1] > 0.9 * SIZE
    wait_for(lambda: taken(disturbed, disk) < before - SOME / 2, "the host's room", every=0.5)


def test_the_disks_are_mounted_for_their_machine_alone(lab: RealLab) -> None:
    for mountinfo in ("/proc/self/mountinfo", "/proc/1/mountinfo"):
        text = Path(mountinfo).read_text()
        assert str(lab.folder) not in text
        assert str(lab.paths.run) not in text


def test_a_console_that_is_written_to_without_end_stays_small_and_keeps_the_newest(disturbed: RealLab) -> None:
    disturbed.execute("witness", "sh", "-c", "yes 'nothing to say' | head -c 20000000 > /dev/console", seconds=120)
    disturbed.execute("witness", "sh", "-c", "echo the last word > /dev/console")
    folder = disturbed.paths.machine("witness").disk
    assert sum(file.stat().st_size for file in folder.glob("console.log*")) < 6 << 20
    assert "the last word" in disturbed.run("logs", "witness", "--console").stdout[-1000:]
