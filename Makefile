# make run    the demonstration village, served: installs, builds, makes it, prints the address
# make test   every test: Rust, front end, end to end through the binary, the page in a browser
# make check  what must hold before a commit: formatting, lints, types
# make bench  the index beside its peers: 20 minutes, on a quiet machine
# make build  the release binary at target/release/yizhangtu
# make clean  what was built

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

RELEASE := target/release/yizhangtu
# PROJ is C++ and slow to build: a compiler cache is used where there is one.
CCACHE := $(shell command -v ccache 2>/dev/null)
ifneq ($(CCACHE),)
export CMAKE_C_COMPILER_LAUNCHER := ccache
export CMAKE_CXX_COMPILER_LAUNCHER := ccache
endif

.PHONY: run build bench test test-rust test-bench test-frontend test-programs test-browser check page clean

run: build
	$(RELEASE) serve

build: page
	scripts/install build
	cargo build --release --locked --bin yizhangtu

# The page is embedded in the binary, so it is built first.
page: frontend/dist/index.html

frontend/dist/index.html: frontend/package-lock.json frontend/index.html frontend/vite.config.ts $(shell find frontend/src frontend/public -type f 2>/dev/null)
	scripts/install page
	cd frontend && npm run build

# Other programs ask one after another and leave a processor to the rest. Browsers have the machine
# to themselves, one for each processor: they hold what must be seen within a second.
test: test-rust
	$(MAKE) --jobs=2 --output-sync=target test-programs test-bench test-frontend
	$(MAKE) test-browser

# Test binaries one beside another where nextest is installed, one after another elsewhere; the
# examples in the documentation are no business of nextest's. The binary that they run is built with
# them, or each test process asks cargo whether it is up to date. Tests wait as well as compute (for
# locks, clocks, disks): more of them than processors run at once.
test-rust: export YIZHANGTU_BINARY ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/yizhangtu
test-rust: page
	scripts/install build
	cargo build --workspace --locked --bins --tests
	if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --workspace --locked --no-fail-fast --test-threads $$(( ($$(nproc) * 3 + 1) / 2 )) && cargo test --doc --workspace --locked; \
	else \
		cargo test --workspace --locked; \
	fi

# Little data, one round: that the index and its peers agree.
test-bench:
	bench/run small

bench:
	bench/run

test-frontend:
	scripts/install page
	cd frontend && npm run typecheck && npm test

# Other programs read what we serve and write: GDAL, QGIS's validator, GEOS.
test-programs: page
	scripts/install programs
	cargo build --locked --bin yizhangtu
	.cache/python/bin/python -m pytest -q tests/programs

test-browser: page
	scripts/install browser
	cargo build --locked --bin yizhangtu
	cd tests/browser && node --test --test-concurrency=$$(nproc)

check: page
	scripts/install build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd frontend && npm run lint && npm run typecheck

clean:
	cargo clean
	rm -rf frontend/dist frontend/node_modules tests/browser/node_modules .cache
