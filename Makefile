# make run   start the office on http://127.0.0.1:8000 (PORT=... for another port), with demo data in an empty database
# make test  all tests, on SQLite and on PostgreSQL (ARGS=... are passed to pytest)
# make lint  style, types, import rules
# make bench the office at up to a million calls, beside the least that any application must do (ARGS=... see bench/)
# make translations   bring new texts into the catalogue
# make clean remove what make and the tests have built; the database in instance/ stays
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
INSTALL := $(BIN)/pip install --disable-pip-version-check --no-input -q
WORKERS ?= 2
ARGS ?=

.DELETE_ON_ERROR:
.PHONY: run test lint bench translations clean

run: $(RUNTIME)
	@exec $(BIN)/python app.py

test: $(DEV)
	@failed=""; \
	for database in sqlite postgresql; do \
		echo "== tests on $$database"; \
		$(BIN)/pytest -n $(WORKERS) --database $$database $(ARGS) || failed="$$failed $$database"; \
	done; \
	if [ -n "$$failed" ]; then echo "tests failed on:$$failed" >&2; exit 1; fi

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV)
	@exec $(BIN)/python -m bench $(ARGS)

translations: $(RUNTIME)
	$(BIN)/python -m backoffice.translations

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(BIN)/python
	$(INSTALL) -r requirements.txt
	@touch $@

$(DEV): requirements.txt requirements-dev.txt | $(BIN)/python
	$(INSTALL) -r requirements-dev.txt
	@touch $(RUNTIME) $@
