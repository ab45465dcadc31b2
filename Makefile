# The commands of this project. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON_HERE := .venv/bin/python

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Install what is needed, then run everything on this machine until Ctrl-C
	@.ci/venv requirements.txt
	@exec $(PYTHON_HERE) manage.py up

.PHONY: test
test: ## Install what the tests need, then run all of them
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m pytest

.PHONY: test-faults
test-faults: ## Break workers, broker, database and mail server on purpose; TRIALS=200 for a whole night of it
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m pytest tests/faults

.PHONY: lint
lint: ## Look at the code without running it: style, types, templates, settings, migrations
	@.ci/venv requirements-dev.txt
	@PYTHON=$(PYTHON_HERE) exec .ci/lint

.PHONY: bench
bench: ## Measure the check and the import
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m benchmarks

.PHONY: bench-scaling
bench-scaling: ## Measure whole imports of 1,000 to 1,000,000 rows; ARGUMENTS="--rows 1000 --workers 1 2" for less
	@.ci/venv requirements-dev.txt
	@exec $(PYTHON_HERE) -m benchmarks.scaling $(ARGUMENTS)

.PHONY: lock
lock: ## Pin the newest packages that requirements*.in allow, with their hashes
	@.ci/venv requirements-dev.txt
	$(PYTHON_HERE) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-strip-extras --python-version 3.11 \
		--no-header requirements.in --output-file requirements.txt
	$(PYTHON_HERE) -m uv pip compile --quiet --upgrade --universal --generate-hashes --no-strip-extras --python-version 3.11 \
		--no-header --constraint requirements.txt requirements-dev.in --output-file requirements-dev.txt
