# Every target gets what it lacks by itself; see tools/setup.sh.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOL    := go tool -modfile=tools/go.mod
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
PKG     ?= ./...
# RACE=-race looks for data races as well; it needs a C compiler.
RACE    ?=

.PHONY: help demo build test test-asterisk test-sbc test-day fuzz bench check fmt lint floors workflowcheck vulncheck pages docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## run the whole product once on simulated phone systems (KEEP=1 leaves it running)
	@tools/setup.sh postgres sbc
	@mkdir -p build/demo
	build/dualtone-demo $(if $(KEEP),--keep)

build: ## build the programs into build/
	@mkdir -p build
	@echo "Building the programs; the first time on a machine this takes some minutes"
	go build -trimpath -ldflags '$(LDFLAGS)' -o build/ ./cmd/...

# A real Asterisk takes part wherever the machine allows it.
export DUALTONE_TEST_ASTERISK ?= fetch

test: ## run all tests (PKG=./config/... for some, RACE=-race to look for races)
	@tools/setup.sh postgres asterisk sbc office browser promtool
	@mkdir -p build
	$(TOOL) gotestsum --format pkgname-and-test-fails --hide-summary=skipped --jsonfile build/test.json -- $(RACE) -timeout 30m $(PKG)
	@tools/summary.sh build/test.json

test-asterisk: ## run the conformance suite against a real Asterisk 22
	@tools/setup.sh asterisk
	DUALTONE_TEST_ASTERISK=require $(TOOL) gotestsum --format testname -- -count=1 -timeout 20m -run Real ./systems/asterisk/...

test-sbc: ## send real calls through a real Kamailio that asks dualtone
	@tools/setup.sh postgres asterisk sbc
	DUALTONE_TEST_SBC=require $(TOOL) gotestsum --format testname -- -count=1 -timeout 20m ./e2e/sbc/...

test-day: ## check ten million decisions between random flips against a plain model (2 to 3 minutes of processor time)
	go test -count=1 -timeout 60m -run DayOfFlips -v ./routing -decisions 10000000

fuzz: ## throw rubbish at every parser (FUZZTIME=1m each)
	@for target in $$(grep -rhoE '^func Fuzz\w+' --include=*_test.go . | sed 's/func //' | sort -u); do \
	  for file in $$(grep -rlE "^func $$target\(" --include=*_test.go .); do \
	    echo "== $$target in $$(dirname $$file)"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(FUZZTIME),10s) ./$$(dirname $$file); \
	  done; \
	done

bench: build ## measure users per second, what a user costs, limits, large cohorts, routing (BENCH="-quick", "-only routing", "-help")
	@tools/setup.sh postgres sbc peers
	go run ./bench $(BENCH)

check: lint workflowcheck vulncheck ## everything that reads the code without running it
	@echo "check: all clean"

lint: ## tidy modules, formatting, linters
	go mod tidy -diff
	@$(MAKE) --no-print-directory pages >/dev/null 2>&1 && git diff --exit-code --stat -- '*_templ.go' # the templates' code is theirs
	$(TOOL) golangci-lint fmt --diff
	$(TOOL) golangci-lint run --allow-parallel-runners

fmt: ## put the code into shape
	$(TOOL) golangci-lint fmt

floors: ## who may import whom
	go test -count=1 -run 'Floors|Connectors' .

workflowcheck: ## workflows must replay: no clock, no chance, no map order
	$(TOOL) workflowcheck -config workflowcheck.config.yaml ./workflows/...

vulncheck: ## known holes in what we import, where the database of holes is reachable
	@tools/vulncheck.sh

pages: ## write again the Go code of the console's pages, from their templates
	$(TOOL) templ generate -path console -include-version=false

docs: ## write again what is generated from the code
	go test -count=1 -run Docs ./cmd/dualtone -update
	go test -count=1 -run Docs ./systems/all -update
	go test -count=1 -run Document ./console/api -update

clean: ## remove what was built
	rm -rf build
