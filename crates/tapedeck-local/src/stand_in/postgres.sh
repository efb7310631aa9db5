#!/bin/sh
# Starts PostgreSQL: makes its cluster at the first start, brings role, password and database up to date at each.
#
# POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB say what there is to be, POSTGRES_PORT where it listens, TLS_NAMES whom
# its certificate is for. Argument `ready`: tells whether it answers. SIGINT ends it in order, without waiting for clients.

. /usr/local/lib/tapedeck/begin.sh

for bin in /usr/lib/postgresql/*/bin; do
    PATH=$bin:$PATH
done
port=${POSTGRES_PORT:-5432}
[ "${1-}" != ready ] || exec pg_isready -q -h 127.0.0.1 -p "$port"

user=${POSTGRES_USER:?}
database=${POSTGRES_DB:-$user}
cluster=$data/postgres
: "${POSTGRES_PASSWORD:?}"

# Texts are ordered as people order them, as on RDS, where this PostgreSQL can do so without the C library.
make_cluster() {
    order="--locale C.UTF-8"
    if initdb --help | grep -q icu-locale; then
        order="$order --locale-provider icu --icu-locale en-US"
    fi
    # One sync of all files is much quicker than a sync of each.
    # shellcheck disable=SC2086 # a list of words
    initdb --pgdata "$1" --username rdsadmin --encoding UTF8 $order --auth-local reject --auth-host reject --no-sync \
        >"$data/said" 2>&1 || { cat "$data/said" >&2; return 1; }
    rm "$data/said"
    sync -f "$1"
}

quoted() {
    printf %s "$1" | sed 's/"/""/g'
}

# A single process without network: what it is told is settled before anybody can connect.
settle() {
    said=$(postgres --single -j -D "$cluster" -c recovery_init_sync_method=syncfs -c log_min_messages=error -c log_min_error_statement=panic postgres 2>&1 <<SQL
DO \$settle\$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$(literal "$user")') THEN CREATE ROLE "$(quoted "$user")"; END IF;
END \$settle\$;

ALTER ROLE "$(quoted "$user")" LOGIN SUPERUSER PASSWORD '$(literal "$POSTGRES_PASSWORD")';

CREATE DATABASE "$(quoted "$database")" OWNER "$(quoted "$user")";

SELECT 'settled' AS state FROM pg_database, pg_authid
  WHERE datname = '$(literal "$database")' AND rolname = '$(literal "$user")' AND rolpassword LIKE 'SCRAM-SHA-256\$%';

SQL
    ) || :
    case $said in
        *'state = "settled"'*) ;;
        *)
            echo "$said" >&2
            fail "role and database could not be brought up to date"
            ;;
    esac
}

hold_data
make_folder "$cluster" make_cluster
found=$(cat "$cluster/PG_VERSION")
case $(postgres --version) in
    *" $found."*) ;;
    *) fail "the data is of PostgreSQL $found, and this is $(postgres --version): dump it with the old one, or remove it" ;;
esac
# Of a process that was killed: whoever else could have written it would hold the data.
rm -f "$cluster/postmaster.pid"
# What was asked for before and is so no longer was changed by somebody with SQL, and stays as it is, as on RDS. This text
# tells no more of the password than the cluster does.
salt=$(cut -d'$' -f3 "$data/settled" 2>/dev/null || :)
wanted=$(printf '%s/%s/%s' "$user" "$database" "$POSTGRES_PASSWORD" | sha256sum \
    | openssl passwd -6 -salt "${salt:-$(openssl rand -hex 8)}" -stdin)
if [ "$wanted" != "$(cat "$data/settled" 2>/dev/null)" ]; then
    settle
    echo "$wanted" >"$data/settled.new"
    mv "$data/settled.new" "$data/settled"
fi
ensure_certificate
unset POSTGRES_PASSWORD

# Durable: nothing here touches fsync. Small: two dozen MiB at rest, and what connections take.
exec postgres -D "$cluster" -p "$port" \
    -c listen_addresses=0.0.0.0 -c unix_socket_directories=/tmp -c hba_file="$ours/pg_hba.conf" \
    -c ssl=on -c ssl_cert_file="$certificate" -c ssl_key_file="$certificate" \
    -c max_connections=100 -c shared_buffers=32MB -c maintenance_work_mem=32MB -c max_wal_size=256MB \
    -c max_parallel_workers_per_gather=0 -c max_parallel_maintenance_workers=0 -c autovacuum_max_workers=2 -c jit=off \
    -c recovery_init_sync_method=syncfs -c huge_pages=off -c timezone=UTC -c log_timezone=UTC
