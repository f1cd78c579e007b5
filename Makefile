# Everything that a developer runs. `make demo` and `make test` set up all they need; a step that is done is skipped.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PARLEY_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/parley
export PARLEY_TOOLS := $(PARLEY_CACHE)/bin
PY := .venv/bin/python
PACKAGES := crds protocol rooms operator api bot_image emulators cli

.PHONY: help demo test test-unit test-integration test-e2e test-live chaos soak lint format generate lock bench bench-operator bench-voice up images install down clean setup

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
	@mkdir -p out; log=out/test-eks.log; status=0; \
	$(MAKE) --no-print-directory test-eks >$$log 2>&1 & beside=$$!; \
	$(PY) -m pytest --numprocesses 2 --dist loadfile tests/unit || status=$$?; \
	{ source cluster/toolchain && ensure_node && cd web && npm test --silent; } || status=$$?; \
	wait $$beside || status=$$?; cat "$(CURDIR)/$$log"; exit $$status

# Of another environment than the product's: the CDK (which runs on Node), cfn-lint, checkov, an evaluator of IAM policies.
EKS = source cluster/toolchain && ensure_node && python=$$(deploy/eks/python-env) && cd deploy/eks && \
  export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20
.PHONY: test-eks synth
test-eks: setup deploy/eks/node_modules/.ready ## deploy/eks: its templates, held by their rules and by AWS's
	@$(EKS) && "$$python" -m pytest

synth: setup ## deploy/eks: the templates of its two examples, one region and three, into out/eks; asks no network
	@$(EKS) && for example in examples/*.json; do \
	  CDK_OUTDIR=$$OLDPWD/out/eks/$$(basename $$example .json) PARLEY_EKS_SETTINGS=$$example "$$python" app.py; done
	@ls out/eks/*/*.template.json

# Beside each other one half on an API server, and two conversations at a time with the matrix behind them, for those are
# done sooner: all wait more than they work. The first half is seen as it goes.
CONVERSATION := $(addprefix tests/integration/,bot emulators)
MATRIX := tests/integration/chaos
CONTROL_PLANE = $(filter-out $(CONVERSATION) $(MATRIX) %__pycache__,$(patsubst %/,%,$(wildcard tests/integration/*/)))
test-integration: setup tools recordings ## on a real kube-apiserver and a real S3 server
	@mkdir -p out; log=out/integration-conversation.log; status=0; \
	{ failed=0; $(PY) -m pytest --numprocesses 2 --maxschedchunk 1 $(CONVERSATION) || failed=$$?; \
	  $(PY) -m pytest $(MATRIX) || failed=$$?; exit $$failed; } >$$log 2>&1 & beside=$$!; \
	$(PY) -m pytest $(CONTROL_PLANE) || status=$$?; \
	echo "beside it: $(notdir $(CONVERSATION) $(MATRIX))"; wait $$beside || status=$$?; cat $$log; exit $$status

# The bot's SBOM is held against its image: some seconds, once syft is built and the image is packed.
test-e2e: setup web/node_modules/.ready install browser ## on a real cluster, in a real browser, with real speech
	@cluster/parley-cluster attest --of-buildah bot
	@status=0; $(PY) -m pytest --numprocesses 2 --maxschedchunk 1 tests/e2e -m 'not live and not alone' || status=$$?; \
	$(PY) -m pytest tests/e2e -m alone || status=$$?; exit $$status

test-live: setup ## the end-to-end tests on Daily and Amazon Bedrock; says what is missing
	@PYTHONPATH=tests $(PY) -m support.live

chaos: setup tools ## the whole reliability matrix, into docs/reliability.md; CASE=path/fault/number runs one case
	@PYTHONPATH=tests $(PY) -m support.chaos

soak: setup tools recordings ## conversations under every fault and loss, with all kinds of candidates, and long ones, into docs/reliability.md; PARTS=, CASE=, MINUTES=
	@PYTHONPATH=tests $(PY) -m support.soak

bench: setup install browser ## the figures of docs/benchmarks.md
	@$(PY) -m pytest tests/bench -s

# The kubelet is KWOK's; a peer is built from its sources. Nothing of the local cluster is used.
bench-operator: setup ## the operator beside its peers, under load; a part of it by BENCH='--peers parley --rates 25 --bursts ""'
	@cluster/parley-cluster tools kube helm kwok minimal-controller
	@PYTHONPATH=tests $(PY) -m bench.operator $(or $(BENCH),--keep)

# No cluster: emulator, bots and candidates are processes on loopback.
bench-voice: setup ## replies, interruptions, times, cost and faults of the bot; a part of it by BENCH='--parts reply --turns 8'
	@PYTHONPATH=tests $(PY) -m bench.voice $(or $(BENCH),--keep)

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
	@cd deploy/eks && ../../.venv/bin/uv pip compile requirements.in --universal --python-version 3.12 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

up: setup ## start the local cluster
	@cluster/parley-cluster up

images: up ## build the images and give them to the cluster
	@cluster/parley-cluster images
	@cluster/parley-cluster load

.PHONY: reproduce attest publish
reproduce: setup ## build images once more, without a cache, and compare; IMAGES= names some
	@cluster/parley-cluster reproduce $(IMAGES)

attest: setup ## each image's SBOM and provenance, into out/sbom and out/provenance; IMAGES= names some
	@cluster/parley-cluster attest $(IMAGES)

publish: setup ## push operator, api, web and bot with SBOM and provenance to REGISTRY=; TAG= instead of the inputs' hash
	@TAG=$(TAG) cluster/parley-cluster publish "$(REGISTRY)" $(IMAGES)

install: images ## install the chart on the local cluster
	@demo/install

down: ## stop the local cluster and leave nothing of it; caches and transcripts stay
	@cluster/parley-cluster down

clean: down ## `down`, and the caches, transcripts and recordings too
	@cluster/parley-cluster clean
	@rm -rf .venv web/node_modules web/dist deploy/eks/node_modules deploy/eks/cdk.out out

setup: .venv/.ready ## the development environment

.PHONY: tools helm browser recordings
tools:
	@cluster/parley-cluster tools kube coredns pause helm kubeconform kstatus versitygw promcheck netpol enforcer peer-crds oras registry

helm:
	@cluster/parley-cluster tools helm

browser: # Playwright's own Node needs libatomic
	@command -v chromium >/dev/null || cluster/debian-packages chromium
	@/sbin/ldconfig -p | grep libatomic.so.1 >/dev/null || cluster/debian-packages libatomic1

recordings: # people's voices with their words, for spoken tests
	@cluster/debian-packages pocketsphinx-testdata

# A .venv whose Python went away with the cache is made anew.
ifeq ($(shell test -x .venv/bin/python && echo there),)
.PHONY: .venv/.ready
endif
.venv/.ready: requirements.lock requirements-uv.lock pyproject.toml
	@cluster/python-env

deploy/eks/node_modules/.ready: deploy/eks/package-lock.json | .venv/.ready
	@source cluster/toolchain && ensure_node && cd deploy/eks && npm ci --no-fund --no-audit --loglevel=error && touch node_modules/.ready

web/node_modules/.ready: web/package-lock.json | .venv/.ready
	@source cluster/toolchain && ensure_node && cd web && npm ci --no-fund --no-audit --loglevel=error && touch node_modules/.ready
