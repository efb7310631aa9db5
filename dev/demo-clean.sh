#!/bin/sh
# Removes what the demo made: the stack, the engine when nothing else needs it, and its files.
set -eu
tapedeck=$1
shift
state=${TAPEDECK_HOME:-/var/lib/tapedeck}
if "$tapedeck" engine status >/dev/null 2>&1; then
    "$tapedeck" delete "$@" --yes || true
elif [ -d "$state" ]; then
    # The engine was stopped, its tasks were not: bring it back to remove them.
    "$tapedeck" engine start >/dev/null && { "$tapedeck" delete "$@" --yes || true; }
fi
# The secret of the demo with orders, should the state stay.
case $* in *order-pipeline*) "$tapedeck" secret:delete order-pipeline --yes 2>/dev/null || true ;; esac
# What stood in for AWS ends by itself once nothing needs it.
tries=0
while [ -d "$state" ] && [ "$tries" -lt 100 ]; do
    stacks=$("$tapedeck" info:stacks --json)
    case $stacks in *'"tapedeck-local"'*) tries=$((tries + 1)) ;; *) break ;; esac
    sleep 0.2
done
if [ -d "$state" ] && [ "${stacks-}" = "[]" ]; then
    "$tapedeck" engine stop --tasks
    rm -rf "$state" "${TAPEDECK_HOME:+$TAPEDECK_HOME/run}"
    [ -n "${TAPEDECK_HOME:-}" ] || rm -rf /run/tapedeck
else
    echo "other stacks are deployed here: the engine and its files stay" >&2
fi
rm -rf examples/heartbeat/node_modules examples/order-pipeline/intake/node_modules
