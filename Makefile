# The two commands are `make run` and `make test`; each target sets up what it needs.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
VENV    ?= .venv
IMAGE   ?= tests/data/photos/picosdeeuropa_by_Aitzol_Berasategi.jpg
OUTPUT  ?= scores
ARGS    ?=
PIP     := $(VENV)/bin/pip --disable-pip-version-check --quiet
BIN     := $(VENV)/bin

.PHONY: help run up plugin serve test check bench protos format clean

help:  ## show these lines
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/.server  ## compose a score: make run IMAGE=holiday.jpg ARGS="--key 'G major'"
	$(BIN)/hartmann compose "$(IMAGE)" --output "$(OUTPUT)" $(ARGS)

plugin: $(VENV)/.server  ## put the plugin into MuseScore
	$(BIN)/hartmann plugin install $(ARGS)

up: $(VENV)/.server  ## database, server and bridge for MuseScore, until Ctrl-C
	$(BIN)/hartmann up $(ARGS)

serve: $(VENV)/.server  ## run the gRPC server until Ctrl-C
	$(BIN)/hartmann serve $(ARGS)

test: $(VENV)/.dev check  ## every check and every test
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.dev  ## format, lint, types, protos
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/generate_stubs.py --check
	$(BIN)/python tools/check_protos.py

bench: $(VENV)/.dev  ## print the figures that the documentation quotes
	@set -e; for bench in tests/benchmarks/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench; done

protos: $(VENV)/.dev  ## generate the stubs anew
	$(BIN)/python tools/generate_stubs.py

format: $(VENV)/.dev  ## format the sources and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove the environment and caches; scores and databases stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("Hartmann needs Python 3.11; this is " + sys.version.split()[0] + ". Try: make PYTHON=/path/to/python3.11") if sys.version_info[:2] != (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.server: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Setting up $(VENV); the first time this downloads some gigabytes (PyTorch)."
	$(PIP) install --constraint constraints.txt --editable '.[server]'
	touch $@

$(VENV)/.dev: $(VENV)/.server
	$(PIP) install --constraint constraints.txt --editable '.[server,training,dev]'
	touch $@
