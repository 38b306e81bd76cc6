# Sổ Hộ. `make` alone lists what there is to make.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
INSTANCE ?= instance
JOBS ?= 2
SEED ?= 1
COUNT ?= 1000
export VENV HOST PORT
export INSTANCE := $(abspath $(INSTANCE))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is compiled once is read by every process of the tests: empty is "write it".
export PYTHONDONTWRITEBYTECODE :=

PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest -q
UNIT := --dist worksteal --ignore=tests/phone --ignore=tests/faults
NOTES := $(VENV)/statements
PARTS := MAKE="$(MAKE)" $(PY) -m scripts.parts
FAULTS := tests/faults/node_modules/.package-lock.json
LINT := scripts/lint/node_modules/.package-lock.json
BIOME := scripts/node scripts/lint/node_modules/@biomejs/biome/bin/biome
SUPPLY := build/supply/bin
TSC := scripts/node scripts/lint/node_modules/typescript/bin/tsc

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ":.*## " '{ printf "  make %-9s %s\n", $$1, $$2 }'

# -- Use ---------------------------------------------------------------------------------------------------------------

run: $(VENV)/.run ## serve the demo commune on this machine (HOST, PORT, INSTANCE, DATABASE_URL)
	@$(PY) -m scripts.serve

run-https: $(VENV)/.run ## the same by HTTPS in the local network, to try it on a real phone (HTTPS_PORT, TRUST_PORT)
	@$(PY) -m scripts.local_https

env: $(VENV)/.run ## only what the server needs, in .venv (PYTHON names the interpreter)

# -- Test --------------------------------------------------------------------------------------------------------------

test: $(VENV)/.dev tools $(FAULTS) ## everything a change must pass, and how long each part took; installs what it needs
	@$(PARTS) lint+catalog+size unit node phone few-faults fuzz
	@echo "All passed."

quick: $(VENV)/.dev $(FAULTS) ## what a change is tried by meanwhile, in two minutes: on SQLite, no Chromium, nothing at length
	@$(PARTS) lint+catalog+size unit-quick node

journeys: tools $(VENV)/.dev ## the long ways, of which `make test` goes a shortened one each
	@echo "== the long ways"
	@SECOND_READING=50000 WAY_OUT=1000 EXAMPLES=10 $(PYTEST) -n $(JOBS) -m "journey or hypothesis or many or further" tests $(ARGS)

coverage: $(VENV)/.dev ## a lens, no goal: which lines of the server no test without a browser runs, in coverage/
	@$(PYTEST) -n $(JOBS) $(UNIT) -m "not phone and not journey and not postgresql" --cov=survey --cov=models --cov-report=term:skip-covered --cov-report=html:coverage $(ARGS)

tools: $(VENV)/.dev # Chromium and PostgreSQL
	@scripts/system

lint: $(VENV)/.dev $(LINT) ## style and types: Python by ruff and mypy, JavaScript by Biome and TypeScript
	$(VENV)/bin/ruff check --no-cache .
	$(VENV)/bin/ruff format --no-cache --check .
	$(VENV)/bin/mypy --cache-dir=$(VENV)/.mypy
	$(BIOME) check --error-on-warnings .
	$(TSC) -p .
	$(TSC) -p types/worker

format: $(VENV)/.dev $(LINT) ## put Python and JavaScript into the one style that `make lint` asks for
	$(VENV)/bin/ruff format --no-cache .
	$(BIOME) format --write .

catalog: $(VENV)/.dev ## each message has a Vietnamese translation, and none is left over
	@$(PY) -m scripts.catalog

size: $(VENV)/.dev ## what a phone downloads, in kB gzipped, against its budget
	@$(PY) -m scripts.size

rooms: $(VENV)/.run ## the rooms of the house: who may import whom, and how large each is
	@$(PY) -m scripts.rooms

# With words for pytest of one's own each test that they name runs on both.
unit: $(VENV)/.dev $(LINT) ## pytest without a browser, on SQLite, and on PostgreSQL whatever is said to a database
ifeq ($(ARGS),)
	@echo "== pytest on SQLite"
	@NOTES=$(NOTES) $(PYTEST) -n $(JOBS) $(UNIT) -m "not phone and not journey and not postgresql"
	@echo "== pytest on PostgreSQL"
	@NOTES=$(NOTES) CHOSEN=enough $(PYTEST) -n $(JOBS) $(UNIT) -m "postgresql and not phone and not journey"
else
	@echo "== pytest on SQLite and PostgreSQL"
	@$(PYTEST) -n $(JOBS) $(UNIT) -m "not phone and not journey and not (thorough and postgresql)" $(ARGS)
endif

unit-quick: $(VENV)/.dev # on SQLite alone, without what proves a rule at length and what says nothing new to a database
	@echo "== pytest on SQLite"
	@$(if $(ARGS),,NOTES=$(NOTES) CHOSEN=few )$(PYTEST) -n $(JOBS) $(UNIT) -m "not phone and not journey and not postgresql and not thorough" $(ARGS)

