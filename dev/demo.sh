#!/bin/sh
# The demo: deploys the example, shows it with its last log lines, and says what a person would type next.
set -eu
tapedeck=$1
shift
"$tapedeck" deploy "$@"

# A task that has just started has said nothing yet.
tries=0
while [ "$("$tapedeck" logs "$@" --since 10s --json 2>/dev/null | wc -l)" -lt 4 ] && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
echo
"$tapedeck" logs "$@" --limit 4
cat <<EOF

Next:
  $tapedeck info:stack $*
  $tapedeck logs $* --follow
  edit examples/heartbeat/src/main.ts, then: $tapedeck deploy $*
  make demo-clean
EOF
