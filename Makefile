# The commands of this project; README.md says what they do.

PYTHON ?= python3
VENV := .venv
IN_VENV := $(VENV)/bin/python
INSTALL := $(IN_VENV) -m pip install -qq --disable-pip-version-check --requirement

export PYTHONUNBUFFERED := 1

.PHONY: run test engine model storm interrupt fuzz generate check auth0 verify token package deploy stack undeploy smoke format clean
.DEFAULT_GOAL := run

run: $(VENV)/installed
	@$(IN_VENV) -m dev.local.serve

# A process for each core, up to four; a file's tests stay together, for they share what they start,
# and the files in the order that tests/conftest.py gives them.
test: $(VENV)/tests-installed engine
	@$(IN_VENV) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# DynamoDB, and in the tests the rest of AWS: see dev/local/engine.py.
engine: $(VENV)/installed
	@$(IN_VENV) -m dev.local.engine

model: $(VENV)/installed
	@$(IN_VENV) -m tests.store.model

storm: $(VENV)/installed engine
	@$(IN_VENV) -m tests.store.storm

interrupt: $(VENV)/installed engine
	@$(IN_VENV) -m tests.deploy.interruptions

fuzz: $(VENV)/tests-installed engine
	@$(IN_VENV) -m tests.contract.fuzz
	@FUZZ_EXAMPLES=10000 $(IN_VENV) -m pytest --numprocesses auto tests/parsers/test_parsers.py

auth0: $(VENV)/installed
	@$(IN_VENV) -m dev.auth0.setup

generate: $(VENV)/installed
	@$(IN_VENV) -m dev.generate

check: $(VENV)/tests-installed
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(IN_VENV) -m tests.contract.lint
	@$(IN_VENV) -m dev.generate --check
	@$(IN_VENV) -m dev.contract.compatibility

verify: $(VENV)/installed
	@$(IN_VENV) -m dev.table.verify

token: $(VENV)/installed
	@$(IN_VENV) -m dev.local.issuer

package: $(VENV)/installed
	@$(IN_VENV) -m dev.deploy.package

deploy: $(VENV)/installed
	@$(IN_VENV) -m dev.deploy.deploy

stack: $(VENV)/installed
	@$(IN_VENV) -m dev.deploy.stack

undeploy: $(VENV)/installed
	@$(IN_VENV) -m dev.deploy.undeploy

smoke: $(VENV)/installed
	@$(IN_VENV) -m dev.deploy.smoke

format: $(VENV)/installed
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

clean:
	rm -rf $(VENV) .local

# The file is written last: an installation that was interrupted is done again.
$(VENV)/installed: requirements.txt requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || \
	  { echo "casting: there is no $(PYTHON) here; install Python 3.11 or newer, or name one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "casting: $(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=..." >&2; exit 1; }
	@echo "Installing into $(VENV) (once) ..."
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "casting: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@$(INSTALL) requirements-dev.txt || \
	  { echo "casting: the packages could not be installed; is there a network?" >&2; exit 1; }
	@touch $@

# Whoever only runs the product does not wait for these.
$(VENV)/tests-installed: tests/requirements.txt $(VENV)/installed
	@echo "Installing what the tests need (once) ..."
	@$(INSTALL) tests/requirements.txt || \
	  { echo "casting: the packages could not be installed; is there a network?" >&2; exit 1; }
	@touch $@
