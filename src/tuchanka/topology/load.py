"""Reads a topology file. Whatever is wrong with it becomes one TopologyError of one line."""

import os
import stat
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from tuchanka.errors import TopologyError
from tuchanka.topology.archive import archive, archive_contradictions
from tuchanka.topology.explain import Problem, dotted, problems, shown
from tuchanka.topology.fencing import fencing, fencing_contradictions
from tuchanka.topology.model import ClusterInput, HelpersInput, InstanceInput, TopologyInput, VipInput
from tuchanka.topology.types import (
    STOCK,
    Cluster,
    Helpers,
    Instance,
    Limits,
    Network,
    Node,
    ServiceMachine,
    Site,
    Synchronous,
    Topology,
    Vip,
    Witness,
)

BUILT_IN = "default.toml"
"""The name of the built-in topology in findings and errors."""

KEPT = "topology.toml"
"""The name of a lab's own copy of the file that it was built from, in its folder."""

LARGEST_BYTES = 2**20
"""A topology file is never bigger; what is (a disk, a log) was named by mistake."""


def load(path: Path | None, beside: Path | None = None) -> Topology:
    """Return the topology in the file, or the built-in one for ``None``.

    Relative paths in it begin at the folder ``beside``, or at the file's own.

    Raises TopologyError (one line: file, key, what, hint) for anything that can't be used.
    """
    if path is None:
        return parse(default_text(), BUILT_IN)
    return parse(_read(path), str(path), beside)


def default_text() -> str:
    """Return the built-in topology as its commented TOML text."""
    return resources.files("tuchanka.topology").joinpath(BUILT_IN).read_text(encoding="utf-8")


def parse(text: str, source: str, beside: Path | None = None) -> Topology:
    """Return the topology written in ``text``; ``source`` is the file name for errors and findings.

    Relative paths begin at the folder ``beside``, or at that of ``source``.

    Raises TopologyError like ``load``.
    """
    source = source if source.isprintable() else ascii(source)
    try:
        text.encode("utf-8")
        document = tomllib.loads(text)
    except RecursionError as error:
        raise TopologyError("is nested too deeply", where=source, hint="write flat tables") from error
    except ValueError as error:  # TOMLDecodeError, a number out of bounds, half a surrogate pair
        reason = " ".join(ascii(str(error))[1:-1].split())[:200]
        raise TopologyError(f"isn't TOML: {reason}", where=source, hint="correct the syntax (toml.io)") from error
    try:
        model = TopologyInput.model_validate(document)
    except ValidationError as error:
        raise _first(source, problems(error, TopologyInput)) from error
    contradictions = tuple(_contradictions(model))
    if contradictions:
        raise _first(source, contradictions)
    return _topology(model, source, beside or Path(source).parent)


def _read(path: Path) -> str:
    name = str(path) if str(path).isprintable() else ascii(str(path))
    hint = "name a TOML file; `tuchanka topology` prints one to start from"
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TopologyError("isn't a file", where=name, hint=hint)
            content = file.read(LARGEST_BYTES + 1)
    except IsADirectoryError as error:
        raise TopologyError("is a folder, not a file", where=name, hint=hint) from error
    except OSError as error:
        raise TopologyError(f"can't be read ({error.strerror})", where=name, hint=hint) from error
    except ValueError as error:  # a NUL in the path
        raise TopologyError("isn't the name of a file", where=name, hint=hint) from error
    if len(content) > LARGEST_BYTES:
        raise TopologyError("is bigger than 1 MiB", where=name, hint=hint)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TopologyError("isn't UTF-8", where=f"{name}: line {line}", hint="save it as UTF-8") from error


def _without_waiting(path: str, flags: int) -> int:
    # Opening a pipe that nobody writes to would wait without end.
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _first(source: str, found: tuple[Problem, ...]) -> TopologyError:
    more = len(found) - 1
    rest = f" (and {more} more {'problem' if more == 1 else 'problems'})" if more else ""
    return TopologyError(found[0].what, where=f"{source}: {found[0].key}", hint=found[0].hint + rest)


