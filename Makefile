# make demo     install the player and paint the bundled clip
# make install  install the workshop, as each of the next does if needed
# make test     run the tests
# make quick    run the tests without windows, browsers, processes and training: within a minute
# make lint     formatting, lint, types and layers
# make check    lint and test: what has to pass before a change goes in
# make clean    remove everything that the others made

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CLIP := demos/media/big-buck-bunny.mp4

# Python 3.15 has no wheels of onnxruntime and OpenVINO yet.
FITS := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(FITS)' >/dev/null 2>&1 && echo "$$p" && break; done)

# gpu if an NVIDIA driver answers (onnxruntime-gpu has wheels for x86-64 only), else cpu.
ifndef ENGINE
ENGINE := $(shell [ "$$(uname -m)" = x86_64 ] && nvidia-smi -L 2>/dev/null | grep -q '^GPU' \
	&& echo gpu || echo cpu)
endif
ifeq ($(ENGINE),gpu)
EXTRAS := gpu
RIVAL := cpu
RIVAL_WHEEL := onnxruntime
else ifeq ($(ENGINE),cpu)
EXTRAS := cpu,openvino
RIVAL := gpu
RIVAL_WHEEL := onnxruntime-gpu
else
$(error ENGINE is cpu or gpu, not "$(ENGINE)")
endif

PLAYER := $(VENV)/.player-$(ENGINE)
WORKSHOP := $(VENV)/.workshop-$(ENGINE)

# Processes that share the tests: one for each core, but each takes up to 1.5 GB.
JOBS ?= logical
PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 4 --dist worksteal

.PHONY: demo install test quick lint check clean

demo: $(PLAYER)
	@mkdir -p out
	$(BIN)/realtime-style video $(CLIP) out/demo.mp4
	@$(BIN)/python demos/offer_live.py

install: $(WORKSHOP)

test: $(WORKSHOP)
	$(PYTEST)

quick: $(WORKSHOP)
	$(PYTEST) --ignore tests/e2e --ignore tests/training --ignore tests/export -m 'not slow'

lint: $(WORKSHOP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint test

clean:
	rm -rf $(VENV) out build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make the second run quick. Both onnxruntime wheels write the same files, so the
# unwanted one goes first, and its stamps with it.
$(PLAYER): $(VENV)/.made pyproject.toml
	@rm -f $(VENV)/.*-$(RIVAL)
	@$(PIP) uninstall --yes -qq $(RIVAL_WHEEL)
	$(PIP) install --editable '.[$(EXTRAS)]'
	@touch $@

$(WORKSHOP): $(VENV)/.made pyproject.toml
	@rm -f $(VENV)/.*-$(RIVAL)
	@$(PIP) uninstall --yes -qq $(RIVAL_WHEEL)
	$(PIP) install --editable '.[$(ENGINE),openvino,train,kiosk]' --group dev
	@touch $@

# pip knows dependency groups since 25.1.
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "make: found no Python 3.11 to 3.14 with venv. Install one (on" \
		"Debian and Ubuntu also python3-venv), or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is" \
		"too old or does not run; realtime_style needs Python 3.11 or newer" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@touch $@
