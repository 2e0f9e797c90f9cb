import os
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tuchanka.errors import TopologyError
from tuchanka.lint.usable import usable
from tuchanka.topology.load import default_text, load, parse
from tuchanka.topology.types import ALL, STOCK, Helpers

KROGAN4 = "clusters.tuchanka4.instances.krogan4"


def refused(text: str) -> str:
    with pytest.raises(TopologyError) as caught:
        usable(parse(text, "t.toml"))
    assert caught.value.exit_status == 2
    line = str(caught.value)
    assert line.startswith("t.toml")
    assert line.isprintable()
    assert len(line) < 600
    return line


def changed(old: str, new: str) -> str:
    text = default_text()
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'address = "192.168.89.11"',
            'adress = "192.168.89.11"',
            "tuchanka2a.adress: there is no such key; did you mean address? (and 1 more problem)",
        ),
        ('address = "192.168.89.11"', 'address = "192.168.89"', "clusters.tuchanka2.nodes.tuchanka2a.address: "),
        ('address = "192.168.89.11"', "address = 11", "tuchanka2a.address: must be a string"),
        ("processes = 2048", "procesess = 1", "machine.procesess: there is no such key; did you mean processes?"),
        ("processes = 2048", 'processes = "many"', "machine.processes: must be a whole number, not 'many'"),
        ("processes = 2048", "processes = true", "machine.processes: must be a whole number"),
        ("processes = 2048", "processes = 0x" + "f" * 9000, "machine.processes: a huge number is too big"),
        ('memory = "1GiB"', 'memory = "1GB"', "machine.memory: '1GB' isn't a size"),
        ('memory = "1GiB"', 'memory = "1MiB"', "machine.memory: '1MiB' is too small or too big"),
        ('subnet = "192.168.89.0/24"', 'subnet = "192.168.89.5/24"', 'has host bits set; write "192.168.89.0/24"'),
        ('subnet = "192.168.89.0/24"', 'subnet = "192.168.89.0"', "network.subnet: '192.168.89.0' has no prefix"),
        ('subnet = "192.168.89.0/24"', 'subnet = "0.0.0.0/0"', "network.subnet: "),
        ('subnet = "192.168.89.0/24"', 'subnet = "127.0.0.0/24"', "can't be the network of machines"),
        ('subnet = "192.168.89.0/24"', 'subnet = "fd00::/64"', "isn't an IPv4 network"),
        ('provider = "nspawn"', 'provider = "Docker"', "provider: 'Docker' isn't a name of a provider; write"),
        ('\nprofile = "fast"', '\nprofile = "hasty"', "profile: there is no timing profile"),
        ("postgresql = 17", "postgresql = 9", "postgresql: 9 is too small"),
        ("# token_ms = 400", "token = 1000", "timing.token: there is no such timeout; did you mean token_ms?"),
        ("# token_ms = 400", 'token_ms = "1s"', "timing.token_ms: must be a whole number"),
        ("# token_ms = 400", "token_ms = 0", "timing.token_ms: must be a whole number of milliseconds"),
        ("count = 1", "count = 0", KROGAN4 + ".synchronous.count: 0 is too small; write at least 1"),
        ('method = "FIRST"', 'method = "first"', KROGAN4 + ".synchronous.method: 'first' isn't known here"),
        ('home = "tuchanka4a"', 'home = "tuchanka2a"', KROGAN4 + ".home: the instance has no node 'tuchanka2a'"),
        ('site = "dc3"', 'site = "dc4"', "witness.site: there is no site 'dc4'; choose from: dc1, dc2, dc3"),
        ('nodes = ["tuchanka1a", "tuchanka1b"]', 'nodes = ["tuchanka1a", "x"]', "krogan1a.nodes[1]: the cluster"),
        (
            'nodes = ["tuchanka1a", "tuchanka1b"]',
            'nodes = ["tuchanka1a", "tuchanka1a"]',
            "'tuchanka1a' is there twice",
        ),
        ('nodes = ["tuchanka1a", "tuchanka1b"]', 'nodes = "tuchanka1a"', "krogan1a.nodes: must be a list"),
        ("port = 5433", "port = 80", "krogan1a.port: 80 is too small"),
        ("port = 5433", "port = 2224", "krogan1a.port: 2224 belongs to pcsd"),
        ('name = "krogan2s1", ', "", "krogan2.standby_vips[0].name: this key is missing"),
        ('name = "krogan2s1", ', 'nam = "krogan2s1", ', "[0].nam: there is no such key; did you mean name?"),
        ("# shared_buffers = ", "port = ", KROGAN4 + ".settings.port: this PostgreSQL parameter is controlled"),
        ("# shared_buffers = ", "syslog_ident = ", KROGAN4 + ".settings.syslog_ident: this PostgreSQL parameter is"),
        ("# shared_buffers = ", "wal_level = ", KROGAN4 + ".settings.wal_level: this PostgreSQL parameter is contr"),
        (
            "[clusters.tuchanka4.instances.krogan4]\n",
            '[clusters.tuchanka4.instances.krogan4]\naccept = ["fsync; id"]\n',
            KROGAN4 + ".accept[0]: 'fsync; id' isn't the name of a PostgreSQL parameter",
        ),
        ("# shared_buffers = ", "include = ", KROGAN4 + ".settings.include: 'include' isn't the name"),
        ("# shared_buffers = ", '"a b" = ', ".settings.'a b': 'a b' isn't the name"),
        ("# shared_buffers = ", '"a\\n" = ', r".settings.'a\n': 'a\n' isn't the name"),
        ('# shared_buffers = "256MB"', "work_mem = [1]", KROGAN4 + ".settings.work_mem: must be a string"),
        ("[sites.dc1]", '[sites."../x"]', "isn't a name for a site"),
        ("[clusters.tuchanka4]", "[clusters.tuchanka4]\nnods = 1", "tuchanka4.nods: there is no such key; did"),
    ],
)
def test_each_mistake_is_named_with_its_key_and_a_hint(old: str, new: str, expected: str):
    assert expected in refused(changed(old, new))


