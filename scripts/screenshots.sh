#!/bin/sh
# Makes the pictures of docs/page.md anew, from a workbench that is built and
# started for it and a headless Chromium. The work is a test of e2e, so that it
# speaks to the page as the other tests do.
set -eu
cd "$(dirname "$0")/.."
mkdir -p docs/img
SCREENSHOTS="$PWD/docs/img" go test ./e2e -count=1 -run '^TestScreenshots$'
ls -l docs/img/*.png
