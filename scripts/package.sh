#!/usr/bin/env bash
# Tries what scripts/release.sh makes of the last commit. Two clones in different folders
# give the same sums; these are signed and checked, if cosign and openssl are there. Then the
# deb is installed in a bare Debian, which mmdebstrap makes: the program is on the PATH, its
# page is served by the unit's own command as the package's user, `man workbench` and the
# completions are there, plugins are made, tested and installed with no checkout and no
# network, and removal leaves only what was recorded.
#
#     scripts/package.sh [bookworm|trixie]
#
# Needs Linux, root, mmdebstrap, what scripts/release.sh needs, and 3 GB in TMPDIR.
# Mounts and processes end with the run.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "package: $*" >&2; exit 1; }
step() { printf '\n== %s (after %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

[ "$(id -u)" -eq 0 ] || fail "installing a package wants root"
for tool in mmdebstrap unshare setpriv git go python3; do
	command -v "$tool" >/dev/null || fail "$tool is missing; on Debian: apt-get install mmdebstrap git util-linux python3, and Go 1.26"
done
release=${1:-bookworm}
work=$(mktemp -d "${TMPDIR:-/tmp}/workbench-package.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
system=$work/system
here=$(go env GOHOSTOS)/$(go env GOHOSTARCH)

step "two builds from one commit"
for clone in one another/place; do
	git clone --quiet . "$work/$clone"
	(cd "$work/$clone" && scripts/release.sh --snapshot "$here")
done
diff "$work/one/dist/SHA256SUMS" "$work/another/place/dist/SHA256SUMS"
(cd "$work/one/dist" && sha256sum --check --quiet SHA256SUMS)
python3 - "$work"/one/dist/*.cdx.json <<'END'
import json, sys
bom = json.load(open(sys.argv[1]))
names = {c["name"] for c in bom["components"]}
assert bom["bomFormat"] == "CycloneDX" and "github.com/spf13/cobra" in names, names
END
cat "$work/one/dist/SHA256SUMS"

step "the hook for signatures"
if command -v cosign >/dev/null && command -v openssl >/dev/null; then
	export COSIGN_PASSWORD=package
	(cd "$work" && cosign generate-key-pair)
	(cd "$work/one" && COSIGN_KEY=$work/cosign.key scripts/release.sh --snapshot --out "$work/signed" "$here")
	diff "$work"/{one/dist,signed}/SHA256SUMS
	base64 -d "$work/signed/SHA256SUMS.sig" >"$work/signature"
	openssl dgst -sha256 -verify "$work/cosign.pub" -signature "$work/signature" "$work/signed/SHA256SUMS"
else
	echo "not tried: cosign or openssl is missing"
fi

step "a bare $release"
mmdebstrap --quiet --variant=minbase --include=man-db,python3,systemd "$release" "$system"
mkdir -p "$system/usr/local/go" "$system/usr/local/modules"
cp "$work"/one/dist/*.deb "$system/root/workbench.deb"

# within SCRIPT: runs bash's SCRIPT in the system, which is its root, not a chroot: that could
# make no namespaces for plugins. It has no network but its own loopback.
within() {
	unshare --mount --pid --ipc --net --fork --kill-child --propagation private bash -euc '
		mount --bind "$1" "$1"
		mount -t proc proc "$1/proc"
		mount --rbind /sys "$1/sys"
		mount --rbind /dev "$1/dev"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		mount -t tmpfs -o mode=755 tmpfs "$1/run"
		mount --bind -o ro "$3" "$1/usr/local/go"
		mount --bind -o ro "$4" "$1/usr/local/modules"
		mkdir -p "$1/mnt"
		ip link set lo up
		cd "$1"
		pivot_root . mnt
		umount -l /mnt
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 bash -euo pipefail -c "$2"' \
		package "$system" "$1" "$(go env GOROOT)" "$(go env GOMODCACHE)/cache/download" </dev/null
}

step "install it"
within '
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /mnt \) -prune -o -print | sort >/root/before
cp /etc/passwd /root/passwd
dpkg --install /root/workbench.deb
[ "$(command -v workbench)" = /usr/bin/workbench ]
workbench version
man --pager=cat workbench | grep -q "see every byte"
man --pager=cat workbench-serve | grep -q -e --behind-proxy
grep -q __start_workbench /usr/share/bash-completion/completions/workbench
grep -q "#compdef workbench" /usr/share/zsh/vendor-completions/_workbench
grep -q "complete -c workbench" /usr/share/fish/vendor_completions.d/workbench.fish
getent passwd workbench
systemd-analyze verify /usr/lib/systemd/system/workbench.service /usr/lib/systemd/system/workbench.socket
'

step "the page, by the unit's own command, as the package's user"
within '
unit=/usr/lib/systemd/system/workbench.service
command=$(sed -n "s/^ExecStart=//p" $unit)
address=$(sed -n "s/^ListenStream=//p" ${unit%service}socket)
export XDG_STATE_HOME=/var/lib XDG_CONFIG_HOME=/etc
install -d -m 700 -o workbench -g workbench /var/lib/workbench /run/workbench
# In place of systemd: it opens the socket, and starts the command when somebody comes.
XDG_RUNTIME_DIR=/run/workbench systemd-socket-activate --listen "$address" -E XDG_STATE_HOME -E XDG_CONFIG_HOME -E XDG_RUNTIME_DIR \
	setpriv --reuid workbench --regid workbench --clear-groups $command >/root/log 2>&1 &
trap "cat /root/log" EXIT
until grep -q "Listening on" /root/log; do kill -0 $!; sleep 0.1; done
ask() { # PATH COOKIE: the answer, through a proxy as nginx is one
	exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
	printf "GET $1 HTTP/1.1\r\nHost: workbench.example.org\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nCookie: $2\r\nConnection: close\r\n\r\n" >&3
	timeout 60 cat <&3 | tr -d "\0"
	exec 3>&-
}
ask / x | head -n 1 # starts it, and makes the token
link=$(setpriv --reuid workbench --regid workbench --clear-groups workbench token link --at https://workbench.example.org | grep -o "https://[^ ]*")
cookie=$(ask "${link#https://workbench.example.org}" x | sed -n "s/^Set-Cookie: \([^;]*\).*/\1/Ip")
[ "$cookie" ]
page=$(ask / "$cookie")
[[ $page == *" 200 OK"*"</html>"* ]] || { echo "$page"; exit 1; }
kill -TERM $!
wait $! || [ $? -eq 143 ]
'

step "plugins, with no checkout and no network"
within '
export HOME=/root/author PATH=$PATH:/usr/local/go/bin GOFLAGS=-mod=mod GOTOOLCHAIN=local GOSUMDB=off
mkdir $HOME && cd $HOME
for lang in starlark python; do
	PATH=/usr/bin:/bin workbench plugin new hush-$lang --lang $lang
	PATH=/usr/bin:/bin workbench plugin test hush-$lang
	PATH=/usr/bin:/bin workbench plugin install hush-$lang
done
# From here on with what a proxy of modules gives.
export GOPROXY=file:///usr/local/modules
workbench plugin new shout
grep replace shout/go.mod
workbench plugin test shout
workbench plugin install shout
workbench plugin list
rm -rf $HOME
'

step "remove it"
within '
mkdir -p /var/lib/workbench/transcripts
touch /var/lib/workbench/transcripts/kept
dpkg --remove workbench
left=$(find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /mnt -o -path /root -o -path /var/lib/dpkg -o -path /var/cache \) -prune -o -print | sort | comm -13 /root/before - |
	grep -v -e "^/var/lib/workbench" -e "^/var/log/dpkg.log$" -e "^/etc/\(passwd\|group\|shadow\|gshadow\|\.pwd\.lock\)" || true)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
[ -e /var/lib/workbench/transcripts/kept ]
getent passwd workbench
# Without what it kept, its user goes too.
rm -r /var/lib/workbench
dpkg --install /root/workbench.deb
dpkg --remove workbench
dpkg --purge workbench
! getent passwd workbench
'
echo "package: all went well in $release"
