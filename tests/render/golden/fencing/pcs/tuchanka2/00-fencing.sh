#!/bin/sh
# How the nodes of the cluster tuchanka2 are fenced. Run it once, on any node, after 00-cluster.sh.
# With CIB=FILE it changes that file instead of the live cluster.
set -eu
pcs() { command pcs ${CIB:+-f "$CIB"} "$@"; }

# Each node has a device that switches it off: a fence agent with its parameters. No node is switched off by itself.
# A monitor that fails is shown, and nothing else: to start the device anew would help nobody, and everything that the
# cluster does next waits until a start has ended.
# (fence_X_at_once is fence_X; where the device fails, it waits until the node's own watchdog must have reset it, and
# counts from when the device was asked.)
pcs stonith create fence-tuchanka2a fence_ipmilan_at_once \
    ip=192.168.93.211 \
    username=fence \
    lanplus=1 \
    cipher=3 \
    power_wait=0 \
    ipmitool_path=/usr/lib/tuchanka/fencing/ipmitool-tuchanka2a \
    watchdog_timeout=4.3 \
    pcmk_host_list=tuchanka2a \
    pcmk_reboot_action=off \
    pcmk_action_limit=-1 \
    pcmk_reboot_timeout=10s \
    pcmk_off_timeout=10s \
    op start timeout=5s \
    op monitor interval=10s timeout=5s on-fail=ignore \
    meta failure-timeout=20s
pcs constraint location fence-tuchanka2a avoids tuchanka2a
pcs stonith create fence-tuchanka2b fence_ipmilan_at_once \
    ip=192.168.93.212 \
    username=fence \
    lanplus=1 \
    cipher=3 \
    power_wait=0 \
    ipmitool_path=/usr/lib/tuchanka/fencing/ipmitool-tuchanka2b \
    watchdog_timeout=4.3 \
    pcmk_host_list=tuchanka2b \
    pcmk_reboot_action=off \
    pcmk_action_limit=-1 \
    pcmk_reboot_timeout=10s \
    pcmk_off_timeout=10s \
    op start timeout=5s \
    op monitor interval=10s timeout=5s on-fail=ignore \
    meta failure-timeout=20s
pcs constraint location fence-tuchanka2b avoids tuchanka2b

# The nodes' own watchdogs: a node that is lost, or is told to, stops feeding its own.
pcs stonith create watchdog fence_watchdog pcmk_host_list=tuchanka2a,tuchanka2b

# What is tried first, and what comes where that fails. (A configuration in a file has no nodes yet.)
pcs stonith level add ${CIB:+--force} 1 tuchanka2a fence-tuchanka2a
pcs stonith level add ${CIB:+--force} 2 tuchanka2a watchdog
pcs stonith level add ${CIB:+--force} 1 tuchanka2b fence-tuchanka2b
pcs stonith level add ${CIB:+--force} 2 tuchanka2b watchdog
