#!/bin/sh
# The demo of what services are connected to: pushes orders through examples/order-pipeline, kills tasks of each of its
# workers on the way, and checks that every order is where it belongs, exactly once. ORDERS and ROUNDS say how many
# orders, and how often tasks are killed. Begins anew each time.
set -eu
tapedeck=$1
shift
orders=${ORDERS:-10000}
rounds=${ROUNDS:-3}
patience=900
workers="intake pricing ledger receipts"

# A number of the last line of the auditor; 0 where it has none.
field() {
    found=$(printf '%s\n' "$line" | sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p")
    echo "${found:-0}"
}

# The process of the task of a worker, while there is one.
process_of() {
    awk -v worker="$1" '/^  [a-zA-Z]/ { service = $1 }
        service == worker && / RUNNING / { sub(/.*, pid /, ""); sub(/,.*/, ""); print; exit }' "$status"
}

# Kills the tasks of all workers, and remembers whom.
kill_tasks() {
    "$tapedeck" info:stack "$@" >"$status"
    for worker in $workers; do
        process=$(process_of "$worker")
        if [ -n "$process" ] && kill -KILL "$process"; then
            killed="$killed $worker:$process"
        fi
    done
}

say() {
    # shellcheck disable=SC2059 # the format is ours
    if [ -t 2 ]; then printf "\r\033[K$1" >&2; else printf "$1\n" >&2; fi
}

status=$(mktemp)
trap 'rm -f "$status"' EXIT

"$tapedeck" engine start >/dev/null
if "$tapedeck" info:stack "$@" >/dev/null 2>&1; then
    "$tapedeck" delete "$@" --yes
fi
random() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}
printf '{"booksPassword": "%s", "pricesPassword": "%s"}' "$(random)" "$(random)" \
    | "$tapedeck" secret:set order-pipeline --forceUpdate
"$tapedeck" deploy "$@" -- --orders "$orders" >/dev/null

began=$(date +%s)
killed=
round=1
line=
while :; do
    line=$("$tapedeck" logs "$@" --resourceName auditor --raw --limit 1 2>/dev/null || :)
    booked=$(field orders)
    seconds=$(($(date +%s) - began))
    say "$(printf '%3d s  %d of %d orders booked, %d wait for a price, %d for the ledger, %d for a receipt; %d tasks killed' \
        "$seconds" "$booked" "$orders" "$(field new)" "$(field priced)" "$(field booked)" "$(echo "$killed" | wc -w)")"
    case $line in *'"complete": true'*) break ;; esac
    if [ "$seconds" -gt "$patience" ]; then
        say "not complete after $patience s: $line\n"
        exit 1
    fi
    if [ "$round" -le "$rounds" ] && [ "$booked" -ge $((orders * round / (rounds + 2))) ]; then
        kill_tasks "$@"
        round=$((round + 1))
    fi
    sleep 1
done
[ ! -t 2 ] || echo >&2

# Each that was killed has gone, and another runs in its place.
"$tapedeck" info:stack "$@" >"$status"
replaced=0
for one in $killed; do
    now=$(process_of "${one%:*}")
    [ -z "$now" ] || [ "$now" = "${one#*:}" ] || replaced=$((replaced + 1))
done
again=$("$tapedeck" logs "$@" --resourceName ledger --raw --limit 1000000 \
    | sed -n 's/.*"repeated":\([0-9]*\).*/\1/p' | awk '{ sum += $1 } END { print sum + 0 }')
cat <<END

$(field orders) rows in the table of orders, $(field distinct) different ones; balances of customers count $(field owed_orders)
$(field receipts) receipts in the bucket, $(field done) orders marked as done
$(field new) + $(field priced) + $(field booked) messages left in the queues, $(field dead) dead letters
$(echo "$killed" | wc -w) tasks killed, $replaced replaced; $again orders came to the ledger a second time
$seconds s, $((orders / seconds)) orders a second

Next:
  $tapedeck info:stack $*
  $tapedeck logs $* --resourceName auditor --limit 3
  make demo-orders-clean
END
[ "$replaced" -eq "$(echo "$killed" | wc -w)" ]
