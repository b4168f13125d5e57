# make up, make test: everything else is set up on the way.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
NAME ?=
TESTS ?=

# Hashes guard every download; the rest keeps pip quiet and from asking for anything the lock does not name.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

.PHONY: help up test check format bench install lock package clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

up: .venv/.run ## Watch this very machine: centre, agent, collector, until Ctrl-C (ARGS="--port 9000 --data DIR")
	@exec $(BIN)/zhishou up $(ARGS)

install: .venv/.dev ## Everything for working on it, into .venv

test: ## Set up whatever is missing (Debian packages too), then make check
	@scripts/debian-packages
	@$(MAKE) --no-print-directory check

check: .venv/.dev ## Format, lint, types, import contracts, tests (TESTS="tests/house -n0" narrows)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@told=$$($(BIN)/lint-imports) || { echo "$$told"; exit 1; }
	@$(BIN)/pytest -q -n 2 --dist loadfile $(TESTS)

format: .venv/.dev ## Put the code in form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/.dev ## Measure: lines "name value", aims beside them on stderr (NAME=ingest for one)
	@scripts/debian-packages
	@$(BIN)/python -m bench $(NAME)

lock: .venv/.dev ## Pin dependencies anew (ARGS=--upgrade takes the newest)
	@scripts/lock $(ARGS)

package: .venv/.run ## Build agent and collector for Debian: dist/zhishou-<role>_<version>_<architecture>.deb
	@scripts/package dist agent
	@scripts/package dist collector

clean: ## Remove the environment and caches, never data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The environment. Stamps stand in .venv, so removing it starts anew; a newer lock installs again.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); 3.11 or newer is needed (make PYTHON=python3.12 …)" >&2; exit 1; }
	@echo "making .venv" >&2
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }

.venv/.run: requirements/run.lock pyproject.toml | .venv/bin/python
	@echo "installing what requirements/run.lock pins" >&2
	@$(PIP_INSTALL) --require-hashes -r requirements/run.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.lock requirements/run.lock pyproject.toml | .venv/bin/python
	@echo "installing what requirements/dev.lock pins" >&2
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.run
