#!/bin/sh
# Before the files go. A new version comes with the first argument "upgrade" (deb) or 1 (rpm).
set -e
case $1 in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl stop workbench.socket workbench.service
fi
if command -v systemctl >/dev/null; then
	systemctl disable workbench.socket workbench.service >/dev/null 2>&1 || :
fi
