#!/bin/sh
# The resources of the instance krogan2 of the cluster tuchanka2. Run it once, on any node.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# PostgreSQL, kept by PAF: one primary, the others standbys.
# (ocf:tuchanka:pgsqlms runs PAF's own agent, ocf:heartbeat:pgsqlms, with additions: docs/helpers.md.)
pcs resource create --future krogan2 ocf:tuchanka:pgsqlms \
    bindir=/usr/lib/postgresql/17/bin pgdata=/etc/postgresql/17/krogan2 datadir=/var/lib/postgresql/17/krogan2 \
    pghost=/run/postgresql pgport=5432 \
    op start timeout=30s \
    op stop timeout=10s \
    op promote timeout=15s \
    op demote timeout=15s \
    op notify timeout=10s \
    op monitor interval=2s timeout=11s role=Promoted \
    op monitor interval=3s timeout=11s role=Unpromoted \
    promotable meta notify=true promoted-max=1 promoted-node-max=1 \
    clone-max=2 clone-node-max=1

# krogan2: the address of the primary. It comes after the promotion and goes after the demotion.
pcs resource create krogan2-vip ocf:heartbeat:IPaddr2 ip=192.168.94.103 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s

pcs constraint colocation add krogan2-vip with Promoted krogan2-clone score=INFINITY
pcs constraint order promote krogan2-clone then start krogan2-vip \
    symmetrical=false kind=Mandatory
pcs constraint order demote krogan2-clone then stop krogan2-vip \
    symmetrical=false kind=Mandatory

# krogan2s1: the address of a standby. It needs a running instance, and takes the primary's if no other is left.
# Not critical: it follows the instance and never pulls it. Several of them on the last standby would weigh more than
# the primary's lead of one point, and the two nodes would change their roles again and again.
pcs resource create krogan2s1-vip ocf:heartbeat:IPaddr2 ip=192.168.94.104 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s meta critical=false

pcs constraint colocation add krogan2s1-vip with krogan2-clone score=INFINITY
pcs constraint colocation add krogan2s1-vip with Promoted krogan2-clone score=-10000
pcs constraint order start krogan2-clone then start krogan2s1-vip \
    symmetrical=false kind=Mandatory
