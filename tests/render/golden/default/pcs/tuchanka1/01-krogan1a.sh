#!/bin/sh
# The resources of the instance krogan1a of the cluster tuchanka1. Run it once, on any node.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# PostgreSQL, kept by PAF: one primary, the others standbys.
# (ocf:tuchanka:pgsqlms runs PAF's own agent, ocf:heartbeat:pgsqlms, with additions: docs/helpers.md.)
pcs resource create --future krogan1a ocf:tuchanka:pgsqlms \
    bindir=/usr/lib/postgresql/17/bin pgdata=/etc/postgresql/17/krogan1a datadir=/var/lib/postgresql/17/krogan1a \
    pghost=/run/postgresql pgport=5433 \
    op start timeout=30s \
    op stop timeout=10s \
    op promote timeout=15s \
    op demote timeout=15s \
    op notify timeout=10s \
    op monitor interval=2s timeout=11s role=Promoted \
    op monitor interval=3s timeout=11s role=Unpromoted \
    promotable meta notify=true promoted-max=1 promoted-node-max=1 \
    clone-max=2 clone-node-max=1

# krogan1a: the address of the primary. It comes after the promotion and goes after the demotion.
pcs resource create krogan1a-vip ocf:heartbeat:IPaddr2 ip=192.168.89.101 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s

pcs constraint colocation add krogan1a-vip with Promoted krogan1a-clone score=INFINITY
pcs constraint order promote krogan1a-clone then start krogan1a-vip \
    symmetrical=false kind=Mandatory
pcs constraint order demote krogan1a-clone then stop krogan1a-vip \
    symmetrical=false kind=Mandatory
