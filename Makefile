# Everything that a developer runs. `make demo` and `make test` set up all they need; a step that is done is skipped.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PARLEY_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/parley
export PARLEY_TOOLS := $(PARLEY_CACHE)/bin
PY := .venv/bin/python
PACKAGES := crds protocol rooms operator api bot_image emulators cli

.PHONY: help demo test test-unit test-integration test-e2e test-live chaos lint format generate lock bench bench-operator up images install down clean setup

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## a local cluster, and one spoken interview with a synthetic candidate
	@demo/run

test: setup web/node_modules/.ready ## every tier: lint, unit, integration on a real API server, end to end on a real cluster
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory test-integration
	@$(MAKE) --no-print-directory test-e2e

test-unit: setup web/node_modules/.ready ## pure and fast
	@$(PY) -m pytest tests/unit
	@source cluster/toolchain && ensure_node && cd web && npm test --silent

# Two halves beside each other, each on an API server of its own: both wait more than they work. One is seen as it goes.
CONTROL_PLANE := $(addprefix tests/integration/,chaos chart cli cluster crds gitops operator rooms)
CONVERSATION = $(filter-out $(CONTROL_PLANE) %__pycache__,$(patsubst %/,%,$(wildcard tests/integration/*/)))
test-integration: setup tools ## on a real kube-apiserver and a real S3 server
	@mkdir -p out; log=out/integration-conversation.log; status=0; \
	$(PY) -m pytest $(CONVERSATION) >$$log 2>&1 & beside=$$!; \
	$(PY) -m pytest $(CONTROL_PLANE) || status=$$?; \
	echo "beside it: $(notdir $(CONVERSATION))"; wait $$beside || status=$$?; cat $$log; exit $$status

test-e2e: setup web/node_modules/.ready install browser ## on a real cluster, in a real browser, with real speech
	@$(PY) -m pytest tests/e2e -m 'not live'

test-live: setup ## the end-to-end tests on Daily and Amazon Bedrock; says what is missing
	@PYTHONPATH=tests $(PY) -m support.live

chaos: setup tools ## the whole reliability matrix, into docs/reliability.md; CASE=path/fault/number runs one case
	@PYTHONPATH=tests $(PY) -m support.chaos

bench: setup install browser ## the figures of docs/benchmarks.md
	@$(PY) -m pytest tests/bench -s

# The kubelet is KWOK's; a peer is built from its sources. Nothing of the local cluster is used.
bench-operator: setup ## the operator beside its peers, under load; a part of it by BENCH='--peers parley --rates 25 --bursts ""'
	@cluster/parley-cluster tools kube helm kwok minimal-controller
	@PYTHONPATH=tests $(PY) -m bench.operator $(or $(BENCH),--keep)

lint: setup web/node_modules/.ready helm ## ruff, mypy, import rules, shellcheck, eslint, tsc, helm lint, generated files current
	@tests/lint

# What ruff can't mend is for `make lint` to fail on; formatting goes on all the same.
format: setup ## ruff's formatter and its safe fixes
	@.venv/bin/ruff check --quiet --fix . || true
	@.venv/bin/ruff format --quiet .

generate: setup web/node_modules/.ready ## CRDs, JSON Schema, OpenAPI types from their one source
	@$(PY) -m parley_crds.generate
	@$(PY) -m parley_api.transcripts.schema
	@source cluster/toolchain && ensure_node && cd web && npm run --silent generate

lock: setup ## resolve every extra into requirements.lock again
	@.venv/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.12 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

up: setup ## start the local cluster
	@cluster/parley-cluster up

images: up ## build the images and give them to the cluster
	@cluster/parley-cluster images
	@cluster/parley-cluster load

install: images ## install the chart on the local cluster
	@demo/install

down: ## stop the local cluster and leave nothing of it; caches and transcripts stay
	@cluster/parley-cluster down

clean: down ## `down`, and the caches, transcripts and recordings too
	@cluster/parley-cluster clean
	@rm -rf .venv web/node_modules web/dist out

setup: .venv/.ready ## the development environment

.PHONY: tools helm browser
tools:
	@cluster/parley-cluster tools kube coredns pause helm kubeconform kstatus versitygw promcheck

helm:
	@cluster/parley-cluster tools helm

browser: # Playwright's own Node needs libatomic
	@command -v chromium >/dev/null || cluster/debian-packages chromium
	@/sbin/ldconfig -p | grep libatomic.so.1 >/dev/null || cluster/debian-packages libatomic1

# A .venv whose Python went away with the cache is made anew.
ifeq ($(shell test -x .venv/bin/python && echo there),)
.PHONY: .venv/.ready
endif
.venv/.ready: requirements.lock requirements-uv.lock pyproject.toml
	@cluster/python-env

web/node_modules/.ready: web/package-lock.json | .venv/.ready
	@source cluster/toolchain && ensure_node && cd web && npm ci --no-fund --no-audit --loglevel=error && touch node_modules/.ready
