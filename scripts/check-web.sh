#!/bin/sh
# Checks the page's files: types, written in comments (tsc), eslint's recommendations,
# and the pure parts (node's test runner), the latter under the installed Node.js and
# under Debian 12's. The tools and that Node come from npm, as pinned in
# web/package-lock.json, into web/node_modules, which is neither committed nor served.
set -eu
cd "$(dirname "$0")/../web"

command -v npm >/dev/null || { echo "check-web: npm is missing: install it, as in: apt-get install npm" >&2; exit 1; }
if ! cmp -s package-lock.json node_modules/.checked-lock.json; then
	npm ci --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.checked-lock.json
fi
cmp -s node_modules/axe-core/axe.min.js test/axe.min.js || {
	echo "check-web: test/axe.min.js is not the axe-core of package-lock.json; copy it from web/node_modules/axe-core" >&2
	exit 1
}
node_modules/.bin/tsc --noEmit
node_modules/.bin/eslint .
node --test test/*.test.js
for oldest in node_modules/node-linux-*/bin/node; do # npm has put there what runs here: one, or off Linux none
	[ ! -e "$oldest" ] || "$oldest" --test test/*.test.js
done
