"""The input model: the topology file key by key, as pydantic checks it. ``load`` makes the ``Topology`` from it.

Each description is one line of documentation; docs/topology.md is held to these fields by a test.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tuchanka.topology.values import (
    Address,
    AgentName,
    AgentParameter,
    AgentValue,
    Bucket,
    Description,
    Domain,
    Duration,
    Endpoint,
    FilePath,
    GroupName,
    HostName,
    InstanceName,
    Limit,
    Locale,
    Parameter,
    ParameterName,
    ParameterValue,
    ProviderName,
    Region,
    ServiceName,
    Size,
    SshKey,
    Subnet,
    TimeZone,
    TopologyName,
)

TAKEN_PORTS = {2224: "pcsd", 3121: "pacemaker_remoted", 5403: "corosync-qnetd"}


def _port(value: int) -> int:
    if value in TAKEN_PORTS:
        raise ValueError(f"belongs to {TAKEN_PORTS[value]}", "write another one, like 5432")
    return value


Version = Annotated[int, Field(ge=13, le=18)]
Port = Annotated[int, Field(ge=1024, le=65535), AfterValidator(_port)]


class Input(BaseModel):
    """What all tables have in common: frozen, nothing unknown, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NetworkInput(Input):
    """``[network]``."""

    subnet: Subnet = Field(description="the lab's IPv4 network, with its prefix length")
    host: Address = Field(description="the address of the lab's own network namespace, where the clients live")


class MachineInput(Input):
    """``[machine]``."""

    memory: Size = Field(default=2**30, description="memory of one machine, with MiB or GiB")
    processes: int = Field(default=2048, ge=256, le=65536, description="processes and threads of one machine")
    root_disk: Size = Field(default=2**31, description="what one machine may write to its root, with MiB or GiB")
    data_disk: Size = Field(default=2**31, description="the same for PostgreSQL's data")


class SshInput(Input):
    """``[ssh]``."""

    public_key: SshKey | None = Field(default=None, description="let in beside the lab's own key; one line")


class HelpersInput(Input):
    """``[helpers]``."""

    stock: bool = Field(default=False, description="all of them off: plain PAF, plain Pacemaker")
    first_aid: bool = Field(default=True, description="start a crashed or hanging server again within the monitor")
    postgres_watch: bool = Field(default=True, description="first aid the moment a server ends or is stopped")
    pacemaker_watch: bool = Field(default=True, description="kill daemons that hang, wake a controller that sleeps")
    paf_order: bool = Field(default=True, description="the most advanced standby is promoted first")
    paf_shortcuts: bool = Field(default=True, description="PAF skips what it need not ask during a failover")
    forget_address: bool = Field(default=True, description="forget where the primary's address was when it moves")
    refuse_elsewhere: bool = Field(default=True, description="refuse connections to a VIP that is on another node")
    caught_up: bool = Field(default=True, description="the agent that an automatic failback waits for")
    fencing_at_once: bool = Field(default=True, description="the watchdog's time counts from when a device is asked")


class SiteInput(Input):
    """``[sites.SITE]``."""

    description: Description = Field(default="", description="words for people")


class WitnessInput(Input):
    """``[witness]``."""

    name: HostName = Field(description="host name of the machine that runs corosync-qnetd")
    address: Address = Field(description="its address")
    site: GroupName = Field(description="its site; best one of its own")


class ServiceMachineInput(Input):
    """``[services.NAME]``."""

    address: Address = Field(description="its address")
    site: GroupName = Field(description="its site")
    runs: list[ServiceName] = Field(default=[], description="the services that run on it")


class ArchiveInput(Input):
    """``[archive]``."""

    store: HostName | None = Field(default=None, description="the machine of [services] that runs the store")
    endpoint: Endpoint | None = Field(default=None, description="instead of store: the address of an S3 service")
    bucket: Bucket | None = Field(default=None, description="the bucket there, which must exist")
    region: Region = Field(default="us-east-1", description="the region of the bucket")
    key_file: FilePath | None = Field(
        default=None, description="file with the access key and the secret key, a line each"
    )
    ca_file: FilePath | None = Field(
        default=None, description="file with the certificates that vouch for the service"
    )
    full: Duration = Field(default=86400, description="a full backup is due so long after the last one")
    differential: Duration = Field(
        default=21600, description="a differential backup so long after the last of any kind"
    )
    keep: Duration = Field(default=14 * 86400, description="how far back a restore can go; whole days")
    archive_timeout: Duration = Field(default=60, description="the longest time until log is on its way to the store")
    limit: Limit = Field(default="25%", description="how much log may wait for the store")
    when_stuck: Literal["drop", "wait"] = Field(default="drop", description="what becomes of log above the limit")
    backup_from: Literal["standby", "primary"] = Field(
        default="standby", description="whose disk is read for a backup; without a standby the primary's"
    )


