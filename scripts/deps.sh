#!/usr/bin/env bash
# Installs what the tests need and this machine lacks, from the distribution's
# packages: a C compiler for the race detector, Chromium, Firefox, Node.js, Python, servers to
# talk to and tools to look at packets with. It starts no service, now or at the next
# boot. If something is still missing after that, it says what to install, and fails: a
# test that needs it is never skipped.
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where Debian has servers, and a user's PATH has not

unpacked=${XDG_CACHE_HOME:-$HOME/.cache}/protocol-workbench/busybox

# look sets missing to the packages, by Debian's names, of what is not installed.
look() {
	missing=()
	local package programs program
	while read -r package programs; do
		for program in $programs; do
			if command -v "$program" >/dev/null; then continue 2; fi
		done
		missing+=("$package")
	done <<-'END'
		chromium chromium chromium-browser google-chrome
		firefox-esr firefox-esr firefox
		nodejs node
		npm npm
		python3 python3
		nginx-light nginx
		tinyproxy-bin tinyproxy
		microsocks microsocks
		caddy caddy
		redis-server redis-server
		redis-tools redis-cli
		memcached memcached
		ngircd ngircd
		curl curl
		bind9-dnsutils dig
		dnsmasq-base dnsmasq
		nsd nsd
		swaks swaks
		openssl openssl
		opensmtpd smtpd
		python3-aiosmtpd aiosmtpd
		dovecot-imapd dovecot
		dovecot-pop3d dovecot
		prosody prosody
		postgresql pg_ctlcluster
		postgresql-client psql
		mosquitto mosquitto
		nats-server nats-server
		mosquitto-clients mosquitto_pub
		git git
		rsync rsync
		openssh-client ssh
		openssh-server sshd
		vsftpd vsftpd
		socat socat
		tshark tshark
		tcpdump tcpdump
		shellcheck shellcheck
	END
	# Another Python than Debian's may come first, and lack its packages.
	/usr/bin/python3 -c 'import pymodbus.server' 2>/dev/null || missing+=(python3-pymodbus python3-serial python3-serial-asyncio) # which it wants in Debian 12
	if ! python3 -c 'import websockets' 2>/dev/null && ! /usr/bin/python3 -c 'import websockets' 2>/dev/null; then missing+=(python3-websockets); fi
	# Debian's busybox has no telnetd, and gives way to the one that has: where it is
	# installed, the other is unpacked beside it, where the tests look too.
	[[ $(busybox --list 2>/dev/null) == *telnetd* ]] || [ -x "$unpacked" ] || missing+=(busybox-static)
	perl -MNet::SSLeay -e 1 2>/dev/null || missing+=(libnet-ssleay-perl) # for swaks --tls
	local cc
	cc=$(go env CC)
	if [ "${CGO_ENABLED:-1}" != 0 ] && ! $cc -E - <<<'#include <stdlib.h>' >/dev/null 2>&1; then missing+=(gcc libc6-dev); fi
}

# give_up WHY…: says what is left to do by hand.
give_up() {
	printf '%s\n' "$@" "The tests need what these packages of Debian's hold: ${missing[*]}" \
		"Install them, as in: apt-get install ${missing[*]}" >&2
	exit 1
}

look
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || give_up "There is no apt-get here to install with."
sudo=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || give_up "Installing wants root: you are $(id -un), and there is no sudo."
	sudo=(sudo)
fi
# apt asks nothing, removes nothing to make room and starts nothing: by sysvinit's rules
# in runlevel 1, by systemd's when it is told that it is offline.
apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1 apt-get --quiet)
echo "installing for the tests: ${missing[*]}"
log=$(mktemp)
packages=() beside=()
for package in "${missing[@]}"; do
	if [ "$package" = busybox-static ] && command -v busybox >/dev/null; then
		beside+=("$package")
	else
		packages+=("$package")
	fi
done
if ! { "${apt[@]}" update &&
	{ [ ${#packages[@]} -eq 0 ] || "${apt[@]}" install --yes --no-remove --no-install-recommends "${packages[@]}"; } &&
	{ [ ${#beside[@]} -eq 0 ] || "${0%/*}/unpack-busybox.sh" "$unpacked"; }; } >"$log" 2>&1; then
	tail -n 10 "$log" >&2
	give_up "apt-get failed; all that it said is in $log"
fi
if command -v systemctl >/dev/null; then
	for package in "${missing[@]}"; do
		case $package in
		nginx-light) service=nginx ;;
		dovecot-imapd) service=dovecot ;;
		openssh-server) service=ssh ;;
		caddy | nsd | memcached | ngircd | redis-server | opensmtpd | prosody | postgresql | mosquitto | nats-server | rsync | vsftpd) service=$package ;;
		*) continue ;;
		esac
		"${sudo[@]}" systemctl --quiet disable "$service" >>"$log" 2>&1 || echo "$package starts at the next boot" >&2
	done
fi
look
[ ${#missing[@]} -eq 0 ] || give_up "apt-get succeeded, and yet not all is here; what it said is in $log"
rm "$log"