HOSTILE = [
    "a; rm -rf /",
    "$(id)",
    "`id`",
    "a\nb",
    "a b",
    "a'b",
    'a"b',
    "../a",
    "a\\b",
    "a|b",
    "\x1b[1m",
    "é",
    "",
    "a\n",
]
PLACES = [
    ('\nname = "tuchanka"', '\nname = "{}"'),
    ('\ndomain = "tuchanka"', '\ndomain = "{}"'),
    ('\nprovider = "nspawn"', '\nprovider = "{}"'),
    ('\nprofile = "fast"', '\nprofile = "{}"'),
    ('\nlocale = "C.UTF-8"', '\nlocale = "{}"'),
    ('\ntimezone = "Etc/UTC"', '\ntimezone = "{}"'),
    ('\nname = "witness"', '\nname = "{}"'),
    ('\nsite = "dc3"', '\nsite = "{}"'),
    ('name = "krogan2",', 'name = "{}",'),
    ("[clusters.tuchanka2.nodes.tuchanka2a]", '[clusters.tuchanka2.nodes."{}"]'),
    ("[clusters.tuchanka2.instances.krogan2]", '[clusters.tuchanka2.instances."{}"]'),
    ('# public_key = "ssh-ed25519 AAAA… you@example"', 'public_key = "{}"'),
    ('memory = "1GiB"', 'memory = "{}"'),
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(("old", "new"), PLACES)
def test_nothing_hostile_gets_through(old: str, new: str, hostile: str):
    escaped = hostile.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\x1b", "\\u001b")
    refused(changed(old, new.replace("{}", escaped)))


@pytest.mark.parametrize("hostile", ["a'b", "a\\\\b", "$x", "`x`", "a\\nb", 'a\\"', "\\u0000", "x" * 201])
def test_a_setting_can_not_end_its_line(hostile: str):
    refused(changed('# shared_buffers = "256MB"', f'log_line_prefix = "{hostile}"'))


def test_settings_are_written_as_postgresql_reads_them():
    text = changed(
        '# shared_buffers = "256MB"',
        'work_mem = "8MB"\njit = false\nmax_connections = 50\npg_stat_statements.max = 9',
    ).replace("pg_stat_statements.max", '"pg_stat_statements.max"')
    assert parse(text, "t").cluster("tuchanka4").instance("krogan4").settings == {
        "work_mem": "8MB",
        "jit": "off",
        "max_connections": "50",
        "pg_stat_statements.max": "9",
    }


def test_each_cluster_has_its_version_of_postgresql():
    topology = parse(changed("[clusters.tuchanka2]", "[clusters.tuchanka2]\npostgresql = 15"), "t")
    assert [cluster.postgresql for cluster in topology.clusters] == [17, 15, 17]
    assert topology.versions == (15, 17)
    assert (topology.postgresql_of("krogan2"), topology.postgresql_of("krogan4")) == (15, 17)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "en_US.UTF-8", "de_DE.utf8", "ca_ES.UTF-8@valencia"])
