#!/usr/bin/env bash
# Runs the README's two commands as a newcomer would: from a clone, in a bare Debian that
# mmdebstrap makes, with only what the README names. What the scripts install is installed
# in there. Uncommitted changes are not tried.
#
#     scripts/fresh.sh [--root|--user] [--run|--test] [bookworm|trixie]...
#
# Default: both commands (--run is the first) in both releases, as root and as a user with
# sudo. Needs root, mmdebstrap, Go, which is copied into the systems, 5 GB in TMPDIR, and
# the ports 8000 and 4000. FRESH_PROXY=1 shares this machine's module cache, which saves
# downloads. Mounts and processes end with the run; the log of a failure is kept, and
# named. The exit code is 1 if something failed.
set -euo pipefail

fail() { echo "fresh: $*" >&2; exit 1; }

users=(root newcomer) commands=(go_run make_test) releases=()
for argument; do
	case $argument in
	--root) users=(root) ;;
	--user) users=(newcomer) ;;
	--run) commands=(go_run) ;;
	--test) commands=(make_test) ;;
	-*) fail "unknown option $argument; see the head of scripts/fresh.sh" ;;
	*) releases+=("$argument") ;;
	esac
done
[ ${#releases[@]} -gt 0 ] || releases=(bookworm trixie)

[ "$(id -u)" -eq 0 ] || fail "making a system wants root, as in: sudo env PATH=\"\$PATH\" scripts/fresh.sh"
for tool in mmdebstrap unshare git go; do
	command -v "$tool" >/dev/null || fail "$tool is missing; on Debian: apt-get install mmdebstrap git util-linux, and Go 1.26"
done


cd "$(dirname "$0")/.."
[ -z "$(git status --porcelain)" ] || echo "fresh: what is not committed is not tried"
work=$(mktemp -d "${TMPDIR:-/tmp}/workbench-fresh.XXXXXX")
system=$work/system
trap 'rm -rf --one-file-system "$system" "$work/clone.bundle"; rmdir "$work" 2>/dev/null || true' EXIT
running=
interrupt() {
	if [ -n "$running" ]; then
		kill -TERM -- "-$running" # for mmdebstrap, which cleans up; unshare waits on
		sleep 2
		kill -KILL -- "-$running" 2>/dev/null || true
		rm -f "$log"
	fi
	exit 130
}
trap interrupt INT TERM
git bundle create --quiet "$work/clone.bundle" HEAD

# bare RELEASE USER: a bare system, with what the README names, Go and a clone.
bare() {
	local packages=git,ca-certificates,make
	[ "$2" = root ] || packages+=,sudo
	mmdebstrap --variant=minbase --include="$packages" "$1" "$system"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$system/etc/hosts"
	# The network is this machine's: its resolver, its proxies, its trusted authorities.
	cp --remove-destination -L /etc/resolv.conf "$system/etc/resolv.conf"
	cp -L /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/ca-certificates.crt"
	local name
	for name in http_proxy https_proxy no_proxy NODE_EXTRA_CA_CERTS; do
		[ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}" >>"$system/etc/profile.d/network.sh"
	done
	cp -a "$(go env GOROOT)" "$system/usr/local/go"
	echo 'PATH=$PATH:/usr/local/go/bin' >"$system/etc/profile.d/go.sh"
	if [ "${FRESH_PROXY:-}" ]; then
		cp -a "$(go env GOMODCACHE)/cache/download" "$system/usr/local/modules"
		echo "export GOPROXY=file:///usr/local/modules,$(go env GOPROXY)" >>"$system/etc/profile.d/go.sh"
	fi
	if [ "$2" != root ]; then
		chroot "$system" useradd --create-home --shell /bin/bash "$2"
		echo "$2 ALL=(ALL) NOPASSWD: ALL" >"$system/etc/sudoers.d/$2"
	fi
	cp "$work/clone.bundle" "$system/tmp/"
	within "$2" 'git clone --quiet /tmp/clone.bundle workbench'
}

# within USER SCRIPT: runs bash's SCRIPT in the system as in a login of USER. Mounts and
# processes are in their own namespaces and end with it.
within() {
	unshare --mount --pid --ipc --fork --kill-child --propagation private bash -euc '
		mount --bind "$1" "$1" # / is a mount point, as it is elsewhere
		mount -t proc proc "$1/proc"
		mount --rbind /sys "$1/sys"
		mount --rbind /dev "$1/dev"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		status=0
		chroot "$1" su --login "$2" --command "$3" || status=$? # the shell stays, to reap what is orphaned
		exit $status' fresh "$system" "$@" </dev/null
}

# The first command: the page is served, a session on its WebSocket reaches the
# practice server and gets its echo, and Ctrl-C ends all of it. The bare system
# has no client for either, so bash speaks: frames with a mask of zeros.
go_run() {
	within "$2" "$(cat <<'EOS'
set -euo pipefail
cd workbench
set -m # with a process group of its own, which is what Ctrl-C goes to
go run ./cmd/workbench >~/run.log 2>&1 &
set +m
trap 'cat ~/run.log' EXIT
until (exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null; do
	kill -0 $! || exit 1
	sleep 1
done
ask() { # REQUEST [FRAMES]: the frames go out when the head of the answer has come
	exec 3<>/dev/tcp/127.0.0.1/8000
	printf "$1\r\n\r\n" >&3
	while read -r -t 60 line <&3 && [ "$line" != $'\r' ]; do echo "$line"; done
	printf "${2:-}" >&3
	timeout 60 cat <&3 | tr -d '\0'
	exec 3>&-
}
expect() {
	[[ $2 == *$1* ]] || { printf 'expected %s in:\n%s\n' "$1" "$2"; exit 1; }
}
page=$(ask 'GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close')
expect '200 OK' "$page"
expect '</html>' "$page"
session=$(ask 'GET /websocket/ws HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nOrigin: http://127.0.0.1:8000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' '\x81\x8e\x00\x00\x00\x00127.0.0.1:4000\x81\x85\x00\x00\x00\x00fresh\x81\x84\x00\x00\x00\x00quit')
expect '101 Switching Protocols' "$session"
expect SUCC "$session"
expect fresh "$session"
kill -INT -- -$!
# An interrupted go run ends with 1 whatever its program did; it prints any code but 0.
if ! wait $! && grep '^exit status' ~/run.log; then exit 1; fi
for port in 8000 4000; do
	! (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null || { echo "port $port is still served"; exit 1; }
done
EOS
	)"
}

# The second command, which leaves the clone as it was.
make_test() {
	within "$2" 'set -e; cd workbench; make test; changes=$(git status --porcelain); echo "$changes"; [ -z "$changes" ]'
}

declare -A title=([bare]='a bare system' [go_run]='go run ./cmd/workbench' [make_test]='make test')

failed=0
for release in "${releases[@]}"; do
	for user in "${users[@]}"; do
		rm -rf --one-file-system "$system"
		for step in bare "${commands[@]}"; do
			log=$work/$release-$user-$step.log
			printf '%(%T)T  %s, as %s: %s, into %s\n' -1 "$release" "$user" "${title[$step]}" "$log"
			# Not "if step …", in which set -e would have no effect; in its own process group,
			# since what runs in the system ignores Ctrl-C.
			set -m
			("$step" "$release" "$user") >"$log" 2>&1 &
			set +m
			running=$! status=0
			wait "$running" || status=$?
			running=
			if [ $status -eq 0 ]; then
				rm "$log"
				continue
			fi
			failed=1
			tail -n 40 "$log"
			echo "fresh: that failed; all of it is in $log"
			[ "$step" != bare ] || break
		done
	done
done
[ $failed -eq 0 ] || exit 1
echo "fresh: all went well: ${commands[*]} in ${releases[*]}, as ${users[*]}"
