#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The tuchanka authors
#
# ocf:tuchanka:caught-up: notes in a transient node attribute whether this node's copy of a PostgreSQL instance may
# become primary without a wait: it is one, or streams and has replayed everything that its primary has.
# 1 only after two such answers in a row; 0 where it is behind, or hasn't answered for a while. The resource itself is
# never failed by that: it watches the copy, PAF keeps it.

: "${OCF_FUNCTIONS_DIR=${OCF_ROOT}/lib/heartbeat}"
. "${OCF_FUNCTIONS_DIR}/ocf-shellfuncs"

running="${HA_RSCTMP}/tuchanka-${OCF_RESOURCE_INSTANCE}"

meta_data() {
    cat <<'END'
<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="caught-up" version="1.0">
<version>1.0</version>
<longdesc lang="en">Notes in a transient node attribute whether this node's copy of a PostgreSQL instance is its primary,
or streams and has replayed everything that the primary has.</longdesc>
<shortdesc lang="en">Whether a PostgreSQL standby has caught up</shortdesc>
<parameters>
<parameter name="attribute" required="1" unique="1">
<longdesc lang="en">The node attribute: 1 if it has, else 0.</longdesc>
<shortdesc lang="en">node attribute</shortdesc>
<content type="string"/>
</parameter>
<parameter name="socket" required="1">
<longdesc lang="en">The folder of the instance's socket.</longdesc>
<shortdesc lang="en">folder of the socket</shortdesc>
<content type="string"/>
</parameter>
<parameter name="port" required="1">
<longdesc lang="en">The instance's port.</longdesc>
<shortdesc lang="en">port</shortdesc>
<content type="integer"/>
</parameter>
</parameters>
<actions>
<action name="start" timeout="10s"/>
<action name="stop" timeout="10s"/>
<action name="monitor" timeout="20s" interval="10s" depth="0"/>
<action name="meta-data" timeout="5s"/>
<action name="validate-all" timeout="5s"/>
</actions>
</resource-agent>
END
}

ask() {
    timeout 3 setpriv --reuid=postgres --regid=postgres --init-groups -- \
        psql -XAtq -h "$OCF_RESKEY_socket" -p "$OCF_RESKEY_port" -d postgres -c "$1" 2>/dev/null
}

# Prints yes, no (it streams, but is behind) or unknown. What the primary had when it last wrote to us (latest_end_lsn)
# must be replayed within two seconds: under a steady load a standby is never at the very end at the moment of one look.
caught_up() {
    end=$(ask "select case when pg_is_in_recovery() then (select latest_end_lsn::text from pg_stat_wal_receiver
        where status = 'streaming') else 'primary' end")
    case "$end" in
    primary) echo yes && return ;;
    '') echo unknown && return ;;
    esac
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        case $(ask "select pg_last_wal_replay_lsn() >= '$end'::pg_lsn") in
        t) echo yes && return ;;
        '') echo unknown && return ;;
        esac
        sleep 0.2
    done
    echo no
}

# While the primary moves here, the old one is stopped and there is no stream: taking the preference away then would
# send the primary back half-way. So an earlier yes outlives some looks without an answer. PAF gives a standby that is
# not connected a score that forbids its promotion, whatever we say.
PATIENCE=10

look() {
    read -r before times noted <"$running"
    now=$(caught_up)
    case "$now" in
    yes) if [ "$before" = yes ]; then noted=1; fi ;;
    no) noted=0 ;;
    unknown)
        times=$((times + 1))
        if [ "$times" -gt "$PATIENCE" ]; then noted=0; fi
        ;;
    esac
    if [ "$now" != unknown ]; then times=0; fi
    note "$noted"
    echo "$now $times $noted" >"$running"
}

note() {
    attrd_updater --name "$OCF_RESKEY_attribute" --update "$1"
}

case "$1" in
meta-data)
    meta_data
    ;;
validate-all)
    ;;
start)
    [ -e "$running" ] || { note 0 && echo "no 0 0" >"$running"; } || exit "$OCF_ERR_GENERIC"
    ;;
stop)
    attrd_updater --name "$OCF_RESKEY_attribute" --delete
    rm -f "$running"
    ;;
monitor)
    [ -e "$running" ] || exit "$OCF_NOT_RUNNING"
    look
    ;;
*)
    exit "$OCF_ERR_UNIMPLEMENTED"
    ;;
esac
exit "$OCF_SUCCESS"
