#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Chromium, Node.js, Python,
# servers to talk to and tools to look at packets with, from the distribution's
# packages. No service is started. Where that is not possible it says
# what to install, and fails: a test that needs them is never skipped.
set -euo pipefail

missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v python3 >/dev/null || missing+=(python3)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v smtpd >/dev/null || [ -x /usr/sbin/smtpd ] || missing+=(opensmtpd)
command -v tshark >/dev/null || missing+=(tshark)
command -v tcpdump >/dev/null || missing+=(tcpdump)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing for the tests: ${missing[*]}"
sudo=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null && sudo=(sudo)
fi
if ! command -v apt-get >/dev/null; then
	echo "the tests need: ${missing[*]}. Install them with your system's package manager and try again." >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # in which no service is started
if ! { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/tmp/workbench-deps.log 2>&1; then
	tail -5 /tmp/workbench-deps.log >&2
	echo "the tests need: ${missing[*]}, which could not be installed. Install them by hand (apt-get install ${missing[*]}) and try again." >&2
	exit 1
fi
