#!/usr/bin/env bash
# Runs every fuzz target of the project for FUZZTIME each (default 10s).
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs one target. If the time is up while a worker is busy, go test can fail with
# only "context deadline exceeded" (golang/go#75804): that is not a finding, and is tried
# again. A finding names its input.
fuzz() {
	local tries=3
	while ! go test -run='^$' -fuzz="^$2\$" -fuzztime="${FUZZTIME:-10s}" -fuzzminimizetime=1s "$1" >"$log" 2>&1 </dev/null; do
		tries=$((tries - 1))
		if [ "$tries" -gt 0 ] && grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
			continue
		fi
		cat "$log" >&2
		return 1
	done
	tail -1 "$log"
}

targets=$(grep -roE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' . | sed -E 's|/[^/]*:func | |' | sort)
while read -r package target; do
	echo "== $package $target"
	fuzz "$package" "$target"
done <<<"$targets"