def _contradictions(model: TopologyInput) -> Iterator[Problem]:
    """Yield what would leave the topology without a meaning; what merely works badly is for the lint."""
    if model.witness:
        yield from _site(model, model.witness.site, "witness.site")
    if model.helpers.stock:
        for key in sorted(model.helpers.model_fields_set - {"stock"}):
            if getattr(model.helpers, key):
                yield Problem(f"helpers.{key}", "is true beside stock = true", "write one of the two")
    for machine, its_own in model.services.items():
        yield from _site(model, its_own.site, dotted(("services", machine, "site")))
    yield from archive_contradictions(model)
    for name, cluster in model.clusters.items():
        yield from fencing_contradictions(dotted(("clusters", name, "fencing")), cluster)
        for node, its in cluster.nodes.items():
            yield from _site(model, its.site, dotted(("clusters", name, "nodes", node, "site")))
        for instance, kept in cluster.instances.items():
            yield from _instance_contradictions(dotted(("clusters", name, "instances", instance)), cluster, kept)


def _site(model: TopologyInput, site: str, key: str) -> Iterator[Problem]:
    if site not in model.sites:
        yield Problem(key, f"there is no site {shown(site)}", f"choose from: {', '.join(model.sites)}")


def _instance_contradictions(key: str, cluster: ClusterInput, instance: InstanceInput) -> Iterator[Problem]:
    nodes = list(cluster.nodes) if instance.nodes is None else instance.nodes
    for index, node in enumerate(nodes):
        if node not in cluster.nodes:
            what = f"the cluster has no node {shown(node)}"
            yield Problem(f"{key}.nodes[{index}]", what, f"choose from: {', '.join(cluster.nodes)}")
        elif node in nodes[:index]:
            yield Problem(f"{key}.nodes[{index}]", f"{shown(node)} is there twice", "write each node once")
    if instance.home not in nodes:
        what = f"the instance has no node {shown(instance.home)}"
        yield Problem(f"{key}.home", what, f"choose from: {', '.join(nodes)}")


def _topology(model: TopologyInput, source: str, folder: Path) -> Topology:
    witness = model.witness
    return Topology(
        name=model.name,
        source=source,
        domain=model.domain,
        provider=model.provider,
        profile=model.profile,
        overrides={key: value for key, value in model.timing.items()},  # noqa: C416 - int to float, for mypy
        locale=model.locale,
        timezone=model.timezone,
        network=Network(subnet=model.network.subnet, host=model.network.host),
        sites=tuple(Site(name, site.description) for name, site in model.sites.items()),
        witness=Witness(witness.name, witness.address, witness.site) if witness else None,
        clusters=tuple(_cluster(name, cluster, model, folder) for name, cluster in model.clusters.items()),
        limits=Limits(
            memory_bytes=model.machine.memory,
            processes=model.machine.processes,
            root_disk_bytes=model.machine.root_disk,
            data_disk_bytes=model.machine.data_disk,
        ),
        ssh_public_key=model.ssh.public_key,
        helpers=_helpers(model.helpers),
        services=tuple(
            ServiceMachine(name, its.address, its.site, tuple(its.runs)) for name, its in model.services.items()
        ),
        archive=archive(model, Path(source).parent),
    )


def _helpers(helpers: HelpersInput) -> Helpers:
    return STOCK if helpers.stock else Helpers(**helpers.model_dump(exclude={"stock"}))


def _cluster(name: str, cluster: ClusterInput, model: TopologyInput, folder: Path) -> Cluster:
    return Cluster(
        name=name,
        nodes=tuple(Node(node, its.address, its.site, its.bmc) for node, its in cluster.nodes.items()),
        instances=tuple(_instance(one, its, tuple(cluster.nodes)) for one, its in cluster.instances.items()),
        witness=cluster.witness,
        postgresql=model.postgresql if cluster.postgresql is None else cluster.postgresql,
        fencing=fencing(cluster, folder),
    )


def _instance(name: str, instance: InstanceInput, everywhere: tuple[str, ...]) -> Instance:
    asked = instance.synchronous
    return Instance(
        name=name,
        port=instance.port,
        home=instance.home,
        failback=instance.failback,
        nodes=everywhere if instance.nodes is None else tuple(instance.nodes),
        primary_vip=_vip(instance.primary_vip),
        standby_vips=tuple(_vip(vip) for vip in instance.standby_vips),
        synchronous=Synchronous(asked.method, asked.count, asked.other_site_first) if asked else None,
        settings=dict(instance.settings),
        accept=tuple(instance.accept),
        archive=instance.archive,
    )


def _vip(vip: VipInput) -> Vip:
    return Vip(vip.name, vip.address)