node: $(VENV)/.dev $(FAULTS) ## the phone's modules that need no browser, as they go out, by node --test
	@echo "== node --test"
	@$(PY) -m scripts.small $(VENV)/served
	@cd $(VENV)/served && VENV=$(abspath $(VENV)) PYTHON=$(abspath $(PY)) scripts/node --test --test-concurrency=$(JOBS) tests/static/*.test.js tests/static/*/*.test.js tests/faults/*.test.js

phone: $(VENV)/.dev ## phone and desk in a real Chromium against a real server
	@echo "== pytest in Chromium"
	@$(PYTEST) -n $(JOBS) --dist loadfile -m "phone and not journey and not further" tests/phone tests/web/*/*_in_chromium.py $(ARGS)

further: $(VENV)/.dev $(FAULTS) $(LINT) ## what `make test` leaves out, before a release: in Chromium, on PostgreSQL, seeds of faults
	@echo "== faults, the other seeds"
	@JOBS=$(JOBS) $(PY) -m tests.faults --others
	@echo "== pytest on PostgreSQL, what make unit left"
	@NOTES=$(NOTES) CHOSEN=rest $(PYTEST) -n $(JOBS) $(UNIT) -m "postgresql and not phone and not journey" $(ARGS)
	@echo "== pytest further in Chromium"
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "further and not journey" tests/phone tests/faults tests/web/*/*_in_chromium.py $(ARGS)

faults: tools $(VENV)/.dev $(FAULTS) ## nothing is lost: COUNT seeded runs of phones, bad lines and a dying office from SEED on
	@JOBS=$(JOBS) $(PY) -m tests.faults $(SEED) $(COUNT)
	@BROWSER_SEEDS=20 $(PYTEST) -n $(JOBS) tests/phone/test_seeds.py
	@$(PYTEST) -n $(JOBS) -m "slow or further" tests/faults

few-faults: $(VENV)/.dev $(FAULTS) # a few that meet every hardship, and that the broken builds that matter most are seen
	@echo "== faults"
	@JOBS=$(JOBS) $(PY) -m tests.faults --few
	@$(PYTEST) -n $(JOBS) -m "not slow and not further" tests/faults $(ARGS)

SECONDS ?= 20
fuzz: $(VENV)/.dev ## what strangers send, bent, against bounds of time and memory: SECONDS of it, from SEED on
	@echo "== fuzz"
	@$(PY) -m tests.fuzz $(SECONDS) $(SEED)

bill: build/.supply ## what the server is made of, with versions and licences: build/bill.json (CycloneDX); asks no network
	@$(MAKE) -s env VENV=build/served
	@$(SUPPLY)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/bill.json build/served/bin/python
	@echo "build/bill.json"

audit: build/.supply ## known holes in what is pinned, asked of PyPI's advisories: needs a network, and says so without
	@$(SUPPLY)/pip-audit --strict --no-deps --disable-pip -r requirements.txt

screens: tools ## the pictures of the main screens, docs/screens
	@$(PY) -m scripts.screens

bench: $(VENV)/.bench ## how fast: intake against a province's need, our engine beside enketo-core, ODK web-forms and libxml2
	@$(PY) -m bench.intake
	@$(PY) -m bench.server_engine
	@$(PY) -m bench.phone_engines

differences: $(VENV)/.bench ## our engine against ODK's own, on generated forms and answers (bench/differences.md)
	@$(PY) -m bench.differential

oracle: $(VENV)/.dev ## the household questionnaire in JavaRosa, ODK Collect's engine, where it is (JAVAROSA=folder)
	@JOBS=$(JOBS) $(PY) -m bench.javarosa

clean: ## remove the environment and the caches; never instance/
	@scripts/environment --clear $(VENV)
	rm -rf build .pytest_cache .ruff_cache .mypy_cache .hypothesis

# -- The environment: each stamp is younger than what it was made from ---------------------------------------------------

$(VENV)/.made: scripts/environment
	@scripts/environment $(VENV)
	@[ -e $@ ] || touch $@

$(VENV)/.run: $(VENV)/.made requirements.txt
	@echo "Installing requirements.txt"
	@$(PY) -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing requirements-dev.txt"
	@$(PY) -m pip install -q -r requirements-dev.txt
	@touch $@

# What reads our JavaScript: a linter with its formatter, and a checker of types.
$(LINT): scripts/lint/package-lock.json
	@echo "Installing scripts/lint"
	@cd scripts/lint && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# What the phones of the fault suite keep their data in.
$(FAULTS): tests/faults/package-lock.json
	@echo "Installing tests/faults"
	@cd tests/faults && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# Apart from the tests' own: it brings forty packages that nothing here imports.
build/.supply: scripts/supply/requirements.txt scripts/environment
	@scripts/environment build/supply
	@echo "Installing scripts/supply"
	@$(SUPPLY)/python -m pip install -q -r scripts/supply/requirements.txt
	@touch $@

# The engines we are measured beside: for `make bench` only.
$(VENV)/.bench: $(VENV)/.dev bench/requirements.txt bench/engines/package-lock.json
	@echo "Installing bench/requirements.txt and bench/engines"
	@$(PY) -m pip install -q -r bench/requirements.txt
	@cd bench/engines && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

.PHONY: help run run-https env test quick journeys tools lint format catalog size rooms unit unit-quick node phone further faults few-faults fuzz bill audit screens bench differences oracle clean
