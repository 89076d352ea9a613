#!/usr/bin/env bash
# Runs every fuzz target of the project for FUZZTIME each (default 10s).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
log=$dir/log tests=$dir/tests

# fuzz runs one target of the tests that were built last. If the time is up while a worker is
# busy, it can fail with only "context deadline exceeded" (golang/go#75804): that is not a
# finding, and is tried again. A finding names its input.
fuzz() {
	local tries=3
	while ! (cd "$1" && "$tests" -test.run='^$' -test.fuzz="^$2\$" -test.fuzztime="${FUZZTIME:-10s}" -test.fuzzminimizetime=1s \
		-test.fuzzcachedir="$cache/$module/${1#./}") >"$log" 2>&1 </dev/null; do
		tries=$((tries - 1))
		if [ "$tries" -gt 0 ] && grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
			continue
		fi
		cat "$log" >&2
		return 1
	done
	tail -1 "$log"
}

module=$(go list -m)
cache=$(go env GOCACHE)/fuzz # where go test -fuzz keeps what it finds
built=
targets=$(grep -roE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' . | sed -E 's|/[^/]*:func | |' | sort)
while read -r package target; do
	echo "== $package $target"
	if [ "$package" != "$built" ]; then
		go test -c -fuzz=. -o "$tests" "$package"
		built=$package
	fi
	fuzz "$package" "$target"
done <<<"$targets"
