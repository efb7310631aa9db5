#!/bin/sh
# Installs what building, the demo and the tests need and this machine lacks. Debian's names, Debian's own client.
set -eu

missing=
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need cc build-essential
need node nodejs
need npm npm
need nft nftables
need busybox busybox-static
need docker-registry docker-registry
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"

[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "missing:$missing; install them, or run this as root" >&2
    exit 3
fi
echo "installing:$missing" >&2
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
