"""The scalar values of a topology file: what is accepted, checked here once for every place that uses them.

Values end up in configuration files and shell scripts that root runs. So each type accepts a small alphabet
in which nothing has a meaning to a shell, to PostgreSQL's or corosync's configuration, or to a path.
A validator raises ``ValueError(what, hint)``.
"""

import math
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import BeforeValidator

UNITS = {"MiB": 2**20, "GiB": 2**30}

CONTROLLED = frozenset(
    {
        "archive_cleanup_command",
        "archive_command",
        "archive_library",
        "archive_mode",
        "archive_timeout",
        "client_min_messages",
        "cluster_name",
        "config_file",
        "data_directory",
        "db_user_namespace",
        "default_transaction_isolation",
        "default_transaction_read_only",
        "external_pid_file",
        "hba_file",
        "hot_standby",
        "ident_file",
        "lc_messages",
        "listen_addresses",
        "log_destination",
        "log_min_messages",
        "log_timezone",
        "logging_collector",
        "password_encryption",
        "port",
        "primary_conninfo",
        "primary_slot_name",
        "promote_trigger_file",
        "recovery_end_command",
        "recovery_min_apply_delay",
        "restart_after_crash",
        "restore_command",
        "search_path",
        "standby_mode",
        "synchronous_standby_names",
        "syslog_facility",
        "syslog_ident",
        "syslog_sequence_numbers",
        "syslog_split_messages",
        "timezone",
        "unix_socket_directories",
        "unix_socket_group",
        "unix_socket_permissions",
        "update_process_title",
        "wal_level",
        "wal_receiver_status_interval",
        "wal_receiver_timeout",
        "wal_retrieve_retry_interval",
        "wal_sender_timeout",
    }
)
"""PostgreSQL parameters that follow from other keys of the topology, or that cluster or measurement rely on.

The measurement finds the servers' lines in the journal by program and text, sees warnings, and finds processes by
their titles; the cluster and the recorder connect through the socket and find their table by its plain name.
"""

