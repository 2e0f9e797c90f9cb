#!/bin/sh
# The resources of the instance orders of the cluster tuchanka7. Run it once, on any node.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# PostgreSQL, kept by PAF: one primary, the others standbys.
# (ocf:tuchanka:pgsqlms runs PAF's own agent, ocf:heartbeat:pgsqlms, with additions: docs/helpers.md.)
pcs resource create --future orders ocf:tuchanka:pgsqlms \
    bindir=/usr/lib/postgresql/17/bin pgdata=/etc/postgresql/17/orders datadir=/var/lib/postgresql/17/orders \
    pghost=/run/postgresql pgport=5432 \
    op start timeout=30s \
    op stop timeout=10s \
    op promote timeout=15s \
    op demote timeout=15s \
    op notify timeout=10s \
    op monitor interval=2s timeout=11s role=Promoted \
    op monitor interval=3s timeout=11s role=Unpromoted \
    promotable meta notify=true promoted-max=1 promoted-node-max=1 \
    clone-max=5 clone-node-max=1
pcs constraint location orders-clone avoids tuchanka7c
pcs constraint location orders-clone avoids tuchanka7g

# orders: the address of the primary. It comes after the promotion and goes after the demotion.
pcs resource create orders-vip ocf:heartbeat:IPaddr2 ip=192.168.91.101 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s

pcs constraint colocation add orders-vip with Promoted orders-clone score=INFINITY
pcs constraint order promote orders-clone then start orders-vip \
    symmetrical=false kind=Mandatory
pcs constraint order demote orders-clone then stop orders-vip \
    symmetrical=false kind=Mandatory

# orders-s1: the address of a standby. It needs a running instance, and takes the primary's if no other is left.
# Not critical: it follows the instance and never pulls it. Several of them on the last standby would weigh more than
# the primary's lead of one point, and the two nodes would change their roles again and again.
pcs resource create orders-s1-vip ocf:heartbeat:IPaddr2 ip=192.168.91.102 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s meta critical=false

pcs constraint colocation add orders-s1-vip with orders-clone score=INFINITY
pcs constraint colocation add orders-s1-vip with Promoted orders-clone score=-10000
pcs constraint order start orders-clone then start orders-s1-vip \
    symmetrical=false kind=Mandatory

# orders-s2: the address of a standby. It needs a running instance, and takes the primary's if no other is left.
# Not critical: it follows the instance and never pulls it. Several of them on the last standby would weigh more than
# the primary's lead of one point, and the two nodes would change their roles again and again.
pcs resource create orders-s2-vip ocf:heartbeat:IPaddr2 ip=192.168.91.103 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s meta critical=false

pcs constraint colocation add orders-s2-vip with orders-clone score=INFINITY
pcs constraint colocation add orders-s2-vip with Promoted orders-clone score=-10000
pcs constraint order start orders-clone then start orders-s2-vip \
    symmetrical=false kind=Mandatory
# Each standby has one of these addresses before any has two.
pcs constraint colocation add orders-s2-vip with orders-s1-vip score=-50
