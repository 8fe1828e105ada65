# Everything sets itself up in .venv; nothing outside this folder is touched (LABS=1 as root: Debian packages too).
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.ready-bench
export LABS

.PHONY: help demo test check format bench lab-up lab-down picture clean \
	check-format check-lint check-types check-rooms check-knowledge check-cases check-security audit needs-root

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@.ci/venv dev $@

$(BENCH_READY): $(READY)
	@.ci/venv dev,bench $@

demo: $(READY)  ## a recorded outage in the app: no network, no root
	@$(PY) -m deadhop demo

test: $(READY) $(if $(filter 1 all,$(LABS)),needs-root)  ## tests; as root with LABS=1 also on labs of machines, OpenStack and Kubernetes, with LABS=all of every fault
	@$(if $(filter 1 all,$(LABS)),$(PY) -m lab packages --install --openstack --kube >/dev/null &&) \
		.ci/test $(PY) $(ARGS)

needs-root:
	@test "$$(id -u)" = 0 || { \
		echo 'error: LABS=1 builds machines out of namespaces and needs root'; \
		echo 'hint: `sudo LABS=1 make test`, or `make test` for what needs no root'; exit 1; } >&2

check: check-format check-lint check-types check-rooms check-security check-knowledge check-cases  ## format, lint, types, rooms, security, knowledge

audit: $(READY)  ## known vulnerabilities of what is pinned (needs a network)
	@$(PY) .ci/audit

check-format: $(READY)
	@$(PY) -m ruff format --check .
check-lint: $(READY)
	@$(PY) -m ruff check .
check-types: $(READY)
	@$(PY) -m mypy
check-rooms: $(READY)
	@$(VENV)/bin/lint-imports
check-security: $(READY)
	@$(PY) -m bandit --quiet --recursive --configfile pyproject.toml deadhop tui diagnosis sitemap knowledge probes journal base drills
check-knowledge: $(READY)
	@$(PY) -m deadhop kb lint
check-cases: $(READY)
	@$(PY) -m deadhop kb test

format: $(READY)  ## put the code in its shape
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

bench: $(BENCH_READY)  ## measure the budgets
	@status=0; for bench in bench/*.py; do echo "== $$bench"; $(PY) $$bench || status=1; done; exit $$status

lab-up: needs-root $(READY)  ## the network lab (root)
	@$(PY) -m lab packages --install >/dev/null && $(PY) -m lab up
lab-down: needs-root $(READY)  ## removes the network lab (root)
	@$(PY) -m lab down

picture: $(READY)  ## docs/walk.svg, drawn from the drill
	@$(PY) docs/make_picture.py

clean:  ## what was built here
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
