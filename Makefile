# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEMO   ?= demo-out
WEB    := web/node_modules/.installed
NPM    := $(shell command -v npm)

.PHONY: install demo test lint lint-python lint-web bench soak web web-install clean pins

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml tools/build_generated.py tools/build_client.py $(wildcard docs/openapi.json) $(wildcard src/ircopilot/contracts/proto/*.proto)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ircopilot needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

# On a data directory of its own, so that it touches nothing of yours. The service stays up, for a look at its pages.
demo: export IRCOPILOT_DATA_DIR = $(abspath $(DEMO))/data
demo: install
ifneq ($(NPM),)
	$(MAKE) --no-print-directory web
else
	@echo "npm is not here: the web application is not built"
endif
	@test ! -d $(DEMO)/data || $(BIN)/ircopilot down
	rm -rf $(DEMO)
	$(BIN)/ircopilot sample $(DEMO)/evidence
	$(BIN)/ircopilot investigate $(DEMO)/evidence --out $(DEMO)/report --title "Sample incident"
	$(BIN)/ircopilot verify $(DEMO)/report --evidence $(DEMO)/evidence
	-$(BIN)/ircopilot up
	@echo "The report: $(DEMO)/report/report.pdf. The incident's pages: the link above, then http://localhost:7464."
	@echo "To end the service: IRCOPILOT_DATA_DIR=$(DEMO)/data $(BIN)/ircopilot down"

test: install
	$(BIN)/python -m pytest -n 3 --dist loadfile

lint: lint-python lint-web

lint-python: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/house_rules.py

lint-web: install
ifneq ($(NPM),)
	$(MAKE) --no-print-directory $(WEB)
	npm --prefix web run lint
else
	@echo "npm is not here: the web application is not checked"
endif

bench: install
	$(BIN)/python -m benchmarks.run

soak: install
	$(BIN)/python -m pytest tests/faults --soak
	IRCOPILOT_SOAK=1 $(BIN)/python -m pytest tests/gateway/test_schemathesis.py tests/gateway/test_linked_calls.py

# The web application: built into src/ircopilot/gateway/static/, from where the gateway serves it and the wheel takes it.
web: $(WEB)
	npm --prefix web run build

web-install: $(WEB)

$(WEB): web/package-lock.json web/.npmrc
	npm --prefix web ci --no-audit --no-fund
	touch $(WEB)

pins:
	uv pip compile --universal --no-strip-extras --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header -q requirements/base.in -o requirements/base.txt
	uv pip compile --universal --no-strip-extras --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header -q requirements/dev.in -c requirements/base.txt -o requirements/dev.txt

clean:
	@test ! -d $(DEMO)/data || IRCOPILOT_DATA_DIR=$(abspath $(DEMO))/data $(BIN)/ircopilot down
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .cache
