#!/bin/sh
# After the files are gone. What the service has kept stays, and then so does the user that
# it belongs to; whoever wants neither deletes /var/lib/workbench first.
set -e
case $1 in
remove | purge | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if ! [ -e /var/lib/workbench ] && ! [ -e /var/lib/private/workbench ] && getent passwd workbench >/dev/null; then
	userdel workbench
fi
