# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11 or newer and make are enough.
SHELL := /bin/sh
PORT ?= 8000
DEMO_CUSTOMERS ?= 20000
VENV := .venv
PY := $(VENV)/bin/python
BOOTSTRAP_PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3 python3.14; do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
LOCKS := requirements/runtime.txt requirements/embedded.txt requirements/dev.txt
STAMP := $(VENV)/.installed-demo
DEV_STAMP := $(VENV)/.installed-dev
PIP := $(PY) -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint format bench crash drill sbom lock messages vendor clean

demo: $(STAMP)
	@exec $(PY) -m coopcrm.demo --port $(PORT) --customers $(DEMO_CUSTOMERS)

test: $(DEV_STAMP)
	@exec $(PY) -m coopcrm.testing $(ARGS)

lint: $(DEV_STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) manage.py makemigrations --check --dry-run

format: $(DEV_STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(DEV_STAMP)
	@exec $(PY) -m bench $(ARGS)

# Kills at many random moments; `make test` kills once in every step.
crash: $(DEV_STAMP)
	COOPCRM_KILLS=20 $(PY) -m pytest -m crash $(ARGS)

# Bring a backup back into an empty server and work there; touches nothing that is in use.
drill: $(STAMP)
	@exec $(PY) manage.py drill $(ARGS)

# Locks hold hashes for every platform and no host name; the resolver asks whatever index this machine is set up for.
lock: $(DEV_STAMP)
	@for name in runtime embedded dev; do \
		$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-annotate --no-header requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

# The parts of a release with versions, hashes and licences (CycloneDX), read from the environment that the locks made.
sbom: $(STAMP)
	@$(PY) scripts/sbom.py var/sbom.json

# Collect the texts of the product for the translators, and say what lacks a translation.
messages: $(DEV_STAMP)
	@$(PY) scripts/messages.py extract
	@$(PY) scripts/messages.py check

# Copy the browser libraries that package.json pins into static/vendor; its results are committed.
vendor: $(DEV_STAMP)
	@$(PY) scripts/vendor.py

clean:
	rm -rf $(VENV) var .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/pip:
	@test -n "$(BOOTSTRAP_PYTHON)" || { echo "coopcrm needs Python 3.11 or newer with venv."; \
		echo "Install it (Debian, Ubuntu: apt-get install python3 python3-venv) and run make again."; exit 1; }
	@echo "Python environment: $(BOOTSTRAP_PYTHON) -m venv $(VENV)"
	@$(BOOTSTRAP_PYTHON) -m venv $(VENV)

$(STAMP): requirements/runtime.txt requirements/embedded.txt | $(VENV)/bin/pip
	@echo "Installing the locked packages"
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/embedded.txt
	@touch $@

$(DEV_STAMP): $(STAMP) requirements/dev.txt
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
