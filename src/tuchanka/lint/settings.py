"""What an instance's own settings do to what the cluster otherwise ensures. Pure."""

from collections.abc import Iterator

from tuchanka.lint.base import Said, instance_key
from tuchanka.postgres.effective import GUARDED, effective, guarded, weaknesses
from tuchanka.topology.explain import shown
from tuchanka.topology.types import Instance, Topology


def settings_keep_guarantees(topology: Topology) -> Iterator[Said]:
    """Settings don't weaken what trials promise, unless ``accept`` says that it is meant."""
    for cluster in topology.clusters:
        for instance in cluster.instances:
            key = instance_key(cluster, instance)
            yield from _weaknesses(key, instance)
            yield from _values(key, instance)
            yield from _accepted(key, instance)


def _weaknesses(key: str, instance: Instance) -> Iterator[Said]:
    for weakness in weaknesses(instance):
        name = weakness.parameter
        where, what = f"{key}.settings.{name}", f"{weakness.consequence} ({name} = {weakness.value})"
        remove = "remove it" if name in GUARDED else "remove it: the file has no settings of a role or database"
        if name in instance.accept:
            yield Said("warning", where, f"{what}; accepted: no trial promises otherwise", f"{remove}, to undo that")
        else:
            yield Said("error", where, what, f'{remove}, or write accept = ["{name}"] if that is meant')


def _values(key: str, instance: Instance) -> Iterator[Said]:
    for name, value in effective(instance).items():
        if value is None and name in GUARDED:
            what = f"{shown(instance.settings[name])} is no value of {name}: the server would not start"
            yield Said("error", f"{key}.settings.{name}", what, f"write {GUARDED[name].usual}, or remove it")


def _accepted(key: str, instance: Instance) -> Iterator[Said]:
    weak = {weakness.parameter for weakness in weaknesses(instance)}
    for index, name in enumerate(instance.accept):
        if guarded(name) is None:
            what = f"nothing that a trial promises depends on {name}"
            yield Said("error", f"{key}.accept[{index}]", what, f"choose from: {', '.join(GUARDED)}")
        elif name in instance.accept[:index]:
            yield Said("warning", f"{key}.accept[{index}]", f"{name} is there twice", "write it once")
        elif name not in weak:
            what = f"{name} has a value that weakens nothing, so there is nothing to accept"
            yield Said("warning", f"{key}.accept[{index}]", what, "remove it")
