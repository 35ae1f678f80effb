# The commands of this project. `make help` lists them.

PYTHON ?= python3
VENV := .venv
IN_VENV := $(VENV)/bin/python
INSTALL := $(IN_VENV) -m pip install -qq --disable-pip-version-check --requirement
# An installation changes the target, which others may use. `venv --clear` would even empty it.
REFUSE_LINK = if [ -L $(VENV) ]; then \
  echo "casting: $(VENV) is a symbolic link, so its target would be changed: remove the link, or name another folder with make VENV=..." >&2; exit 1; fi
PYTEST := $(IN_VENV) -m pytest
# One process for each core, up to four. A file's tests stay in one process, because they share what
# they start. tests/conftest.py starts the longest files first.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

export PYTHONUNBUFFERED := 1

.PHONY: help run test quick test-pythons engine model storm interrupt bench load cost bench-console pictures fuzz generate check auth0 verify token audit sbom lock package doctor deploy stack rollback deployer undeploy url smoke format clean restore export import forget watch backup tune rehearse
.DEFAULT_GOAL := run

help: ## list the commands
	@grep -E '^[a-z0-9%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/installed ## run the product on this machine (PORT=8000)
	@$(IN_VENV) -m dev.local.serve

test: $(VENV)/tests-installed engine ## run all tests
	@$(PYTEST) $(PARALLEL)

quick: $(VENV)/tests-installed ## run the tests that need no server, engine, emulator, browser or Node.js
	@FUZZ_EXAMPLES=20 $(PYTEST) -q --quick --numprocesses auto --dist worksteal

test-pythons: $(VENV)/installed ## run the quick tests on every Python from 3.11 to 3.14 that is found
	@$(IN_VENV) -m dev.pythons

test-%: $(VENV)/tests-installed engine ## run one folder of tests/, for example test-api
	@$(PYTEST) $(PARALLEL) tests/$*

check: $(VENV)/tests-installed ## check format, lint, types, generated files and breaking changes
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(IN_VENV) -m tests.contract.lint
	@$(IN_VENV) -m dev.generate --check
	@$(IN_VENV) -m dev.contract.compatibility
	@$(IN_VENV) -m dev.console check

format: $(VENV)/installed ## fix the format
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .
	@$(IN_VENV) -m dev.console format

generate: $(VENV)/installed ## write docs/generated/ and the console's types from the code
	@$(IN_VENV) -m dev.generate
	@$(IN_VENV) -m dev.console generate

model: $(VENV)/installed ## check 20,000 interleavings of each pair of operations (SCHEDULES, SEED)
	@$(IN_VENV) -m tests.store.model

scale: $(VENV)/installed engine ## measure what search and filters read (ACTORS=10000)
	@$(IN_VENV) -m dev.local.scale

storm: $(VENV)/installed engine ## send random requests to servers that are killed (OPERATIONS, KILLS, SEED)
	@$(IN_VENV) -m tests.store.storm

interrupt: $(VENV)/installed engine ## interrupt a deployment after each of its requests
	@$(IN_VENV) -m tests.deploy.interruptions

rehearse: $(VENV)/installed engine ## practise a bad night on an emulated AWS (YES=1: without waiting for Enter)
	@$(IN_VENV) -m tests.deploy.rehearse

bench: $(VENV)/bench-installed ## measure the API against peers, in ten minutes (FIGURES="list get": some only)
	@$(IN_VENV) -m bench $(FIGURES)

load: $(VENV)/tests-installed engine ## load the product and its deployment to an emulated AWS (DURATION, ROUNDS, MOVIES, CLIENTS)
	@$(IN_VENV) -m bench.load

cost: $(VENV)/installed ## write docs/cost.md from docs/load.json
	@$(IN_VENV) -m bench.load.cost

bench-console: $(VENV)/tests-installed engine ## measure how fast the console answers in a browser
	@$(IN_VENV) -m tests.console.bench

pictures: $(VENV)/tests-installed engine ## write docs/pictures/, of the console with the demo data
	@$(IN_VENV) -m tests.console.pictures

fuzz: $(VENV)/tests-installed engine ## fuzz the running API and every parser
	@$(IN_VENV) -m tests.contract.fuzz
	@FUZZ_EXAMPLES=10000 $(PYTEST) --numprocesses auto tests/parsers

verify: $(VENV)/installed ## check the whole table (TABLE_NAME, DYNAMODB_URL); REPAIR=1 also repairs it
	@$(IN_VENV) -m dev.table.verify

export: $(VENV)/installed ## write all items of a table to a file (TABLE_NAME, FILE=../casting.jsonl.gz)
	@$(IN_VENV) -m dev.table.export

import: $(VENV)/installed ## load a file of make export into an empty table (TABLE_NAME, FILE)
	@$(IN_VENV) -m dev.table.load

forget: $(VENV)/installed ## remove the record of a person (STAGE=prod ACTOR=<id> CONFIRM=<id>)
	@$(IN_VENV) -m dev.table.forget

token: $(VENV)/installed ## print a token (ROLE=director, TTL in seconds)
	@$(IN_VENV) -m dev.local.issuer

