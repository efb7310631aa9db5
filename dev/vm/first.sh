#!/bin/busybox sh
# Process 1 of the virtual machine until its disk is there.
/bin/busybox mount -t devtmpfs none /dev
while read -r module; do
    /bin/busybox insmod "/$module"
done </modules
/bin/busybox mount -t ext4 /dev/vda /disk || exit 1 # which ends the machine
exec /bin/busybox switch_root /disk /init
