# MediFlow's commands. Bare `make` lists them. Needs Python 3.11 and make; everything else is set up below.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser test-faults check docs bench up clean

help:  ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

$(READY): requirements.lock setup.py
	@command -v $(PYTHON) >/dev/null || { echo "MediFlow needs $(PYTHON) on the PATH (or: make PYTHON=/path/to/python3.11)." >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock (a few minutes the first time, cached afterwards) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --compile-bytecode -e .
	@touch $@
	@echo "Set up."

setup: $(READY)  ## create the virtual environment

demo: $(READY)  ## the main job on a generated sample hospital, and what it made
	@mediflow demo

test: $(READY)  ## the tests that need no JVM
	@pytest

test-faults: $(READY)  ## thirty kills at seeded moments, each run again to the end (minutes)
	@pytest -m faults

test-browser: $(READY)  ## the dashboard in Chromium: widths, themes, predictions, downloads, accessibility
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }
	@pytest -m browser dashboard/tests/browser

check: $(READY)  ## ruff, mypy, import-linter, freshness of the generated documents
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports
	@python -m mediflow_assets.contracts.dictionary --check docs/data_dictionary.md

docs: $(READY)  ## write the generated documents anew
	@python -m mediflow_assets.contracts.dictionary docs/data_dictionary.md

bench: $(READY)  ## measure, with a table and JSON
	@mediflow bench

up: $(READY)  ## Dagster UI and daemon, gateway and dashboard on localhost; Ctrl-C ends all
	@mediflow up

clean:  ## remove the virtual environment and caches (never the data)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
