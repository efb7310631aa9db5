#!/bin/sh
# Starts Redis as ElastiCache has it: a password, TLS on its one port, and unlike there data that outlives it.
#
# REDIS_PASSWORD, REDIS_PORT, REDIS_TLS=yes|no, REDIS_MAXMEMORY (such as 100mb), REDIS_MAXMEMORY_POLICY, TLS_NAMES. With
# REDIS_CLUSTER, the address that clients know it by, it is a cluster of one shard. Argument `ready`: tells whether it answers.

. /usr/local/lib/tapedeck/begin.sh

port=${REDIS_PORT:-6379}
tls=${REDIS_TLS:-no}

if [ "${1-}" = ready ]; then
    [ "$tls" = no ] || set -- ready --tls --cacert "$data/ca.pem"
    shift
    [ "$(REDISCLI_AUTH=${REDIS_PASSWORD-} redis-cli -p "$port" "$@" ping)" = PONG ]
    exit
fi

# A word of its config.
word() {
    printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"
}

hold_data
mkdir -p "$data/redis"

if [ "$tls" = yes ]; then
    ensure_certificate
    listen="port 0
tls-port $port
tls-cert-file $certificate
tls-key-file $certificate
tls-ca-cert-file $data/ca.pem
tls-auth-clients no"
else
    listen="port $port"
fi

config="bind 0.0.0.0
protected-mode no
$listen
dir $(word "$data/redis")
appendonly yes
appendfsync everysec
save \"\"
maxmemory ${REDIS_MAXMEMORY:-0}
maxmemory-policy ${REDIS_MAXMEMORY_POLICY:-volatile-lru}
always-show-logo no"
if [ -n "${REDIS_CLUSTER-}" ]; then
    nodes=$data/redis/nodes.conf
    if [ ! -e "$nodes" ]; then
        # One node that has all slots, as it would write it down itself.
        {
            echo "$(openssl rand -hex 20) $REDIS_CLUSTER:$port@$((port + 10000)) myself,master - 0 0 1 connected 0-16383"
            echo "vars currentEpoch 1 lastVoteEpoch 0"
        } >"$nodes.new"
        mv "$nodes.new" "$nodes"
    fi
    config="$config
cluster-enabled yes
cluster-config-file nodes.conf
cluster-port $((port + 10000))
cluster-announce-ip $REDIS_CLUSTER"
    [ "$tls" = no ] || config="$config
tls-cluster yes
cluster-announce-tls-port $port"
fi
[ -z "${REDIS_PASSWORD-}" ] || config="$config
requirepass $(word "$REDIS_PASSWORD")"
unset REDIS_PASSWORD

# By a pipe: the password is on no command line and in no file.
exec redis-server - <<CONFIG
$config
CONFIG
