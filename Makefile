# Two commands are enough: `make run` serves the demo, `make test` runs everything. The others are parts of them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help run sbc test unit pages fmt check picture bench soak hostile pictures reset-demo verify-audit export-audit system-parts python

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(STAMP) ## Serve the demo: environment, database, made-up data, stand-ins; prints address and sign-ins
	@exec $(BIN)/python -m lib serve

sbc: python ## Run the reference SBC in the foreground (needs Kamailio; see docs/sbc.md)
	@exec $(PYTHON) deploy/sbc/run.py

test: $(DEV_STAMP) system-parts check ## Check the code, then run the whole test suite
	$(BIN)/python -m pytest -n $${WORKERS:-3} --dist loadfile $(PYTEST_ARGS)

unit: $(DEV_STAMP) ## The quick tests: no server, no process, no browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not postgres and not process" --hypothesis-profile=quick tests/unit $(PYTEST_ARGS)

pages: $(DEV_STAMP) ## The tests of the pages, without a browser
	$(BIN)/python -m pytest -n $${WORKERS:-2} --dist loadfile tests/pages $(PYTEST_ARGS)

fmt: $(DEV_STAMP) ## Format the code and fix what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(DEV_STAMP) ## ruff, mypy, import-linter, alembic check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@folder=$$(mktemp -d); export AM_ENV=demo AM_DATABASE_URL= AM_DATA_DIR=$$folder; \
	  $(BIN)/python -m lib migrate && $(BIN)/python -m lib migrate --check; \
	  status=$$?; rm -rf $$folder; exit $$status

bench: $(DEV_STAMP) system-parts ## Measure pages, scripts, search and actions, as ratios of one run
	$(BIN)/python -m tests.bench

soak: $(DEV_STAMP) system-parts ## Kill servers during deactivations, 100 times on each database with one and with two; fill disks, set clocks
	$(BIN)/python -m tests.faults.soak --kills $${KILLS:-100}

hostile: $(DEV_STAMP) ## Drive the Zuora client through a hostile proxy, in 2000 random sequences
	HOSTILE_SEQUENCES=$${SEQUENCES:-2000} HOSTILE_SEED=$${SEED:-0} \
	  $(BIN)/python -m pytest -n $${WORKERS:-3} tests/contract/zuora/test_zuora_hostile.py $(PYTEST_ARGS)

picture: $(DEV_STAMP) ## Draw docs/images/architecture.svg again, from the imports
	$(BIN)/python -m tests.picture

pictures: $(DEV_STAMP) system-parts ## Take the pictures of the user's guide from a running demo (needs Chromium)
	$(BIN)/python -m tests.browser.pictures

reset-demo: $(STAMP) ## Delete everything done in the demo; the next `make run` starts again
	@$(BIN)/python -m lib serve --reset-demo

verify-audit: $(STAMP) ## Recompute the hash chain of the audit; EXPECT="<number> <hash>" compares with a head noted earlier
	@$(BIN)/python -m lib audit verify $(if $(EXPECT),--expect $(EXPECT))

export-audit: $(STAMP) ## Write every event of the audit as a line of JSON to FILE=<name>, or to the screen
	@$(BIN)/python -m lib audit export "$(or $(FILE),-)"

system-parts:
	@sh tests/system-parts.sh

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "The Account Manager needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo missing). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }

# uv where it is installed (seconds), else venv and pip (a minute). A stamp per file of pins makes the second start quick.
$(STAMP): requirements.txt | python
	@echo "Installing the pinned packages into $(VENV)"
	@if command -v uv >/dev/null 2>&1; then \
	  { [ -x $(BIN)/python ] || uv venv -q --python $(PYTHON) $(VENV); } && uv pip install -q --python $(BIN)/python -r requirements.txt; \
	else \
	  { [ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV); } && $(BIN)/pip install -q --disable-pip-version-check -r requirements.txt; \
	fi
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(STAMP)
	@echo "Installing the pinned tools for tests"
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install -q --python $(BIN)/python -r requirements-dev.txt; \
	else \
	  $(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt; \
	fi
	@touch $@