def test_locales(locale: str):
    assert parse(changed('"C.UTF-8"', f'"{locale}"'), "t").locale == locale


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+3", "America/Argentina/Buenos_Aires"])
def test_time_zones(zone: str):
    assert parse(changed('"Etc/UTC"', f'"{zone}"'), "t").timezone == zone


def test_a_public_key():
    key = "ssh-ed25519 " + "A" * 68 + " me@example"
    assert parse(
        changed('# public_key = "ssh-ed25519 AAAA… you@example"', f'public_key = "{key}"'), "t"
    ).ssh_public_key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "t.toml: name: this key is missing"),
        ("a = ", "t.toml: isn't TOML"),
        ("a = " + "[" * 10000, "t.toml: "),
        ("a = " + "9" * 5000, "t.toml: isn't TOML"),
        ("\ud800 = 1", "t.toml: isn't TOML"),
        ('"[key]" = 1', "t.toml: '[key]': there is no such key"),
        ('"\\u001b" = 1', r"t.toml: '\x1b': there is no such key"),
    ],
)
def test_text_that_is_no_topology(text: str, expected: str):
    assert expected in refused(text)


def test_a_file(tmp_path: Path):
    file = tmp_path / "lab.toml"
    file.write_text("\ufeff" + default_text(), encoding="utf-8")
    assert load(file).source == str(file)


def test_what_can_not_be_read(tmp_path: Path):
    (tmp_path / "latin.toml").write_bytes(b"# one\nname = '\xe9'")
    (tmp_path / "big.toml").write_bytes(b"#" * (2**20 + 1))
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    for name, expected in {
        "missing.toml": "can't be read (No such file or directory)",
        "latin.toml/x": "can't be read (Not a directory)",
        "loop.toml": "can't be read",
        ".": "is a folder",
        "pipe.toml": "isn't a file",
        "big.toml": "is bigger than 1 MiB",
        "latin.toml": "line 2: isn't UTF-8; save it as UTF-8",
        "nul\0.toml": "isn't the name of a file",
    }.items():
        with pytest.raises(TopologyError) as caught:
            load(tmp_path / name)
        assert expected in str(caught.value)
        assert str(caught.value).isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_others_may_read(tmp_path: Path):
    file = tmp_path / "secret.toml"
    file.write_text(default_text())
    file.chmod(0)
    with pytest.raises(TopologyError, match="Permission denied"):
        load(file)


def test_each_helper_has_a_key_and_stock_switches_all_of_them_off():
    def helpers(table: str) -> Helpers:
        return parse(default_text().replace("[helpers]\nstock = false\n", f"[helpers]\n{table}\n"), "t").helpers

    assert helpers("") == parse(default_text(), "t").helpers == ALL
    assert helpers("stock = true") == STOCK
    assert helpers("stock = true\nfirst_aid = false") == STOCK
    for field in fields(Helpers):
        assert helpers(f"{field.name} = false") == replace(ALL, **{field.name: False})
    with pytest.raises(TopologyError, match=r"helpers\.first_aid: is true beside stock = true; write one of the two"):
        helpers("stock = true\nfirst_aid = true")
