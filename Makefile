# make run     set up what is missing, run the pipeline, show the result
# make test    the tests
# make test-all   those as well that are further cases of what the others prove
# make check   lint, types, layers
# make ui      MLflow's UI on the results
# make bench   side by side with what one would use instead
# make bench-full   what takes longer: 10,000 experiments, 200 variants, 30 compared with DVC's, 100 results made again
# make lock    pin everything anew, from pyproject.toml

PYTHON ?= python3
BIN := .venv/bin
SAMPLE := data/raw/breast_cancer.csv
LOCK := uv pip compile --quiet --universal --generate-hashes --python-version 3.11

export PATH := $(CURDIR)/$(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true

# An environment does not move: its scripts name their interpreter by its whole path.
ifneq ($(wildcard .venv/.place),)
ifneq ($(shell cat .venv/.place),$(realpath .venv))
$(info the project was moved: making its environment anew)
$(shell rm -rf .venv)
endif
endif

.PHONY: run test test-all check ui bench bench-full lock sample
.DELETE_ON_ERROR:

run: .venv/.ready
	@test -e $(SAMPLE) || test ! -e $(SAMPLE).dvc || dvc pull --remote sample $(SAMPLE).dvc
	@python src/check.py --dry-run
	@WHEREFROM_SUMMARY=off dvc repro
	@wherefrom summary

test: .venv/.ready-dev
	pytest -n 3 --dist worksteal -m "not thorough" $(TESTS)

test-all: .venv/.ready-dev
	pytest -n 3 --dist worksteal $(TESTS)

check: .venv/.ready-dev
	ruff check
	ruff format --check
	mypy
	PYTHONPATH=src lint-imports

ui: .venv/.ready
	@wherefrom ui

bench: .venv/.ready-bench
	@python benchmarks/run.py

bench-full: .venv/.ready-bench
	@python benchmarks/full.py $(BENCH)

lock: .venv/.installer
	$(LOCK) pyproject.toml --group pipeline -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group bench -c requirements.lock -o requirements-bench.lock
	$(LOCK) --group installer -c requirements.lock -o requirements-installer.lock
	@sed -i.bak '1i # What runs: the stages, wherefrom and all that they need, for every platform. `make lock` makes it.' requirements.lock
	@sed -i.bak '1i # Development tools alone, beside requirements.lock. `make lock` makes it.' requirements-dev.lock
	@sed -i.bak '1i # What the benchmarks compare with, beside requirements.lock. `make lock` makes it.' requirements-bench.lock
	@sed -i.bak '1i # The installer of the other two, which pip installs. `make lock` makes it.' requirements-installer.lock
	@rm -f requirements*.lock.bak

sample: .venv/.ready
	python scripts/make_sample.py $(SAMPLE)

# The environment: first the installer, then what runs, then the tool itself as a wheel. Not an
# editable install: that would lend this checkout's code to experiments that run elsewhere.
.venv/.installer: requirements-installer.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with `make PYTHON=python3.12`")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "$(CURDIR)/.venv" > .venv/.place
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.packages: requirements.lock .venv/.installer
	@echo "installing what $< pins"
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $<
	@touch $@

.venv/.ready: .venv/.packages pyproject.toml $(shell find src/wherefrom -type f -not -name '*.pyc')
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --reinstall .
	@touch $@

.venv/.ready-dev: requirements-dev.lock .venv/.ready
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $<
	@touch $@

.venv/.ready-bench: requirements-bench.lock .venv/.ready
	@uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $<
	@touch $@
