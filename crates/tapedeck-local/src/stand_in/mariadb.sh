#!/bin/sh
# Starts MariaDB: makes its data at the first start, brings user, password and database up to date at each.
#
# MYSQL_USER, MYSQL_PASSWORD and MYSQL_DATABASE say what there is to be, MYSQL_PORT where it listens, TLS_NAMES whom its
# certificate is for. Argument `ready`: tells whether it answers.

. /usr/local/lib/tapedeck/begin.sh

port=${MYSQL_PORT:-3306}
socket=/tmp/mysqld.sock
if [ "${1-}" = ready ]; then
    exec 2>/dev/null
    MYSQL_PWD=${MYSQL_PASSWORD-} exec mariadb --no-defaults -h 127.0.0.1 -P "$port" -u "${MYSQL_USER-}" -e 'SELECT 1' >/dev/null
fi

: "${MYSQL_USER:?}" "${MYSQL_PASSWORD:?}"
database=${MYSQL_DATABASE:-$MYSQL_USER}

make_data() {
    # One sync of all files is much quicker than one after each statement; the size is that of later.
    mariadb-install-db --no-defaults --datadir="$1" --innodb-flush-log-at-trx-commit=0 --innodb-log-file-size=48M --auth-root-authentication-method=socket \
        --auth-root-socket-user="$(id -un)" --skip-test-db >"$data/said" 2>&1 || { cat "$data/said" >&2; return 1; }
    rm "$data/said"
    sync -f "$1"
}

text() {
    printf %s "$1" | sed "s/[\\\\']/\\\\&/g"
}

name() {
    printf %s "$1" | sed 's/`/``/g'
}

hold_data
make_folder "$data/mariadb" make_data
ensure_certificate

# Read before anybody can connect, by a pipe: the password is in no file.
settled=$(cat <<SQL
CREATE DATABASE IF NOT EXISTS \`$(name "$database")\`;
CREATE USER IF NOT EXISTS '$(text "$MYSQL_USER")'@'%';
ALTER USER '$(text "$MYSQL_USER")'@'%' IDENTIFIED BY '$(text "$MYSQL_PASSWORD")';
GRANT ALL PRIVILEGES ON *.* TO '$(text "$MYSQL_USER")'@'%' WITH GRANT OPTION;
SQL
)
unset MYSQL_PASSWORD

exec mariadbd --no-defaults --datadir="$data/mariadb" --init-file=/dev/fd/8 --socket="$socket" \
    --pid-file=/tmp/mysqld.pid --bind-address=0.0.0.0 --port="$port" --skip-name-resolve \
    --ssl-cert="$certificate" --ssl-key="$certificate" --ssl-ca="$data/ca.pem" \
    --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci \
    --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=32M --innodb-log-file-size=48M \
    --performance-schema=OFF --max-connections=100 --innodb-use-native-aio=0 8<<SETTLED
$settled
SETTLED
