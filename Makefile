# Every way to use this tree. The work is in tests/setup/*.sh; each file there says why it exists.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run test ci check deny bench fuzz types fmt package engine engines demo cross
.NOTPARALLEL:

help: ## this list
	@awk -F ': ## ' '/^[a-z]+: ## / { printf "make %-9s%s\n", $$1, $$2 }' Makefile

run: ## install what is missing, build, open the window on the demo backend
	@bash tests/setup/run.sh

test: ## everything: format, lints, types, unit tests, Docker 28 and Podman 5, real window (SKIP=engine,window)
	@bash tests/setup/test.sh all

ci: ## test, then the tests for Windows under Wine
	@bash tests/setup/test.sh ci

check: ## the fast part of test: no engine, no window
	@bash tests/setup/test.sh fast

deny: ## licenses, versions, sources and advisories of the dependencies, by cargo-deny, which is built first
	@bash tests/setup/deny.sh

bench: ## a release build beside the plainest way to do the same (ONLY=search,start PAIRS=5)
	@bash tests/setup/bench.sh

fuzz: ## the decoders on bytes that nobody would send (ONLY=json,events EACH=60)
	@bash tests/setup/fuzz.sh

types: ## write the page's types from the Rust types
	@PORTHOLE_WRITE_TYPES=1 cargo test -q -p porthole-app --test types

fmt: ## format the Rust and the page
	@bash tests/setup/fmt.sh

demo: ## the demo extension, in target/demo-extension
	@bash tests/setup/demo.sh

package: ## a release build in a .deb
	@bash tests/setup/package.sh

engine: ## a private engine to try things on, until Ctrl-C
	@bash tests/setup/engine.sh

cross: ## Windows under Wine, and type checks for Windows and macOS (ONLY=windows,window,macos)
	@bash tests/setup/cross.sh

engines: ## the engine tests on older Docker and Podman too (ONLY=docker,podman,podman4,system)
	@bash tests/setup/engines.sh
