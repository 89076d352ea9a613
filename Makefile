# The project's commands. `make test` is what CI runs.

.PHONY: build test long package fresh bench bench-quick storm soak fuzz vendor

build: ## the binary, in bin/, without tables for debuggers
	go build -ldflags='-s -w' -o bin/workbench ./cmd/workbench

test: ## formatting, vet, staticcheck, all tests in their short forms under the race detector, cross-builds
	scripts/test.sh

long: ## the tests in full, without cgo, each fuzz target for FUZZTIME (default 1m), the storms, and as root the package
	CGO_ENABLED=0 LONG=1 FUZZTIME=$${FUZZTIME:-1m} scripts/test.sh
	$(MAKE) storm
	if [ "$$(id -u)" = 0 ]; then $(MAKE) package; else echo "the package is not tried: that wants root (make package)"; fi

package: ## two builds of a snapshot release, which must be the same, and its deb in a bare Debian; needs Linux, root and mmdebstrap
	scripts/package.sh

fresh: ## `go run ./cmd/workbench` and `make test` in bare Debian 12 and 13, as root and as a user; needs root and mmdebstrap
	scripts/fresh.sh $(FRESH)

bench: ## the reference run, half an hour, into docs/performance.md; with BENCH='-only lines' or other flags (-h) only what they say
	go run ./bench $(or $(BENCH),-write docs)

bench-quick: ## a minute of it, beside docs/performance.json: fails if a ratio is worse twice in a row
	go run ./bench -quick $(BENCH)

storm: ## the long forms of the recovery tests, which report times, and pages that are away, each for STORM_SECONDS (default 60)
	STORM_SECONDS=$${STORM_SECONDS:-60} go test -p 1 -count=1 -v -timeout 20m -run 'Storm|Stopped|EveryEvent|Poison|PageAway|ClassComesBack' ./e2e ./cmd/workbench

soak: ## 500 sessions send a message a second for SOAK_SECONDS (default 600): memory and open files must stay flat
	SOAK_SECONDS=$${SOAK_SECONDS:-600} go test -p 1 -count=1 -v -timeout 30m -run 'TestSoak' ./e2e

fuzz: ## each fuzz target for FUZZTIME (default 10s)
	scripts/fuzz.sh

vendor: ## the page's libraries, copied again from npm
	scripts/vendor-web.sh
