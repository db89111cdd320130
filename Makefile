# What a newcomer needs: make demo, make test. Everything else is for work on the project.

VENV   := .venv
STAMP  := $(VENV)/.installed
BIN    := $(VENV)/bin
SEED   := seeds/000_3beea0aa8b224972.txt
# the first Python on the path that is new enough
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint types dictionaries bench clean

help:  ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none is on the path." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making a private environment in $(VENV) (once) ..."; \
		"$(PYTHON)" -m venv $(VENV) || { echo "That failed; on Debian and Ubuntu install python3-venv." >&2; exit 1; }; }
	@echo "Installing (once, a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## restore the bundled page into demo/ and say what was repaired
	@mkdir -p demo
	@$(BIN)/restore clean $(SEED) -f --summary -o demo/page.txt --record demo/page.json --report demo/page.html
	@echo
	@echo "Beside each other in demo/:"
	@echo "  demo/page.txt   the clean text"
	@echo "  demo/page.json  the record: every correction, enough to take each back"
	@echo "  demo/page.html  the diff report; open it in a browser"

test: $(STAMP) lint types  ## everything that must pass: ruff, mypy, pytest
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup $(PYTEST_ARGS)

lint: $(STAMP)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

dictionaries: $(STAMP)  ## say how each data file is built; the builds are run by hand, they need corpora
	@echo "Each file in dictionaries/ is built by a script in dictionaries/build/:"
	@for script in dictionaries/build/[a-z]*.py; do \
		echo "  $(BIN)/python $$script"; \
		sed -n 's/^"""\(.*[^"]\)"*$$/      \1/p;' $$script | head -n 1; done
	@echo "Sources, licences and exact commands: dictionaries/SOURCES.md"

bench: $(STAMP)  ## benchmarks, as ratios to other programs in the same run
	$(BIN)/python -m pytest benchmarks -o python_files='bench_*.py' $(PYTEST_ARGS)

clean:  ## take away what make made (the environment stays; delete .venv for a fresh start)
	rm -rf demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
