#!/usr/bin/env bash
# Runs the tests of the sandbox and of the plugin processes on Debian's own kernel, in a
# virtual machine: as root and as a user, each in a cgroup (version 2) delegated only to
# the tests, and in none. The machine has only busybox, the test binaries and what they
# read. ACCEL=kvm makes it fast where that works; without, it takes many minutes.
#
#	scripts/vm.sh
#	RUN=Memory VERBOSE=true scripts/vm.sh    some tests, with what they say
#
# It needs qemu-system-x86_64 and, for the kernel and busybox, apt-get; both are
# kept in ${XDG_CACHE_HOME:-~/.cache}/workbench-vm.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in qemu-system-x86_64 cpio apt-get dpkg-deb; do
	command -v "$tool" >/dev/null || { echo "vm: $tool is missing: apt-get install qemu-system-x86 cpio" >&2; exit 1; }
done
cache=${XDG_CACHE_HOME:-$HOME/.cache}/workbench-vm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
for package in "$kernel" busybox-static; do
	[ -d "$cache/$package" ] && continue
	(cd "$work" && apt-get download -qq "$package" && dpkg-deb -x "$package"_*.deb "$package")
	mv "$work/$package" "$cache/$package"
done

root=$work/root
mkdir -p "$root"/{bin,sbin,usr/bin,proc,sys,dev,tmp,etc,tests,built,src/core/sandbox,src/core/pluginhost,src/docs}
cp "$cache"/busybox-static/bin/busybox "$root/bin/"
cp docs/security.md "$root/src/docs/"
export CGO_ENABLED=0
for package in sandbox pluginhost; do
	go test -c -o "$root/tests/$package" "./core/$package"
done
for plugin in core/pluginhost/testdata/*/; do
	go build -o "$root/built/" "./$plugin"
done

printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
# The command that the tests know as go: it "builds" what was built here.
cat >"$root/usr/bin/go" <<'END'
#!/bin/sh
cp "/built/${4##*/}" "$3/"
END
cat >"$root/etc/passwd" <<'END'
root:x:0:0::/:/bin/sh
user:x:1000:1000::/tmp:/bin/sh
END
cat >"$root/init" <<END
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/usr/bin:/bin:/sbin HOME=/tmp TMPDIR=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
dmesg -n 1
echo "kernel \$(uname -r)"
echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control

# run USER PACKAGE CGROUP: its tests, in that cgroup, or in none if it is "".
run() {
	how="as \$1, no cgroup"
	if [ -n "\$3" ]; then
		how="as \$1, in a cgroup of its own"
		mkdir -p "\$3"
		chown -R "\$1" "\$3"
	fi
	cd "/src/core/\$2"
	sh -c '[ -z "\$1" ] || echo \$\$ >"\$1/cgroup.procs"; shift; exec start-stop-daemon -S -c "\$@"' sh "\$3" \
		"\$1" -x "/tests/\$2" -- -test.v=${VERBOSE:-false} -test.timeout 15m -test.run '${RUN:-.}' >/log 2>&1 </dev/null
	status=\$?
	[ \$status = 0 ] && echo "PASS \$2, \$how" || echo "FAIL \$2, \$how: exit status \$status"
	[ \$status = 0 ] && [ ${VERBOSE:-false} = false ] || sed 's/^/    /' /log
}
for user in root user; do
	for package in sandbox pluginhost; do
		run \$user \$package ""
		run \$user \$package /sys/fs/cgroup/\$user-\$package
	done
done
echo "the end"
poweroff -f
END
chmod +x "$root/init" "$root/usr/bin/go"
chmod 755 "$root" "$root"/* 
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initrd"

# The machine's answers arrive on its serial line.
timeout 3000 qemu-system-x86_64 -accel "${ACCEL:-tcg}" -cpu max -smp 2 -m 3G -nodefaults -display none -serial stdio -no-reboot \
	-kernel "$cache/$kernel"/boot/vmlinuz-* -initrd "$work/initrd" \
	-append "console=ttyS0 quiet no_timer_check panic=-1" </dev/null | tr -d '\r' | tee "$work/said"
grep -q '^the end$' "$work/said" || { echo "vm: the machine stopped before the end" >&2; exit 1; }
! grep -q '^FAIL' "$work/said"