auth0: $(VENV)/installed ## set up an Auth0 tenant for a stage (STAGE=dev, CONSOLE_URL=https://..., DRY_RUN=1)
	@$(IN_VENV) -m dev.auth0.setup

audit: $(VENV)/audit-installed ## look for advisories of the packages (SECURITY.md says which)
	@$(IN_VENV) -m dev.audit

sbom: $(VENV)/installed ## list what a stage consists of, in CycloneDX (STAGE=dev)
	@$(IN_VENV) -m dev.deploy.sbom

lock: $(VENV)/installed ## write wheels.lock, the hashes of the packages that are deployed
	@$(IN_VENV) -m dev.deploy.wheels

package: $(VENV)/installed ## build and check the deployment package (STAGE=dev)
	@$(IN_VENV) -m dev.deploy.package

doctor: $(VENV)/installed ## check whether a stage can be deployed from here (STAGE=prod)
	@$(IN_VENV) -m dev.deploy.doctor

deploy: $(VENV)/installed ## deploy with chalice deploy (STAGE=dev)
	@$(IN_VENV) -m dev.deploy.deploy

stack: $(VENV)/installed ## deploy with CloudFormation (STAGE=prod; PLAN=1 only shows the changes)
	@$(IN_VENV) -m dev.deploy.stack

# It installs nothing again after a checkout, because it must not need a package index.
rollback: ## deploy the release before this one again (STAGE=prod, RELEASE)
	@[ -e $(VENV)/installed ] || $(MAKE) --no-print-directory $(VENV)/installed
	@$(IN_VENV) -m dev.deploy.rollback

deployer: $(VENV)/installed ## let others deploy a stage (STAGE=prod, REPOSITORY=owner/name)
	@$(IN_VENV) -m dev.deploy.permissions

undeploy: $(VENV)/installed ## remove a stage, except its table (STAGE=dev CONFIRM=dev)
	@$(IN_VENV) -m dev.deploy.undeploy

url: $(VENV)/installed ## print the URL of a deployed stage (STAGE=dev)
	@$(IN_VENV) -m dev.deploy.url

restore: $(VENV)/installed ## restore the table of a stage as it was (STAGE=prod TIME=2026-11-22T10:00:00Z)
	@$(IN_VENV) -m dev.deploy.restore

watch: $(VENV)/installed ## watch a stage and its costs from outside (STAGE=prod URL=https://... AMOUNT=50)
	@$(IN_VENV) -m dev.deploy.watch

backup: $(VENV)/installed ## keep backups in a locked vault (STAGE=prod DAYS=35 CONFIRM=prod)
	@$(IN_VENV) -m dev.deploy.backup

tune: $(VENV)/installed ## measure the function with several sizes of memory (STAGE=dev ROUNDS=3)
	@$(IN_VENV) -m dev.deploy.tune

smoke: $(VENV)/installed ## check a deployed API (URL=https://...)
	@$(IN_VENV) -m dev.deploy.smoke

clean: ## remove what is installed and built, and the local data
	rm -rf $(VENV) .local console/node_modules chalicelib/console

# The local DynamoDB, and in the tests the rest of AWS: see dev/local/engine.py.
engine: $(VENV)/installed ## install the local DynamoDB engine
	@$(IN_VENV) -m dev.local.engine

# The stamp is written last, so an interrupted installation is repeated.
$(VENV)/installed: requirements.txt requirements-dev.txt
	@$(REFUSE_LINK)
	@command -v $(PYTHON) >/dev/null || \
	  { echo "casting: $(PYTHON) was not found: install Python 3.11 or newer, or name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "casting: $(PYTHON) is older than Python 3.11: name a newer one with make PYTHON=..." >&2; exit 1; }
	@echo "Installing into $(VENV) (once) ..."
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "casting: $(PYTHON) cannot create virtual environments: on Debian and Ubuntu, install python3-venv" >&2; exit 1; }
	@$(INSTALL) requirements-dev.txt || \
	  { echo "casting: the packages cannot be installed: check the network" >&2; exit 1; }
	@touch $@

# Running the product does not need these.
$(VENV)/tests-installed: tests/requirements.txt $(VENV)/installed
	@$(REFUSE_LINK)
	@echo "Installing the packages of the tests (once) ..."
	@$(INSTALL) tests/requirements.txt || \
	  { echo "casting: the packages cannot be installed: check the network" >&2; exit 1; }
	@touch $@

# Only `make bench` needs these.
$(VENV)/bench-installed: bench/requirements.txt $(VENV)/installed
	@$(REFUSE_LINK)
	@echo "Installing the packages of the benchmarks (once) ..."
	@$(INSTALL) bench/requirements.txt || \
	  { echo "casting: the packages cannot be installed: check the network" >&2; exit 1; }
	@touch $@

# Only `make audit` needs these.
$(VENV)/audit-installed: requirements-audit.txt $(VENV)/installed
	@echo "Installing the packages of the audit (once) ..."
	@$(INSTALL) requirements-audit.txt || \
	  { echo "casting: the packages cannot be installed: check the network" >&2; exit 1; }
	@touch $@
