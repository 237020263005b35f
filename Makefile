# Each target does its own set-up in one .venv; a fresh clone needs Python 3.11+, make and a package index.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test lint bench clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

demo: .venv/installed ## the main job on real photographs; pictures and verdicts in demo-out/
	$(BIN)/consentguard demo

test: .venv/dev ## the whole suite, on real photographs
	$(BIN)/consentguard models pull --photographs
	$(BIN)/python -m pytest

lint: .venv/dev ## style, types, and the one direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

bench: .venv/dev ## measure; tables in benchmarks/results/
	$(BIN)/consentguard models pull --photographs
	for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit 1; done

clean: ## everything that make made, weights included
	rm -rf .venv .venv-* build dist demo-out *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find models -mindepth 1 ! -name README.md ! -name manifest.toml ! -name __init__.py -delete

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/dev: .venv/bin/python setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/installed
