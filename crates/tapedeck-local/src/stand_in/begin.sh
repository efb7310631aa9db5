# What every start script of a stand-in begins with; read by the others.
#
# The data folder is one process's: whoever comes second waits until the first is gone, which a killed one is at once.

set -eu
umask 077

data=${DATA:-/data}
ours=/usr/local/lib/tapedeck

say() {
    echo "tapedeck: $*" >&2
}

fail() {
    say "$*"
    exit 78
}

# Holds the data folder until this process, and whatever it becomes, has ended.
hold_data() {
    [ -w "$data" ] || fail "$data cannot be written to by user $(id -u)"
    exec 9>>"$data/lock"
    flock -n 9 && return
    say "waiting: another process uses this data"
    flock -w 300 9 || fail "another process still uses this data"
}

# A folder that is there as a whole or not at all: make_folder FOLDER COMMAND..., which gets a new folder as last argument.
make_folder() {
    folder=$1
    shift
    [ ! -d "$folder" ] || return 0
    rm -rf "$folder.new"
    mkdir "$folder.new"
    "$@" "$folder.new"
    mv "$folder.new" "$folder"
    sync "$data"
}

# Text in single quotes of SQL, and in the quotes of a name.
literal() {
    printf %s "$1" | sed "s/'/''/g"
}

# The file of settings names ALTERNATIVES, which every use of it therefore has to have.
make_authority() {
    ALTERNATIVES=DNS:none openssl req -new -x509 -config "$ours/openssl.cnf" -extensions authority -subj "/CN=tapedeck region local $(openssl rand -hex 4)" -days 7300 \
        -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1/ca.key" -out "$1/ca.pem" 2>"$1/said" \
        || { cat "$1/said" >&2; return 1; }
    rm "$1/said"
}

# Makes an authority once, and a certificate of it for TLS_NAMES (names and addresses, with commas; else the address that
# the engine gives to the service) when those change or it has less than a month to go. Afterwards $certificate has certificate and key, and $data/ca.pem whom to trust.
ensure_certificate() {
    tls=$data/tls
    certificate=$tls/server.pem
    make_folder "$tls" make_authority
    if [ ! -e "$data/ca.pem" ]; then
        cp "$tls/ca.pem" "$data/ca.pem.new"
        chmod 644 "$data/ca.pem.new"
        mv "$data/ca.pem.new" "$data/ca.pem"
    fi
    names=localhost,127.0.0.1,${TLS_NAMES:-${TAPEDECK_SERVICE_ADDRESS:-$(hostname)}}
    if [ "$(cat "$tls/names" 2>/dev/null)" = "$names" ] \
        && openssl x509 -in "$certificate" -noout -checkend 2592000 >/dev/null 2>&1; then
        return
    fi
    alternatives=
    for name in $(echo "$names" | tr , ' '); do
        case $name in
            *[!0-9.]*) alternatives=$alternatives,DNS:$name ;;
            *) alternatives=$alternatives,IP:$name ;;
        esac
    done
    ALTERNATIVES=${alternatives#,} openssl req -new -x509 -config "$ours/openssl.cnf" -extensions server \
        -subj "/CN=${names##*,}" -days 820 -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -newkey ec \
        -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$tls/new.key" -out "$tls/new.pem" 2>"$tls/said" \
        || { cat "$tls/said" >&2; fail "no certificate could be made"; }
    cat "$tls/new.key" >>"$tls/new.pem"
    mv "$tls/new.pem" "$certificate"
    echo "$names" >"$tls/names"
    rm "$tls/new.key" "$tls/said"
}
