# Everything works from a fresh clone with only python3 (3.11 or newer), its venv module and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# A folder of public data sets beside the checkout, if there is one; the package itself knows the variable alone.
ifeq ($(origin BAIHUA_DATA), undefined)
ifneq ($(wildcard ../shared/data),)
export BAIHUA_DATA := $(abspath ../shared/data)
endif
endif

.PHONY: demo test check bench report clean

demo: $(VENV)/demo.stamp
	$(BIN)/baihua demo

test: $(VENV)/dev.stamp
	HF_HUB_OFFLINE=1 PYTHONWARNDEFAULTENCODING=1 $(BIN)/python -m pytest -m 'slow or not slow'

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp
	HF_HUB_OFFLINE=1 $(BIN)/python bench/whitening_fit.py
	HF_HUB_OFFLINE=1 $(BIN)/python bench/encode.py
	HF_HUB_OFFLINE=1 $(BIN)/python bench/pretrain.py

report: $(VENV)/dev.stamp
	$(BIN)/baihua report

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "需要 Python 3.11 或更新的版本（可写 make PYTHON=…）。 / Python 3.11 or newer is needed (make PYTHON=…)."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "缺少 venv 模块（Debian 上：apt install python3-venv）。 / The venv module is missing (on Debian: apt install python3-venv)."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	$(PIP) --editable '.[plot]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/demo.stamp

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
