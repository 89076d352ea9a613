#!/bin/sh
# Makes the pictures of docs/page.md again, with a workbench built and started for it and
# a headless Chromium. A test of e2e does the work, so that it drives the page as the
# other tests do.
set -eu
cd "$(dirname "$0")/.."
mkdir -p docs/img
SCREENSHOTS="$PWD/docs/img" go test ./e2e -count=1 -run '^TestScreenshots$'
ls -l docs/img/*.png
