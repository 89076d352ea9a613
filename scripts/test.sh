#!/usr/bin/env bash
# All tests of the project; see the Makefile.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s\n' "$*"; }

step "what the tests need"
scripts/deps.sh

step "formatting, vet, staticcheck"
unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted" >&2; exit 1; }
go vet ./...
go tool staticcheck ./...

step "go.mod and go.sum are tidy"
go mod tidy -diff

step "cross-builds"
for platform in linux/arm64 darwin/arm64 windows/amd64; do
	echo "$platform"
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -o /dev/null ./cmd/workbench
	GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -o /dev/null ./cmd/echo
done

step "the page: types, eslint, its pure parts"
scripts/check-web.sh

step "Go tests, race detector on"
go test -race -shuffle=on -timeout 20m ./...

step "fuzz targets"
FUZZTIME=${FUZZTIME:-4s} scripts/fuzz.sh
