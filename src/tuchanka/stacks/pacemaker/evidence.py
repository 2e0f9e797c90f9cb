"""What a node can say about a failed trial: the commands whose output is kept."""

from collections.abc import Mapping

LOG_BYTES = 4 << 20

# File → the command whose output it holds. Each has its own deadline: a daemon that hangs hides nothing but itself.
COMMANDS: Mapping[str, str] = {
    "pcs-status.txt": "pcs status --full",
    "crm_mon.txt": "crm_mon --one-shot --inactive --group-by-node --failcounts --operations --show-node-attributes",
    "cib.xml": "cibadmin --query || cat /var/lib/pacemaker/cib/cib.xml",
    "fencing.txt": "stonith_admin --history '*' --verbose",
    "quorum.txt": "corosync-quorumtool -s; corosync-qdevice-tool -sv; corosync-qnetd-tool -lv",
    "corosync-rings.txt": "corosync-cfgtool -n; corosync-cmapctl -m stats",
    "journal.txt": f"journalctl --no-pager --output=short-precise | tail -c {LOG_BYTES}",
    "corosync.log": "journalctl --no-pager --output=short-precise -t corosync -t corosync-qdevice -t corosync-qnetd",
    "postgres.log": "journalctl --no-pager --output=short-precise SYSLOG_FACILITY=16 + _COMM=postgres",
    "pacemaker.log": f"tail -c {LOG_BYTES} /var/log/pacemaker/pacemaker.log",
    "processes.txt": "ps axfo pid,ppid,stat,wchan:20,etime,rss,args",
    "host.txt": "uptime; free -m; df -h; df -i; ip -d address; ip neighbour; nft list ruleset",
    "data.txt": 'ls -la /var/lib/postgresql/*/; for d in /var/lib/postgresql/*/*/; do echo "$d";'
    ' /usr/lib/postgresql/*/bin/pg_controldata -D "$d" | grep -v nonce; done',
}