DIRECTIVES = frozenset({"include", "include_dir", "include_if_exists"})
"""Words of postgresql.conf that look like parameters and read other files."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TOPOLOGY_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_INSTANCE = re.compile(r"[a-z_][a-z0-9_]{0,39}")
_LOCALE = re.compile(r"(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\.[A-Za-z0-9-]{1,16})?(@[a-z]{1,16})?")
_TIMEZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}")
_SIZE = re.compile(r"([1-9][0-9]{0,6})(MiB|GiB)")
_PARAMETER = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")
_DESCRIPTION = re.compile(r"[\w .,:;()/+-]{0,100}")
_AGENT = re.compile(r"fence_[a-z0-9_]{1,40}")
_AGENT_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,40}")
_SECRET = ("passw", "passphrase", "secret", "token", "apikey")
# ``parameters`` of the renderer, and what would change which node a device switches.
_SET_BY_TUCHANKA = frozenset(
    {
        "action",
        "ipmitool_path",
        "nodename",
        "pcmk_host_check",
        "pcmk_host_list",
        "pcmk_host_map",
        "pcmk_off_timeout",
        "pcmk_reboot_action",
        "pcmk_reboot_timeout",
        "port_as_ip",
        "watchdog_timeout",
    }
)
_AGENT_VALUE = re.compile(r"[A-Za-z0-9_.,:/@+-]{1,200}")
_FILE_PATH = re.compile(r"[A-Za-z0-9_.,@+/-]{1,250}")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PERCENT = re.compile(r"([1-9][0-9]?)%")
_ENDPOINT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?(:[1-9][0-9]{0,4})?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com"
    r"|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{40,4000}={0,3}( [A-Za-z0-9@._-]{1,100})?"
)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string", "put it in quotes")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _matching(pattern: re.Pattern[str], what: str, hint: str) -> Callable[[object], str]:
    # fullmatch, because "$" would let a newline through.
    def check(value: object) -> str:
        text = _text(value)
        if not pattern.fullmatch(text):
            raise ValueError(what, hint)
        return text

    return check


def _host_name(value: object) -> str:
    text = _text(value)
    if not _LABEL.fullmatch(text):
        raise ValueError(
            "isn't a host name (RFC 1123)",
            "write 1 to 63 lower-case letters, digits and inner hyphens",
        )
    # Pacemaker takes a number for a node's id; and the other two already have a meaning in /etc/hosts.
    if text.isdigit() or text in {"localhost", "ip6-localhost"}:
        raise ValueError("can't be the name of a machine", "write a name with a letter that isn't localhost")
    return text


def _domain(value: object) -> str:
    text = _text(value)
    if len(text) > 180 or not all(_LABEL.fullmatch(label) for label in text.split(".")):
        raise ValueError("isn't a domain name", 'write lower-case labels with dots between, like "lab.example"')
    return text


def _address(value: object) -> IPv4Address:
    text = _text(value)
    try:
        return IPv4Address(text)
    except ValueError as error:
        raise ValueError("isn't an IPv4 address", 'write four numbers with dots, like "192.168.89.11"') from error


def _subnet(value: object) -> IPv4Network:
    text = _text(value)
    try:
        network = IPv4Network(text, strict=False)
    except ValueError as error:
        raise ValueError("isn't an IPv4 network", 'write one like "192.168.89.0/24"') from error
    if "/" not in text or not text.rpartition("/")[2].isdecimal():
        raise ValueError("has no prefix length", f'write "{network.network_address}/24" for instance')
    if text.split("/")[0] != str(network.network_address):
        raise ValueError("has host bits set", f'write "{network}"')
    if not 8 <= network.prefixlen <= 29:
        raise ValueError(f"has the prefix length {network.prefixlen}", "write one from 8 to 29")
    if network.is_loopback or network.is_multicast or network.is_reserved or network.is_link_local:
        raise ValueError("can't be the network of machines", 'write a private one like "192.168.89.0/24"')
    if network.overlaps(IPv4Network("0.0.0.0/8")):
        raise ValueError("can't be the network of machines", 'write a private one like "192.168.89.0/24"')
    return network


def _size(value: object) -> int:
    match = _SIZE.fullmatch(_text(value))
    if not match:
        raise ValueError("isn't a size", 'write a whole number with its unit, like "512MiB" or "1GiB"')
    size = int(match[1]) * UNITS[match[2]]
    if not 256 * UNITS["MiB"] <= size <= 1024 * UNITS["GiB"]:
        raise ValueError("is too small or too big for a machine", 'write "256MiB" to "1024GiB"')
    return size


def _duration(value: object) -> int:
    match = _DURATION.fullmatch(_text(value))
    if not match:
        raise ValueError("isn't a duration", 'write a whole number with its unit, like "60s", "6h" or "14d"')
    return int(match[1]) * _SECONDS[match[2]]


def _limit(value: object) -> str:
    text = _text(value)
    if _PERCENT.fullmatch(text):
        return text
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError("is neither a share nor a size", 'write it like "25%" or "1GiB"')
    return str(int(match[1]) * UNITS[match[2]])


def _agent_parameter(value: object) -> str:
    text = _text(value)
    if not _AGENT_PARAMETER.fullmatch(text):
        raise ValueError("isn't a parameter of a fence agent", 'write lower-case letters, like "ip" or "power_wait"')
    if text in _SET_BY_TUCHANKA or any(word in text for word in _SECRET):
        raise ValueError(
            "is a secret, or what tuchanka sets itself",
            "remove it; a password is in the file that password_file names",
        )
    return text


def _agent_value(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int) and abs(value) < 2**31:
        return str(value)
    text = _text(value)
    if not _AGENT_VALUE.fullmatch(text):
        raise ValueError(
            "has a character that a parameter of a fence agent can't have",
            "write up to 200 letters, digits and _.,:/@+-",
        )
    return text


def _parameter_name(value: object) -> str:
    text = _text(value)
    if not _PARAMETER.fullmatch(text) or text in DIRECTIVES:
        raise ValueError(
            "isn't the name of a PostgreSQL parameter",
            'write lower-case letters, digits and underscores, like "shared_buffers"',
        )
    return text


def _parameter(value: object) -> str:
    text = _parameter_name(value)
    if text in CONTROLLED or text.startswith("recovery_target"):
        raise ValueError(
            "this PostgreSQL parameter is controlled by tuchanka",
            "remove it; other keys of the topology, the cluster or the measurement decide it",
        )
    return text


def _parameter_value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) and abs(value) < 2**63:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if not isinstance(value, str):
        raise ValueError("must be a string, a number or a boolean", 'write it like "256MB"')  # noqa: TRY004
    if len(value) > 200 or not value.isprintable() or set(value) & set("'\"\\`$"):
        raise ValueError(
            "has a character that has no place in postgresql.conf or a shell script",
            "write up to 200 printable characters without quotes, backslash, backquote and $",
        )
    return value


TopologyName = Annotated[
    str,
    BeforeValidator(
        _matching(
            _TOPOLOGY_NAME,
            "isn't a name for a lab",
            "write 1 to 32 lower-case letters, digits and hyphens, a letter first",
        )
    ),
]
GroupName = Annotated[
    str,
    BeforeValidator(
        _matching(
            _TOPOLOGY_NAME,
            "isn't a name for a site or a cluster",
            "write 1 to 32 lower-case letters, digits and hyphens, a letter first",
        )
    ),
]
ProviderName = Annotated[
    str,
    BeforeValidator(
        _matching(
            _TOPOLOGY_NAME,
            "isn't a name of a provider",
            "write 1 to 32 lower-case letters, digits and hyphens, a letter first",
        )
    ),
]
ServiceName = Annotated[
    str,
    BeforeValidator(
        _matching(
            _TOPOLOGY_NAME,
            "isn't a name of a service",
            "write 1 to 32 lower-case letters, digits and hyphens, a letter first",
        )
    ),
]
InstanceName = Annotated[
    str,
    BeforeValidator(
        _matching(
            _INSTANCE,
            "isn't a name for an instance",
            "write 1 to 40 lower-case letters, digits and underscores, no digit first",
        )
    ),
]
HostName = Annotated[str, BeforeValidator(_host_name)]
Domain = Annotated[str, BeforeValidator(_domain)]
Address = Annotated[IPv4Address, BeforeValidator(_address)]
Subnet = Annotated[IPv4Network, BeforeValidator(_subnet)]
Size = Annotated[int, BeforeValidator(_size)]
Locale = Annotated[
    str,
    BeforeValidator(_matching(_LOCALE, "isn't a locale", 'write one like "C.UTF-8" or "en_US.UTF-8"')),
]
TimeZone = Annotated[
    str,
    BeforeValidator(_matching(_TIMEZONE, "isn't a time zone", 'write one like "Etc/UTC" or "Europe/Berlin"')),
]
Description = Annotated[
    str,
    BeforeValidator(
        _matching(
            _DESCRIPTION,
            "has a character that a description can't have",
            "write up to 100 letters, digits, spaces and .,:;()/+-",
        )
    ),
]
SshKey = Annotated[
    str,
    BeforeValidator(
        _matching(_SSH_KEY, "isn't a public key of SSH", 'write the line of the .pub file, "ssh-ed25519 AAAA… name"')
    ),
]
ParameterName = Annotated[str, BeforeValidator(_parameter_name)]
Parameter = Annotated[str, BeforeValidator(_parameter)]
ParameterValue = Annotated[str, BeforeValidator(_parameter_value)]
AgentName = Annotated[
    str,
    BeforeValidator(_matching(_AGENT, "isn't the name of a fence agent", 'write one like "fence_ipmilan"')),
]
AgentParameter = Annotated[str, BeforeValidator(_agent_parameter)]
AgentValue = Annotated[str, BeforeValidator(_agent_value)]
FilePath = Annotated[
    str,
    BeforeValidator(_matching(_FILE_PATH, "isn't the name of a file", "write up to 250 letters, digits and _.,@+/-")),
]
Duration = Annotated[int, BeforeValidator(_duration)]
"""Seconds."""
Limit = Annotated[str, BeforeValidator(_limit)]
"""A share of a disk, like ``25%``, or a number of bytes."""
Endpoint = Annotated[
    str,
    BeforeValidator(
        _matching(_ENDPOINT, "isn't the address of an S3 service", 'write host or host:port, like "s3.example.com"')
    ),
]
Bucket = Annotated[
    str,
    BeforeValidator(
        _matching(_BUCKET, "isn't the name of a bucket", "write 3 to 63 lower-case letters, digits, dots and hyphens")
    ),
]
Region = Annotated[
    str,
    BeforeValidator(_matching(_REGION, "isn't the name of a region", 'write one like "eu-central-1"')),
]
