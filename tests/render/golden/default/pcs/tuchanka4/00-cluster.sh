#!/bin/sh
# The properties of the cluster tuchanka4. Run it once, on any node, before the scripts of the instances.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# Fencing: a node that is lost is taken for dead when its own watchdog must have reset it.
pcs property set stonith-enabled=true
# (crm_attribute, because pcs takes no milliseconds.)
env ${CIB:+CIB_file="$CIB"} crm_attribute --type crm_config \
    --name stonith-watchdog-timeout --update 4300ms

# A node that is cut off and back before the others count it as fenced is told so when they do. It must be gone at once,
# for its primary has a successor a second later; by default only its Pacemaker would stop, and leave the primary running.
pcs property set fence-reaction=panic

# A node that loses its quorum gives itself up at once. By default it would stop its resources first, and sbd would wait
# for two more of its loops: meanwhile a primary that is cut off together with a standby could acknowledge commits.
pcs property set no-quorum-policy=fence

# The first election after a start waits this long for a coordinator that may already be there.
pcs property set dc-deadtime=2s

# A resource stays where it is, and leaves a node after five failures there.
pcs resource defaults update resource-stickiness=10 migration-threshold=5

# A failover is never slowed down because a node is busy: above this load Pacemaker would run one operation at a time,
# and fence the nodes of a lost site one after another. A busy database's load says nothing of that; 0 switches it off.
pcs property set load-threshold=0%
