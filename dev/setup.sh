#!/bin/sh
# Installs what building and the demo need and this machine lacks; `dev/setup.sh tests` what the tests need, too, and
# `dev/setup.sh orders` what the demo with orders needs.
# Debian's names, Debian's own client.
set -eu

missing=
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need cc build-essential
need node nodejs
need npm npm
need nft nftables
need mke2fs e2fsprogs
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
if [ "${1:-}" = tests ] || [ "${1:-}" = orders ]; then
    need go golang-go
    need javac default-jdk-headless
    need mvn maven
    need python3 python3
    need pip3 python3-pip
fi
if [ "${1:-}" = tests ]; then
    need aws awscli
    need buildah buildah
    need busybox busybox-static
    need docker-registry docker-registry
    need dockerd docker.io
    need git git
    need systemd-analyze systemd
fi

# Not in Debian. Without it the tests that need it say so and are skipped.
install_nixpacks() {
    command -v nixpacks >/dev/null 2>&1 || cargo install --quiet --debug --locked nixpacks@1.41.0 \
        || echo "nixpacks could not be installed" >&2
}

if [ -z "$missing" ]; then
    [ "${1:-}" != tests ] || install_nixpacks
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "missing:$missing; install them, or run this as root" >&2
    exit 3
fi
echo "installing:$missing" >&2

# Programs are wanted, not services: without this, Debian would start the registry, for everybody to reach.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
[ "${1:-}" != tests ] || install_nixpacks
