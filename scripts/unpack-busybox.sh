#!/usr/bin/env bash
# Unpacks Debian's busybox-static into the file that is named, and installs nothing: the
# package takes the place of busybox, which may be here for a reason.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"
apt-get --quiet download busybox-static
dpkg-deb --extract ./*.deb .
mkdir -p "${1%/*}"
find . -name busybox -type f -perm -u+x -exec cp {} "$1" \;
