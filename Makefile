# What to do with the project, in one word each. `make` alone lists them.

ISSUE  := open-source-in-care
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test bench lint format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.runtime ## build the sample issue and send it into a folder (no mail leaves this machine)
	@.venv/bin/newsletter build $(ISSUE)
	@.venv/bin/newsletter send $(ISSUE) --yes
	@echo
	@echo "What each profession reads (open in a browser):"
	@ls build/$(ISSUE)/*.html | sed 's/^/  /'
	@echo "What was mailed, one file per recipient, in var/outbox/$(ISSUE)/. For example:"
	@find var/outbox/$(ISSUE) -name '*.eml' | sort | sed -n 's/^/  /; 1p'
	@echo "How the campaign stands:"
	@echo "  .venv/bin/newsletter status $(ISSUE)"

test: lint ## check everything: format, lint, types, tests
	@sh tests/setup/chromium.sh
	@$(PYTHON) -m pytest

bench: .venv/.dev ## measure how fast it builds and sends
	@$(PYTHON) -m tests.bench

lint: .venv/.dev ## check format, lint and types
	@.venv/bin/ruff format --check
	@.venv/bin/ruff check
	@.venv/bin/mypy

format: .venv/.dev ## rewrite the code in its one format
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

clean: ## remove what can be made again; var/ (database and outbox) stays
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.runtime .venv/.dev: pyproject.toml constraints.txt
	@sh tests/setup/venv.sh $(subst .,,$(notdir $@))
