.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

help: ## what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,optuna]"
	@touch $@

install: $(VENV)/.installed ## make the virtual environment with what is pinned

run: install ## train studies/digits.toml and draw its heatmap
	$(BIN)/python hypertune.py

test: install ## every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

soak: install ## every test with new and more examples, and those that take hours
	INTERPLAY_SOAK=1 $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --timeout 7200

lint: install ## ruff check, ruff format --check, mypy strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install ## format as black does, and sort imports
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

bench: install ## the side-by-side timings (long)
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/stacked.py engines
	$(BIN)/python benchmarks/stacked.py command
	$(BIN)/python benchmarks/honesty.py
	$(BIN)/python benchmarks/honesty_folds.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/scale.py search

report: install ## the one-page reports of three studies (trains what is missing)
	$(BIN)/python hypertune.py studies/digits.toml
	$(BIN)/python hypertune.py studies/digits-conv.toml
	$(BIN)/python hypertune.py studies/gestures-depth.toml
	$(BIN)/interplay report runs/digits --final
	$(BIN)/interplay report runs/digits-conv --final
	$(BIN)/interplay report runs/gestures-depth --final

clean: ## remove caches and the environment; runs and reports stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help install run test soak lint format bench report clean
