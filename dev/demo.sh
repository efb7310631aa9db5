#!/bin/sh
# The demo: deploys the example, shows it, and says what a person would type next.
set -eu
tapedeck=$1
shift
"$tapedeck" deploy "$@"
cat <<EOF

Next:
  $tapedeck info:stack $*
  $tapedeck logs $* --follow
  edit examples/heartbeat/src/main.ts, then: $tapedeck deploy $*
  make demo-clean
EOF
