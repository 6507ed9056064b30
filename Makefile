# Everything a contributor types. `make` alone lists the targets; each target with two hashes is in that list.
SHELL := /bin/sh
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
# Two processes: this is timed on 2 cores. Idle ones take work from the other's rest, so a long module holds nobody up.
PARALLEL ?= -n 2 --dist worksteal
# Containers often forbid Python to keep what it has compiled. Then each process of a test compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help demo tour codes test check lint format lock judges chaos bench docs gallery clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/ready: requirements.txt pyproject.toml deploy/setup.sh
	@deploy/setup.sh python

demo: .venv/ready ## two provinces, seven bodies, two department sites, all on this machine (LAN=1: for a phone too; TLS=1, CLIENTS=file, OPEN=1: for a judge)
	@$(PY) -m deploy.demo.run $(if $(LAN),--lan) $(if $(TLS),--tls) $(if $(CLIENTS),--clients $(CLIENTS)) $(if $(OPEN),--open)

tour: .venv/ready ## play the whole story against the running demo, step by step with times
	@$(PY) app.py tour $(if $(HUB),--hub $(HUB)) $(if $(CA),--ca $(CA)) $(if $(ACCOUNTS),--accounts $(ACCOUNTS))

codes: .venv/ready ## the demo's officers and the six digits that each needs to sign in just now
	@$(PY) -m deploy.demo.codes $(if $(DATA),--data $(DATA))

test: ## everything a change must pass (about a quarter of an hour on two cores; lists the system packages it needs first)
	@deploy/setup.sh test
	@$(MAKE) --no-print-directory .venv/ready lint
	$(PYTEST) $(PARALLEL) --ignore=tests/judges

check: .venv/ready ## the fast part: every rule without an installation, Python alone (under a minute)
	$(PYTEST) $(PARALLEL) -m "not slow and not system and not installation" --ignore=tests/judges --ignore=tests/browser --ignore=tests/faults

lint: .venv/ready ## style and types, nothing changed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: .venv/ready ## put the code into its form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: .venv/ready ## write the pages of docs/ that are made from the code
	$(PY) -m tests.house.pages

gallery: .venv/ready ## take pictures of every page of identity for docs/gallery, judging each
	YINXIN_GALLERY=1 $(PYTEST) tests/browser/test_gallery.py

lock: .venv/ready ## pin the newest allowed packages with their hashes into requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(PY) -m uv pip compile pyproject.toml --upgrade --extra server --group test --group dev --universal --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.txt

judges: ## other people's tools on ours: EU DSS, veraPDF, zlint, pkilint, mutool, npm's openid-client, Apache (lists what it needs first)
	@deploy/setup.sh judges
	@$(MAKE) --no-print-directory .venv/ready
	$(PYTEST) tests/judges

chaos: .venv/ready ## kill, starve and break it, at length
	YINXIN_KILLS=100 $(PYTEST) tests/faults

bench: .venv/ready ## measure it beside the naive way
	$(PY) -m bench

clean: ## remove what these targets made (not your data)
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
