#!/bin/sh
# The resources of the instance krogan1b of the cluster tuchanka1. Run it once, on any node.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# PostgreSQL, kept by PAF: one primary, the others standbys.
# (ocf:tuchanka:pgsqlms runs PAF's own agent, ocf:heartbeat:pgsqlms, with additions: docs/helpers.md.)
pcs resource create --future krogan1b ocf:tuchanka:pgsqlms \
    bindir=/usr/lib/postgresql/17/bin pgdata=/etc/postgresql/17/krogan1b datadir=/var/lib/postgresql/17/krogan1b \
    pghost=/run/postgresql pgport=5434 \
    op start timeout=30s \
    op stop timeout=10s \
    op promote timeout=15s \
    op demote timeout=15s \
    op notify timeout=10s \
    op monitor interval=2s timeout=11s role=Promoted \
    op monitor interval=3s timeout=11s role=Unpromoted \
    promotable meta notify=true promoted-max=1 promoted-node-max=1 \
    clone-max=2 clone-node-max=1

# krogan1b: the address of the primary. It comes after the promotion and goes after the demotion.
pcs resource create krogan1b-vip ocf:heartbeat:IPaddr2 ip=192.168.89.102 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s

pcs constraint colocation add krogan1b-vip with Promoted krogan1b-clone score=INFINITY
pcs constraint order promote krogan1b-clone then start krogan1b-vip \
    symmetrical=false kind=Mandatory
pcs constraint order demote krogan1b-clone then stop krogan1b-vip \
    symmetrical=false kind=Mandatory
