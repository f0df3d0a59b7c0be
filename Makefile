# Two commands matter: `make run` and `make test`. Both prepare what they need.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
.PHONY: setup reader run demo test nightly lint bench screens model model-card lock needs clean

setup: .venv/.runtime

.venv/bin/pip:
	@.ci/venv "$(PYTHON)"

.venv/.runtime: .venv/bin/pip requirements.lock pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@.ci/build-needs $(BIN)/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Starts at http://localhost:8501/ and prints the first administrator's one-time password.
run: setup
	@$(BIN)/channel serve

# The inspector's laptop: the agent with what it needs and nothing of the console, as .venv/bin/channel-reader.
reader: .venv/bin/pip
	@.ci/build-needs $(BIN)/python
	@command -v pcscd >/dev/null || .ci/apt pcscd libccid
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-reader.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/channel-reader version

demo: setup
	@$(BIN)/channel demo

# System packages that tests need (a browser, fonts, PostgreSQL), installed where that is allowed.
needs:
	@.ci/needs

# Tests keep their databases in memory where there is room: a disk that has to sync each of their
# commits would be most of what they wait for. What outlives a kill is bench_kill's matter, on a disk.
ROOM := $(shell free=$$(df --output=avail -k /dev/shm 2>/dev/null | tail -1); \
	[ "$${free:-0}" -gt 6000000 ] && echo /dev/shm || echo "$${TMPDIR:-/tmp}")

test: .venv/.dev needs lint
	@TMPDIR=$(ROOM) $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not nightly"

# What is too long for every day: the whole story in a browser, on a shop that we did not write.
nightly: .venv/.dev needs
	@TMPDIR=$(ROOM) $(BIN)/pytest -m nightly

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright

# The pictures of the README, of the sample workspace as it is now.
screens: .venv/.dev needs
	@$(BIN)/python -m tests.screens

bench: .venv/.dev needs
	@$(BIN)/python -m tests.bench

# The screening engine's tables and shipped model, from models/data/screening*.toml and titles-*.csv.
model: .venv/.dev
	@$(BIN)/python -m integrations.screening_data

# docs/screening.md: how the engine reads each author's titles after learning from the others'.
model-card: .venv/.dev
	@$(BIN)/python -m integrations.screening_card

# Renew the hashed lock files after a change of pyproject.toml.
lock: .venv/.dev
	@$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --group counter -c requirements.lock -o requirements-reader.lock

clean:
	@rm -rf .venv .build test-output
