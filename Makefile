# Verbs of the project. `make test` is what CI runs.

.PHONY: build test bench fuzz vendor

build: ## the one binary, in bin/
	go build -o bin/workbench ./cmd/workbench

test: ## everything: formatting, vet, staticcheck, all tests under the race detector, cross-builds
	scripts/test.sh

bench: ## the measures, beside two baselines in the same run
	go run ./bench $(BENCH)

fuzz: ## each fuzz target for FUZZTIME (default 10s)
	scripts/fuzz.sh

vendor: ## the page's libraries, copied anew from npm
	scripts/vendor-web.sh