class NodeInput(Input):
    """``[clusters.CLUSTER.nodes.NODE]``."""

    address: Address = Field(description="its address")
    site: GroupName = Field(description="its site")
    bmc: Address | None = Field(default=None, description="address of a BMC that the lab gives it; absent: none")


class VipInput(Input):
    """``primary_vip`` and each of ``standby_vips``."""

    name: HostName = Field(description="host name of the floating address")
    address: Address = Field(description="the floating address")


class SynchronousInput(Input):
    """``synchronous``."""

    method: Literal["FIRST", "ANY"] = Field(default="FIRST", description="PostgreSQL's FIRST or ANY")
    count: int = Field(default=1, ge=1, le=100, description="how many standbys must confirm a commit")
    other_site_first: bool = Field(default=False, description="ask the standbys of the other sites first")


class InstanceInput(Input):
    """``[clusters.CLUSTER.instances.INSTANCE]``."""

    port: Port = Field(description="TCP port")
    home: HostName = Field(description="the node where the primary belongs")
    failback: Literal["wait", "automatic"] = Field(default="wait", description="how the primary gets back home")
    nodes: list[HostName] | None = Field(default=None, min_length=1, description="the nodes that keep it")
    primary_vip: VipInput = Field(description="the VIP that follows the primary")
    standby_vips: list[VipInput] = Field(default=[], description="VIPs for reading, each on another standby")
    synchronous: SynchronousInput | None = Field(default=None, description="synchronous replication; absent: none")
    archive: bool = Field(default=True, description="archived, where the topology has an archive")
    settings: dict[Parameter, ParameterValue] = Field(default={}, description="further PostgreSQL parameters")
    accept: list[ParameterName] = Field(default=[], description="settings that may weaken what is promised")


class FencingDeviceInput(Input):
    """``[clusters.CLUSTER.fencing.devices.NODE]``."""

    agent: AgentName = Field(description="an installed fence agent")
    parameters: dict[AgentParameter, AgentValue] = Field(default={}, description="its parameters, but no secret")
    password_file: FilePath | None = Field(
        default=None, description="file with the device's password; a relative path begins at the topology file"
    )


class FencingInput(Input):
    """``[clusters.CLUSTER.fencing]``."""

    levels: list[Literal["device", "watchdog"]] = Field(
        default=["watchdog"],
        min_length=1,
        max_length=2,
        description="what makes sure that a lost node is off, in this order",
    )
    devices: dict[HostName, FencingDeviceInput] = Field(
        default={}, description="what switches a node off that has no BMC of the lab"
    )


class ClusterInput(Input):
    """``[clusters.CLUSTER]``."""

    witness: bool = Field(default=False, description="use the witness as the quorum device")
    postgresql: Version | None = Field(default=None, description="major version of PostgreSQL; absent: the lab's")
    nodes: dict[HostName, NodeInput] = Field(min_length=2, max_length=32, description="its machines")
    fencing: FencingInput = Field(default=FencingInput(), description="how a lost node is fenced")
    instances: dict[InstanceName, InstanceInput] = Field(min_length=1, description="what it keeps running")


class TopologyInput(Input):
    """The whole file."""

    name: TopologyName = Field(description="the lab's name")
    domain: Domain = Field(default="tuchanka", description="the domain of every host name")
    provider: ProviderName = Field(default="nspawn", description="what makes the machines")
    profile: Annotated[str, Field(max_length=40)] = Field(default="steady", description="the timing profile")
    locale: Locale = Field(default="C.UTF-8", description="locale of the databases")
    timezone: TimeZone = Field(default="Etc/UTC", description="time zone of machines and databases")
    postgresql: Version = Field(default=17, description="major version of PostgreSQL")
    network: NetworkInput = Field(description="the lab's network")
    machine: MachineInput = Field(default=MachineInput(), description="what one machine may use")
    ssh: SshInput = Field(default=SshInput(), description="access for people")
    timing: dict[str, int] = Field(default={}, description="timeouts that differ from the profile's")
    helpers: HelpersInput = Field(default=HelpersInput(), description="what is added to the stock stack")
    sites: dict[GroupName, SiteInput] = Field(min_length=1, description="the data centres")
    witness: WitnessInput | None = Field(default=None, description="the machine of the quorum device")
    services: dict[HostName, ServiceMachineInput] = Field(default={}, description="machines for optional services")
    archive: ArchiveInput | None = Field(default=None, description="the archive of log and backups; absent: none")
    clusters: dict[GroupName, ClusterInput] = Field(min_length=1, description="the clusters")
