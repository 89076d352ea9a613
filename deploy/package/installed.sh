#!/bin/sh
# After the files are there, for deb and rpm. The service is not started: its address and
# what may be dialled are for whoever runs it to say.
set -e
if ! getent passwd workbench >/dev/null; then
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers workbench.conf
	else
		useradd --system --user-group --home-dir /var/lib/workbench --no-create-home \
			--shell /usr/sbin/nologin --comment 'Protocol Workbench' workbench
	fi
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart workbench.service
fi
