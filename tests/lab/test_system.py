"""What a machine gets by its provider, whichever that is."""

from dataclasses import replace

import pytest

from tuchanka.errors import TopologyError
from tuchanka.lab.system import CHRONY_UNIT, system_files
from tuchanka.providers import registry
from tuchanka.topology.load import load

TOPOLOGY = load(None)
MACHINE = TOPOLOGY.machines[0]


@pytest.mark.parametrize(("sets_clock", "options"), [(True, "-F 1"), (False, "-F 1 -x")])
def test_network_and_clock_are_as_the_provider_says(monkeypatch: pytest.MonkeyPatch, sets_clock: bool, options: str):
    kind = replace(registry.KINDS["nspawn"], interface="ens3", sets_clock=sets_clock)
    monkeypatch.setitem(registry.KINDS, "other", kind)
    files = system_files(replace(TOPOLOGY, provider="other"), MACHINE)
    assert "Name=ens3\n" in files["/etc/systemd/network/10-tuchanka.network"].content
    assert files["/etc/default/chrony"].content == f'DAEMON_OPTS="{options}"\n'
    assert (CHRONY_UNIT in files) == (not sets_clock)


def test_without_a_provider_nothing_is_guessed():
    with pytest.raises(TopologyError, match="choose from: nspawn"):
        system_files(replace(TOPOLOGY, provider="other"), MACHINE)
