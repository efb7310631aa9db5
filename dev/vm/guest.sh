#!/bin/sh
# Process 1 of the virtual machine: sets up what an init system would, runs the tests, tells on the console how they
# ended, and switches the machine off.
export PATH=/usr/sbin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --make-rshared /
ip link set lo up
echo 2 >/proc/sys/kernel/panic
code=0

fails() {
    echo "tapedeck-vm: FAILED: $*"
    code=1
}

echo "tapedeck-vm: Linux $(uname -r), $(nproc) processors, cgroups: $(grep cgroup /proc/mounts | tr '\n' ' ')"
echo "tapedeck-vm: controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
[ "$(grep -c cgroup /proc/mounts)" = 1 ] || fails "this is not a machine with cgroup version 2 alone"
# As in the session of a user, or in a service: not in the root of the hierarchy.
mkdir /sys/fs/cgroup/session
echo $$ >/sys/fs/cgroup/session/cgroup.procs

cd /tmp || exit 1
while read -r test; do
    echo "tapedeck-vm: ${test##*/}"
    # Seen from the source, whose files it may look for, it is somewhere else.
    # shellcheck disable=SC2046 # an empty filter is none
    "$test" --show-output $(cat /filter) </dev/null >/tmp/output 2>&1 || fails "${test##*/}"
    grep -E '^test |^SKIPPED|^measured' /tmp/output
    # What the tests that failed have said.
    sed -n '/^failures:/,$p' /tmp/output
    echo "tapedeck-vm: skipped: $(grep -c '^SKIPPED' /tmp/output)"
done </tests

# Tests check what they themselves have made; this is what any of them has left.
left="$(find /sys/fs/cgroup -mindepth 1 -type d ! -name session) $(find /sys/class/net -name 'td-*') $(nft list tables)"
left="$left $(grep -E 'overlay|/tmp/' /proc/mounts) $(ps -o pid,args | grep '[t]apedeck')"
[ -z "$(echo "$left" | tr -d ' \n')" ] || fails "left behind: $left"
dmesg | grep -E 'BUG|WARNING|Oops|hung task' && fails "the kernel complains"
echo "tapedeck-vm: exit $code"
sync
reboot -f
