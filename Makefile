# tapedeck: `make demo` shows it, `make test` checks it. Both do all their own set-up.

CARGO ?= cargo
BINARY = $(or $(CARGO_TARGET_DIR),target)/release/tapedeck
DEMO = --configPath examples/heartbeat/stacktape.yml
DEMO_ORDERS = --configPath examples/order-pipeline/stacktape.yml

SCHEDULES ?= 1000000

.PHONY: help demo demo-clean demo-orders demo-orders-clean test test-v2 sim lint bench build install setup setup-orders setup-tests

help:
	@echo 'make demo        deploy examples/heartbeat to this machine and show it'
	@echo 'make demo-clean  remove everything that the demo made'
	@echo 'make demo-orders push orders through examples/order-pipeline and kill its workers (ORDERS=n, ROUNDS=n)'
	@echo 'make demo-orders-clean  remove everything that this made'
	@echo 'make test        all checks and tests (needs root for those of real containers)'
	@echo 'make test-v2     the tests of real containers in a virtual machine with cgroup version 2'
	@echo 'make sim         a million random schedules over the planner (SCHEDULES=n for another number)'
	@echo 'make bench       compare with runc, docker and others, in one run'
	@echo 'make install     put the binary into /usr/local/bin'

demo: setup build
	@dev/demo.sh $(BINARY) $(DEMO)

demo-clean: build
	@dev/demo-clean.sh $(BINARY) $(DEMO)

demo-orders: setup-orders build
	@dev/demo-orders.sh $(BINARY) $(DEMO_ORDERS)

demo-orders-clean: build
	@dev/demo-clean.sh $(BINARY) $(DEMO_ORDERS)

test: setup-tests lint
	$(CARGO) test --workspace

# Emulated, thus slow, unless this machine can run virtual ones: not a part of `test`.
test-v2:
	@CARGO="$(CARGO)" dev/vm/run.sh $(FILTER)

sim:
	$(CARGO) run --release --package tapedeck-sim -- --schedules $(SCHEDULES)

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench: setup build
	@benches/run.sh $(BINARY)

build:
	@$(CARGO) build --release --package tapedeck

install: build
	install -m 0755 $(BINARY) /usr/local/bin/tapedeck

setup:
	@dev/setup.sh

setup-orders:
	@dev/setup.sh orders

setup-tests:
	@dev/setup.sh tests
