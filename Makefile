# Keyart's commands. `make` alone lists them.
#
# One environment, .venv, serves them all. `make run` needs the run lock; the other commands need the dev lock,
# which holds everything that the run lock does. A stamp in .venv says which lock was installed last, so that
# nothing is done twice, and a changed lock is installed again.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

PYTHON ?=
UPGRADE ?=
# How many test processes `make test` runs side by side: one for each processor, eight at most. 0 runs all in one.
PROCESSES ?= logical --maxprocesses 8

BIN := .venv/bin
UV := $(BIN)/uv --quiet
INSTALLED_BY := pyproject.toml .venv/.bootstrap

# Compiled files save over a second at each start, so a request not to write them does not hold for installs.
unexport PYTHONDONTWRITEBYTECODE
# An environment that the calling shell has activated is not the one meant here.
unexport VIRTUAL_ENV

##@ Commands

.PHONY: run
run: .venv/.run ## serve http://127.0.0.1:8000 with a trainer beside it; settings come from KEYART_* variables
	@exec $(BIN)/keyart serve --with-parent

.PHONY: install
install: .venv/.run ## make .venv from the run lock, and nothing more: PYTHON=/usr/bin/python3.13 names the Python

.PHONY: test
test: lint ## lint, types, layers and the whole test suite
	$(BIN)/pytest --numprocesses $(PROCESSES) --dist loadgroup

.PHONY: lint
lint: .venv/.dev ## style, formatting, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

.PHONY: format
format: .venv/.dev ## rewrite the source in the project's format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: bench
bench: .venv/.bench ## run the benchmarks
	$(BIN)/python -m tests.bench

.PHONY: bench-quality
bench-quality: .venv/.bench ## measure how well it chooses, beside other libraries; it fetches a data set once
	$(BIN)/python -m tests.bench.quality

.PHONY: load
load: .venv/.dev ## drive a made catalogue of 200 titles with locust until it gives way, and report
	$(BIN)/python -m tests.load

.PHONY: soak
soak: .venv/.dev ## run the long counts that `make test` leaves out
	$(BIN)/pytest -m soak --timeout=3600

.PHONY: lock
lock: .venv/.bootstrap ## write the locks anew from pyproject.toml; UPGRADE=1 takes the newest releases
	$(call COMPILE,bootstrap) --group bootstrap
	$(call COMPILE,run) pyproject.toml --group build
	$(call COMPILE,dev) pyproject.toml --group build --group dev --constraints requirements/run.txt
	$(call COMPILE,bench) --group bench --constraints requirements/dev.txt

.PHONY: vendor
vendor: .venv/.dev ## fetch the scripts of others that the pages use, as app/pages/vendor/vendor.json names them
	$(BIN)/python -m tests.pages.vendored

.PHONY: clean
clean: ## remove the environment and every cache; data/ stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find app assets bandit clients tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

# ---------------------------------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --output-file requirements/$(1).txt

# $(call INSTALL,run) makes .venv hold exactly what requirements/run.txt says, and the project itself.
# Nothing is built from source except the project: every locked package comes as a wheel.
define INSTALL
@echo "Installing requirements/$(1).txt into .venv"
@$(UV) pip sync --python $(BIN)/python --require-hashes --no-build --compile-bytecode requirements/$(1).txt
@$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
endef

# A newer run lock is installed as the dev lock where the dev lock was: what tests need is not taken away again.
.venv/.run: requirements/run.txt $(INSTALLED_BY)
	$(call INSTALL,$(if $(wildcard .venv/.dev),dev,run))
	@touch $@ $(wildcard .venv/.dev)

.venv/.dev: requirements/dev.txt requirements/run.txt $(INSTALLED_BY)
	$(call INSTALL,dev)
	@touch $@ .venv/.run

# What Keyart is compared with is installed beside what it is tested with, and goes with the next change of that.
.venv/.bench: requirements/bench.txt .venv/.dev
	@echo "Installing requirements/bench.txt into .venv"
	@$(UV) pip install --python $(BIN)/python --require-hashes --no-build --compile-bytecode --requirement $<
	@touch $@

NO_VENV := Keyart needs Python's venv module: run `apt-get install make python3-venv` (Debian, Ubuntu) and try again.
NO_PYTHON := Keyart needs CPython 3.11 or newer: install it, or name it with `make PYTHON=/path/to/python3.13`.
IS_SUPPORTED := import sys; sys.exit(sys.version_info[:2] < (3, 11) or sys.implementation.name != "cpython")

# A name on the PATH may stand for a Python that is not installed, so each candidate is tried before it is chosen.
.venv/.bootstrap: requirements/bootstrap.txt
	@python=; \
	for candidate in $(or $(PYTHON),python3.12 python3.11 python3.13 python3); do \
		"$$candidate" -c '$(IS_SUPPORTED)' >/dev/null 2>&1 || continue; \
		python=$$candidate; \
		"$$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1 && break; \
	done; \
	if [ -z "$$python" ]; then printf '%s\n' '$(NO_PYTHON)' >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		printf '%s\n' "$(subst `,\`,$(NO_VENV))" >&2; exit 1; fi; \
	echo "Making .venv with $$("$$python" -V)"; \
	"$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
