#!/bin/sh
# Compares tapedeck with runc and docker on this machine, in one run: `benches/run.sh BINARY [--rounds N] [PART …]`, parts
# being memory, start, crash, health, load, swarm, planner, config, logs, packaging, base, deploy and dev.
# Prints Markdown on standard output. Installs the peers by name where they are missing, and removes everything else that it
# made, also after Ctrl-C.
set -eu

here=$(dirname "$(realpath "$0")")
tapedeck=$(realpath "$1")
shift
if [ "$(id -u)" -ne 0 ]; then
    echo "starting containers needs root: run this as root" >&2
    exit 3
fi

say() { echo "bench: $*" >&2; }
work=$(mktemp -d "${TMPDIR:-/tmp}/tapedeck-bench.XXXXXX")
group=$(basename "$work")
daemon='' init='' measuring=''

# shellcheck disable=SC2317 # called by the trap
cleanup() {
    trap '' EXIT INT TERM
    [ -z "$measuring" ] || kill -TERM "$measuring" 2>/dev/null || true
    if [ -S "$work/home/run/engine.sock" ] || [ -d "$work/home/tasks" ]; then
        # A new engine also finds what a killed measurement has left.
        export TAPEDECK_HOME="$work/home"
        "$tapedeck" engine stop >/dev/null 2>&1 || true
        "$tapedeck" engine start >/dev/null 2>&1 || true
        "$tapedeck" engine stop --tasks >/dev/null 2>&1 || say "the engine of $work could not be stopped"
    fi
    if [ -n "$daemon" ]; then
        # PID 1 of its namespace: the kernel kills whatever is left of it, and its mounts, bridge and rules go too.
        [ -z "$init" ] || kill -TERM "$init" 2>/dev/null || true
        tries=0
        while [ $tries -lt 100 ] && [ -n "$init" ] && [ -d "/proc/$init" ]; do sleep 0.1; tries=$((tries + 1)); done
        kill -KILL "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
        find /sys/fs/cgroup -depth -type d -path "*/$group*" -exec rmdir {} + 2>/dev/null || true
    fi
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Debian's packages are installed without letting them start anything.
install_peer() { # install_peer COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 && return 0
    say "installing $2, for comparison only"
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; touch "$work/policy"; }
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"; } \
        >"$work/apt.log" 2>&1 || say "$2 could not be installed: $(tail -n 1 "$work/apt.log")"
    [ ! -e "$work/policy" ] || rm -f "$policy" "$work/policy"
    command -v "$1" >/dev/null 2>&1
}

# In namespaces of its own (network, mounts, processes): the firewall of the machine, where dockerd forbids forwarding,
# stays as it is, and nothing of it can outlive this script. Inside it has its usual bridge and rules.
start_docker() {
    say "starting a docker daemon"
    mkdir "$work/docker"
    unshare --mount --net --pid --fork --kill-child --mount-proc tini -g -- \
        sh -c 'ip link set lo up && exec "$@"' sh dockerd --data-root "$work/docker/data" \
        --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" --host "unix://$work/docker/socket" \
        --cgroup-parent "/$group" >"$work/docker/log" 2>&1 &
    daemon=$!
    tries=0
    while ! DOCKER_HOST="unix://$work/docker/socket" /usr/bin/docker version >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -gt 100 ] || ! kill -0 "$daemon" 2>/dev/null; then
            say "dockerd did not start: $(tail -n 1 "$work/docker/log")"
            return 1
        fi
        sleep 0.2
    done
    init=$(cat "/proc/$daemon/task/$daemon/children")
    init=${init% }
}

# install_validators: what judges configs of other kinds, that of PyPI into the folder of this run.
install_validators() {
    if install_peer docker-compose docker-compose; then peers="$peers --compose $(command -v docker-compose)"; fi
    if install_peer python3 python3-venv && python3 -m venv "$work/python" >"$work/pip.log" 2>&1 \
        && "$work/python/bin/pip" install --quiet cfn-lint >>"$work/pip.log" 2>&1; then
        peers="$peers --cfn-lint $work/python/bin/cfn-lint"
    else
        say "cfn-lint could not be installed: $(tail -n 1 "$work/pip.log" 2>/dev/null)"
    fi
}

# Which parts are wanted: containers need other peers than configs.
containers='' configs='' languages='' bases='' chosen=''
for argument in "$@"; do
    case $argument in
        config) configs=yes ;;
        memory | start | crash | health | swarm | logs | deploy) containers=yes ;;
        packaging) containers=yes languages=yes ;;
        base) bases=yes ;;
        planner | load | dev) ;;
        *) continue ;;
    esac
    chosen=yes
done
[ -n "$chosen" ] || { containers=yes configs=yes languages=yes bases=yes; }

peers=
if [ -n "$containers" ]; then
    if install_peer runc runc; then peers="--runc $(command -v runc)"; fi
    if install_peer dockerd docker.io && start_docker; then
        peers="$peers --docker $work/docker/socket --docker-data $work/docker/data"
    fi
fi
if [ -n "$configs" ]; then install_validators; fi
if [ -n "$languages" ]; then
    for peer in 'javac default-jdk-headless' 'mvn maven' 'go golang-go' 'docker-registry docker-registry'; do
        # shellcheck disable=SC2086 # command and package
        install_peer $peer || true
    done
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || install_peer pip3 python3-venv || true
fi
if [ -n "$bases" ] && install_peer mmdebstrap mmdebstrap; then peers="$peers --mmdebstrap $(command -v mmdebstrap)"; fi

say "building what measures"
cargo build --quiet --release --manifest-path "$here/../Cargo.toml" --package tapedeck-bench
rustc --edition 2024 -O -C target-feature=+crt-static -C panic=abort "$here/probe.rs" -o "$work/probe"
strip "$work/probe"

# shellcheck disable=SC2086 # a list of words
"${CARGO_TARGET_DIR:-$here/../target}/release/tapedeck-bench" --tapedeck "$tapedeck" --probe "$work/probe" --work "$work" \
    --examples "$here/../examples" $peers "$@" &
measuring=$!
wait "$measuring"
