#!/bin/sh
# Runs the tests of real containers in a virtual machine that has cgroup version 2 and nothing else, as most machines
# have today. The machine that this is developed on may well have version 1.
#
#   dev/vm/run.sh [PART OF A TEST'S NAME]
#
# With emulation, as where there is no usable /dev/kvm, this takes about eleven minutes on two processors.
# Installs programs and downloads a kernel by Debian's names, with Debian's clients. Nothing else is
# left; the kernel's package is in target/vm.
set -eu
cd "$(dirname "$0")/../.."
filter=${1:-}
cargo=${CARGO:-cargo}
cache=${CARGO_TARGET_DIR:-target}/vm
patience=${VM_TIMEOUT:-1800} # seconds

say() { echo "test-v2: $*" >&2; }

install_programs() {
    missing=
    for pair in qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs cpio:cpio strip:binutils nft:nftables busybox:busybox-static; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        say "missing:$missing; install them, or run this as root"
        exit 3
    fi
    say "installing:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Debian's kernel for clouds, unpacked into $work/kernel; not installed.
unpack_kernel() {
    mkdir -p "$cache"
    package=$(ls "$cache"/linux-image-*-cloud-amd64_*.deb 2>/dev/null | tail -n 1)
    if [ -z "$package" ]; then
        name=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
        say "downloading $name"
        (cd "$cache" && apt-get download -qq -o APT::Sandbox::User=root "$name")
        package=$(ls "$cache"/linux-image-*-cloud-amd64_*.deb | tail -n 1)
    fi
    dpkg-deb -x "$package" "$work/kernel"
    version=$(ls "$work/kernel/lib/modules")
}

# Builds, and names the executables: the programs, and of the tests those of this machine.
build() {
    say "building"
    "$cargo" test --no-run --message-format=json -p tapedeck -p tapedeck-runtime 2>"$work/build.log" >"$work/build.json" ||
        { cat "$work/build.log" >&2; exit 1; }
    grep -o '"executable":"[^"]*"' "$work/build.json" | cut -d '"' -f 4 | sort -u >"$work/executables"
}

# put FILE [AS]: a copy in the root folder of the virtual machine, with the libraries that it needs.
put() {
    target=$root${2:-$1}
    mkdir -p "$(dirname "$target")"
    cp -L "$1" "$target"
    for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
        [ -e "$root$library" ] || { mkdir -p "$(dirname "$root$library")" && cp -L "$library" "$root$library"; }
    done
}

fill_root() {
    root=$work/root
    mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/proc" "$root/sys" \
        "$root/dev" "$root/tmp" "$root/run" "$root/root" "$root/var/lib"
    for folder in bin sbin lib lib64; do
        ln -s "usr/$folder" "$root/$folder"
    done
    put "$(command -v busybox)" /usr/bin/busybox
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$root/usr/bin/$applet"
    done
    # Where the kernel looks for it.
    ln -s ../bin/busybox "$root/usr/sbin/modprobe"
    for program in mount umount unshare setpriv grep cp mknod chmod sleep; do
        rm -f "$root/usr/bin/$program"
        put "$(command -v "$program")" "/usr/bin/$program"
    done
    put "$(PATH=$PATH:/usr/sbin command -v nft)" /usr/sbin/nft
    echo 'root:x:0:0::/root:/bin/sh' >"$root/etc/passwd"
    # For tasks to inherit; nobody answers there.
    echo 'nameserver 192.0.2.53' >"$root/etc/resolv.conf"
    cp -r "$work/kernel/lib/modules" "$root/usr/lib/modules"
    busybox depmod -b "$root" "$version"
    while read -r executable; do
        # Tests know the programs they start by the path they were built at.
        put "$executable"
        strip --strip-debug "$root$executable"
        case $executable in
        */deps/machine-* | */deps/tapedeck_runtime-*) echo "$executable" >>"$root/tests" ;;
        esac
    done <"$work/executables"
    echo "$filter" >"$root/filter"
    install -m 0755 dev/vm/guest.sh "$root/init"
}

# The first, small root: the drivers of the disk, and a change to it. Containers cannot be made in it (pivot_root).
make_disks() {
    mke2fs -qF -t ext4 -d "$root" -E root_owner=0:0 "$work/disk" 3G >"$work/mke2fs.log" 2>&1 ||
        { cat "$work/mke2fs.log" >&2; exit 1; }
    first=$work/first
    mkdir -p "$first/bin" "$first/disk" "$first/dev"
    cp "$(command -v busybox)" "$first/bin/busybox"
    for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
        file=$(find "$work/kernel/lib/modules" -name "$module.ko")
        [ -z "$file" ] || { cp "$file" "$first/" && echo "$module.ko" >>"$first/modules"; }
    done
    install -m 0755 dev/vm/first.sh "$first/init"
    (cd "$first" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
}

# A /dev/kvm without the processor's own virtualization belongs to a machine that is virtual itself, and is of no use.
run() {
    accelerator=tcg
    if [ -w /dev/kvm ] && grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; then
        accelerator=kvm
    fi
    say "starting Linux $version with 2 processors and 2 GiB of memory, by $accelerator"
    timeout "$patience" qemu-system-x86_64 -accel "$accelerator" -cpu max -smp 2 -m 2048 -nodefaults -no-reboot \
        -display none -serial stdio -nic none -kernel "$work/kernel/boot/vmlinuz-$version" -initrd "$work/initramfs" \
        -append "console=ttyS0 quiet panic=-1" -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" \
        -pidfile "$work/pid" </dev/null 2>"$work/qemu.log" | stdbuf -oL tr -d '\r' | tee "$work/console" &
    wait $! # which a signal interrupts
    cat "$work/qemu.log" >&2
}

work=$(mktemp -d)
trap 'if [ -s "$work/pid" ]; then kill "$(cat "$work/pid")" 2>/dev/null; fi; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
install_programs
unpack_kernel
build
fill_root
make_disks
began=$(date +%s)
run
say "the machine ran for $(($(date +%s) - began)) s"
case $(grep -o 'tapedeck-vm: exit [0-9]*' "$work/console" | tail -n 1) in
'tapedeck-vm: exit 0') say "everything passed" ;;
'') say "the machine ended without a word, or was still busy after $patience s" && exit 1 ;;
*) say "something failed: see above" && exit 1 ;;
esac
