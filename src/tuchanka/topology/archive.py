"""From ``[archive]`` to where log and backups go. Pure."""

from collections.abc import Iterator
from pathlib import Path

from tuchanka.topology.explain import Problem, shown
from tuchanka.topology.model import ArchiveInput, TopologyInput
from tuchanka.topology.types import Archive

HTTPS = 443
STORE = "store"
"""The service that a machine has to run to be the store of the archive."""
BUCKET = "archive"
"""The bucket of a store of the lab."""
DAY_S = 86400


def archive(model: TopologyInput, folder: Path) -> Archive | None:
    """Return the archive, if there is one; files are looked for from ``folder``."""
    asked = model.archive
    if asked is None:
        return None
    host, _, port = (asked.endpoint or f"{asked.store}.{model.domain}").partition(":")
    return Archive(
        endpoint=host,
        port=int(port or HTTPS),
        bucket=asked.bucket or BUCKET,
        region=asked.region,
        store=asked.store,
        key_file=None if asked.key_file is None else str((folder / asked.key_file).absolute()),
        ca_file=None if asked.ca_file is None else str((folder / asked.ca_file).absolute()),
        full_s=asked.full,
        differential_s=asked.differential,
        keep_s=asked.keep,
        timeout_s=asked.archive_timeout,
        limit=asked.limit,
        when_stuck=asked.when_stuck,
        backup_from=asked.backup_from,
    )


def archive_contradictions(model: TopologyInput) -> Iterator[Problem]:
    """Yield what leaves the archive without a meaning."""
    asked = model.archive
    if asked is None:
        return
    if (asked.store is None) == (asked.endpoint is None):
        what = "names no store" if asked.store is None else "names two stores"
        yield Problem(
            "archive", what, "write store (a machine of [services]) or endpoint (an S3 service), one of them"
        )
    elif asked.store is not None:
        yield from _of_the_lab(model, asked, asked.store)
    else:
        for key in ("bucket", "key_file"):
            if getattr(asked, key) is None:
                yield Problem(f"archive.{key}", "this key is missing", "an endpoint needs it")
    if asked.keep % DAY_S:
        yield Problem("archive.keep", "isn't a number of days", 'write it like "14d"')
    if asked.differential > asked.full:
        yield Problem("archive.differential", "is longer than full", "write at most what full is")


def _of_the_lab(model: TopologyInput, asked: ArchiveInput, store: str) -> Iterator[Problem]:
    if store not in model.services:
        machines = ", ".join(model.services) or "there is none yet"
        yield Problem(
            "archive.store", f"there is no machine {shown(store)} in [services]", f"choose from: {machines}"
        )
    elif STORE not in model.services[store].runs:
        yield Problem("archive.store", f"no store runs on {store}", f'write runs = ["{STORE}"] there')
    for key in ("bucket", "key_file", "ca_file"):
        if getattr(asked, key) is not None:
            yield Problem(f"archive.{key}", "belongs to an endpoint, not to a store of the lab", "remove it")
