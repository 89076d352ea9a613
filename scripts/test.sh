#!/usr/bin/env bash
# All tests of the project; see the Makefile. They are short (testing.Short) unless
# LONG is set.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s (after %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

step "what the tests need"
scripts/deps.sh

race=(-race)
if [ "${CGO_ENABLED:-}" = 0 ]; then
	echo "the race detector wants cgo, and CGO_ENABLED is 0: the tests run without it"
	race=()
fi
# A program with the race detector otherwise waits a second when it exits: every package's
# tests do, and every plugin that they start.
export GORACE="atexit_sleep_ms=0 ${GORACE:-}"
form=(-short -timeout 60m)
if [ -n "${LONG:-}" ]; then
	form=(-timeout 90m)
	export WORKBENCH_LONG=1 # the page's tests of minutes, each in its longest form
fi

step "formatting, vet, staticcheck"
unformatted=$(git ls-files -z -co --exclude-standard '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted" >&2; exit 1; }
go vet ./...
go tool staticcheck ./...

step "shell scripts"
shellcheck --enable=check-set-e-suppressed --exclude=SC2016 scripts/*.sh .ci/run

step "go.mod and go.sum are tidy"
go mod tidy -diff

# vet compiles what is imported, and a build for the same platform finds it compiled.
step "vet and builds for other systems"
for platform in linux/arm64 darwin/arm64 windows/amd64; do
	echo "$platform"
	for_platform=(env "GOOS=${platform%/*}" "GOARCH=${platform#*/}" CGO_ENABLED=0)
	[ "${platform%/*}" = linux ] || "${for_platform[@]}" go vet ./...
	"${for_platform[@]}" go build -o /dev/null ./cmd/workbench
	"${for_platform[@]}" go build -o /dev/null ./cmd/echo
done

step "the page: types, eslint, its pure parts"
scripts/check-web.sh

# The tests named TestRoot… start servers in their own mounts and capture packets. A user
# runs these with sudo, built like all others.
packages=(./e2e ./...) # e2e takes longest and mostly waits, so it goes first
at_once=$(($(getconf _NPROCESSORS_ONLN) + 1)) # packages: beside e2e, as many as there are processors
go_test() { go test -p "$at_once" "${race[@]}" "${form[@]}" -shuffle=on "$@"; }
if [ "$(id -u)" -eq 0 ]; then
	step "Go tests, race detector ${race:-off}"
	go_test "${packages[@]}"
else
	step "Go tests that want root, by sudo"
	go_test -exec "sudo env 'PATH=$PATH'" -run '^TestRoot' ./cmd/workbench ./core/convert/pcap
	step "Go tests"
	go_test -skip '^TestRoot' "${packages[@]}"
fi

step "fuzz targets"
FUZZTIME=${FUZZTIME:-1s} scripts/fuzz.sh

step "speed, beside the reference"
go run ./bench -quick
