#!/bin/sh
# The resources of the instance krogan4 of the cluster tuchanka4. Run it once, on any node.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# PostgreSQL, kept by PAF: one primary, the others standbys.
# (ocf:tuchanka:pgsqlms runs PAF's own agent, ocf:heartbeat:pgsqlms, with additions: docs/helpers.md.)
pcs resource create --future krogan4 ocf:tuchanka:pgsqlms \
    bindir=/usr/lib/postgresql/17/bin pgdata=/etc/postgresql/17/krogan4 datadir=/var/lib/postgresql/17/krogan4 \
    pghost=/run/postgresql pgport=5432 \
    op start timeout=30s \
    op stop timeout=10s \
    op promote timeout=15s \
    op demote timeout=15s \
    op notify timeout=10s \
    op monitor interval=2s timeout=11s role=Promoted \
    op monitor interval=3s timeout=11s role=Unpromoted \
    promotable meta notify=true promoted-max=1 promoted-node-max=1 \
    clone-max=4 clone-node-max=1

# krogan4: the address of the primary. It comes after the promotion and goes after the demotion.
pcs resource create krogan4-vip ocf:heartbeat:IPaddr2 ip=192.168.94.105 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s

pcs constraint colocation add krogan4-vip with Promoted krogan4-clone score=INFINITY
pcs constraint order promote krogan4-clone then start krogan4-vip \
    symmetrical=false kind=Mandatory
pcs constraint order demote krogan4-clone then stop krogan4-vip \
    symmetrical=false kind=Mandatory

# krogan4s1: the address of a standby. It needs a running instance, and takes the primary's if no other is left.
# Not critical: it follows the instance and never pulls it. Several of them on the last standby would weigh more than
# the primary's lead of one point, and the two nodes would change their roles again and again.
pcs resource create krogan4s1-vip ocf:heartbeat:IPaddr2 ip=192.168.94.106 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s meta critical=false

pcs constraint colocation add krogan4s1-vip with krogan4-clone score=INFINITY
pcs constraint colocation add krogan4s1-vip with Promoted krogan4-clone score=-10000
pcs constraint order start krogan4-clone then start krogan4s1-vip \
    symmetrical=false kind=Mandatory

# krogan4s2: the address of a standby. It needs a running instance, and takes the primary's if no other is left.
# Not critical: it follows the instance and never pulls it. Several of them on the last standby would weigh more than
# the primary's lead of one point, and the two nodes would change their roles again and again.
pcs resource create krogan4s2-vip ocf:heartbeat:IPaddr2 ip=192.168.94.107 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s meta critical=false

pcs constraint colocation add krogan4s2-vip with krogan4-clone score=INFINITY
pcs constraint colocation add krogan4s2-vip with Promoted krogan4-clone score=-10000
pcs constraint order start krogan4-clone then start krogan4s2-vip \
    symmetrical=false kind=Mandatory
# Each standby has one of these addresses before any has two.
pcs constraint colocation add krogan4s2-vip with krogan4s1-vip score=-50

# krogan4s3: the address of a standby. It needs a running instance, and takes the primary's if no other is left.
# Not critical: it follows the instance and never pulls it. Several of them on the last standby would weigh more than
# the primary's lead of one point, and the two nodes would change their roles again and again.
pcs resource create krogan4s3-vip ocf:heartbeat:IPaddr2 ip=192.168.94.108 cidr_netmask=24 \
    op start timeout=10s \
    op stop timeout=10s \
    op monitor interval=3s timeout=10s meta critical=false

pcs constraint colocation add krogan4s3-vip with krogan4-clone score=INFINITY
pcs constraint colocation add krogan4s3-vip with Promoted krogan4-clone score=-10000
pcs constraint order start krogan4-clone then start krogan4s3-vip \
    symmetrical=false kind=Mandatory
# Each standby has one of these addresses before any has two.
pcs constraint colocation add krogan4s3-vip with krogan4s1-vip score=-50
# Each standby has one of these addresses before any has two.
pcs constraint colocation add krogan4s3-vip with krogan4s2-vip score=-50
