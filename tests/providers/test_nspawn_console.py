from pathlib import Path

from tuchanka.providers.nspawn.console import ConsoleLog, read


def test_a_console_that_was_never_written_is_empty(tmp_path: Path):
    assert read(tmp_path / "console.log") == b""


def test_it_goes_on_where_an_earlier_one_ended(tmp_path: Path):
    for word in (b"one ", b"two"):
        log = ConsoleLog(tmp_path / "console.log")
        log.write(word)
        log.close()
    assert read(tmp_path / "console.log") == b"one two"


def test_it_keeps_the_newest_and_takes_no_more_than_twice_the_limit(tmp_path: Path):
    path, limit = tmp_path / "console.log", 1000
    log = ConsoleLog(path, limit)
    for number in range(10_000):
        log.write(b"%09d\n" % number)
    log.close()
    kept = read(path).split()
    assert kept == [b"%09d" % number for number in range(10_000 - len(kept), 10_000)]
    assert limit <= sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2 * limit
