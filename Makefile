# Two commands do everything on a machine that has Python 3.11 or newer, make and git:
#
#     make demo    serves examples/quickstart.py under Hypercorn and says what to try
#                  (make demo-channels: examples/with_packages.py, beside Channels and Django)
#     make test    runs every test
#
# Each makes a virtual environment of its own below .venv/, once.

PYTHON ?= python3
PORT ?= 8000
PARITY_CASES ?= 1000000
FORMAT_ROUNDS ?= 400
FUZZ_SECONDS ?= 200
TARGETS ?= 100000
REQUESTS ?= 400
LOAD_SECONDS ?= 300

DEMO := .venv/demo
DEMO_CHANNELS := .venv/demo-channels
APPLICATIONS := .venv/applications
DEV := .venv/dev
DOCS := .venv/docs
BENCH := .venv/bench
OLDEST := .venv/oldest
LOWEST := .venv/lowest
RELEASE := .venv/release
CHECK_SCHEMA := $(DEV)/bin/check-jsonschema --quiet --builtin-schema vendor.
IN_DEV := PATH="$(CURDIR)/$(DEV)/bin:$$PATH"

# What the tests start hundreds of times is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-channels test lint types docs docs-links parity formats clients fuzz warnings mutants applications targets wsgi proxies bench bench-worker load locks audit release-check oldest clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: $(DEMO)/.ready
	@$(DEMO)/bin/python -m examples.demo --port $(PORT)

demo-channels: $(DEMO_CHANNELS)/.ready
	@sed -n 's/^    //p' examples/with_packages.py | sed -n '/^curl/s/:8000/:$(PORT)/p'
	@$(DEMO_CHANNELS)/bin/hypercorn --bind 127.0.0.1:$(PORT) examples.with_packages:app

test: $(DEV)/.ready
	@echo "== running the tests"
	@$(DEV)/bin/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(DEV)/.ready
	@echo "== ruff"
	@$(DEV)/bin/ruff check .
	@$(DEV)/bin/ruff format --check .
	@echo "== the forge's files"
	@$(DEV)/bin/zizmor --quiet --offline --persona pedantic .
	@$(CHECK_SCHEMA)github-workflows .github/workflows/*.yml
	@$(CHECK_SCHEMA)dependabot .github/dependabot.yml
	@$(CHECK_SCHEMA)github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(CHECK_SCHEMA)github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@$(CHECK_SCHEMA)readthedocs .readthedocs.yaml
	@$(CHECK_SCHEMA)citation-file-format CITATION.cff

types: $(DEV)/.ready
	@echo "== mypy"
	@$(DEV)/bin/mypy
	@echo "== pyright"
	@$(IN_DEV) $(DEV)/bin/pyright --pythonpath $(DEV)/bin/python

docs: $(DOCS)/.ready
	@echo "== the documentation, and the links in it"
	@$(DOCS)/bin/python -m sphinx --builder html --fail-on-warning --keep-going --quiet --jobs auto docs docs/_build/html
	@$(DOCS)/bin/python -m docs.links docs/_build/html

docs-links: $(DOCS)/.ready
	@echo "== the links of the documentation to other sites"
	@$(DOCS)/bin/python -m sphinx --builder linkcheck --quiet docs docs/_build/links

parity: $(DEV)/.ready
	@echo "== $(PARITY_CASES) random cases beside Django and Channels"
	@PARITY_CASES=$(PARITY_CASES) $(DEV)/bin/python -m pytest -n auto -s tests/parity $(ARGS)

formats: $(DEV)/.ready $(OLDEST)/.ready
	@export PYTHONPATH="$(CURDIR)/$(OLDEST)" FORMAT_ROUNDS=$(FORMAT_ROUNDS); \
		echo "== formats beside parse $$($(DEV)/bin/python -c 'import parse; print(parse.__version__)')"; \
		$(DEV)/bin/python -m pytest -n auto --dist worksteal -rP $(ARGS) tests/parity/test_formats.py \
			tests/patterns tests/property/test_format_regexes.py

clients: $(DEV)/.ready $(OLDEST)/.ready
	@export PYTHONPATH="$(CURDIR)/$(OLDEST)"; \
		echo "== brokers on nats-py and redis $$($(DEV)/bin/python -c 'import importlib.metadata as m; print(m.version("nats-py"), m.version("redis"))')"; \
		$(DEV)/bin/python -m pytest -n 2 --dist worksteal -k "not valkey and not redis-8" $(ARGS) \
			tests/worker/test_nats.py::TestNatsBroker tests/worker/test_redis.py::TestRedisBroker \
			tests/worker/test_redis.py::test_replies tests/worker/test_production.py

# What needs no broker, and no package that itself needs newer ones, as Channels does. With anyio 4.13 and older, an
# application may still be asked to start after its host was cancelled, which the law does not allow.
oldest: $(LOWEST)/.ready
	@echo "== the tests on the oldest dependencies"
	@$(LOWEST)/bin/python -m pytest -n auto --dist worksteal $(ARGS) tests/spec tests/scopes tests/patterns \
		tests/routes tests/dispatch tests/suspicions tests/lifespan tests/cli tests/testing \
		--ignore tests/cli/test_dead.py \
		-k "not of_channels and not migrate and not answers_are_as_the_schema"

fuzz: $(DEV)/.ready
	@$(DEV)/bin/python -m pip install --quiet --group fuzz
	@for target in routes requests reversing trees; do \
		echo "== fuzzing $$target for $(FUZZ_SECONDS) seconds"; \
		$(DEV)/bin/python -W ignore -m tests.fuzz $$target $(FUZZ_SECONDS) || exit 1; \
	done
	@echo "== what the kept inputs reach"
	@$(DEV)/bin/python -W ignore -m tests.fuzz.reached

warnings: $(DEV)/.ready
	@$(DEV)/bin/python -W ignore -m tests.regular.figures

mutants: $(DEV)/.ready
	@$(DEV)/bin/python -m pip install --quiet --group mutation
	@$(IN_DEV) $(DEV)/bin/mutmut run --max-children 2 $(ARGS)
	@$(DEV)/bin/mutmut results

applications: $(APPLICATIONS)/.ready
	@# Some of them leave sockets and event loops open.
	@$(APPLICATIONS)/bin/python -m pytest -W ignore::ResourceWarning tests/frameworks/test_real_applications.py tests/parity/test_packages.py $(ARGS)

targets: $(DEV)/.ready
	@echo "== $(TARGETS) odd request targets at six servers"
	@TARGETS=$(TARGETS) $(DEV)/bin/python -m pytest -n auto -rP tests/live/test_odd_targets.py $(ARGS)

wsgi: $(DEV)/.ready
	@$(DEV)/bin/python -W ignore -m tests.live.wsgi_losses $(REQUESTS)

proxies: $(DEV)/.ready
	@$(DEV)/bin/python -m pip install --quiet --group proxies
	@echo "== nginx, haproxy, Caddy, Apache and Varnish, as far as they are installed, in front of four servers"
	@$(DEV)/bin/python -W ignore -m tests.proxies $(ARGS)

bench: $(BENCH)/.ready
	@$(BENCH)/bin/python -W ignore -m benchmarks $(ARGS)

load: $(BENCH)/.ready
	@$(BENCH)/bin/python -W ignore -m benchmarks.load --seconds $(LOAD_SECONDS) $(ARGS)

bench-worker: $(BENCH)/.ready
	@$(BENCH)/bin/python -W ignore -m benchmarks.worker $(ARGS)

# New pins for what pyproject.toml has gained; ARGS=--upgrade takes the newest of everything.
COMPILE = $(RELEASE)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-package asgi-routes --custom-compile-command "make locks" $(ARGS) --group build

locks: $(RELEASE)/.ready
	@for name in demo bench dev; do \
		$(COMPILE) pyproject.toml --group $$name --output-file locks/$$name.txt || exit 1; done
	@$(COMPILE) pyproject.toml --group demo --group parity --output-file locks/demo-channels.txt
	@$(COMPILE) pyproject.toml --extra all --group docs --output-file locks/docs.txt
	@$(COMPILE) --group release --output-file locks/release.txt

audit: $(RELEASE)/.ready
	@for name in demo dev docs release; do echo "== known vulnerabilities of locks/$$name.txt"; \
		$(RELEASE)/bin/pip-audit --disable-pip --require-hashes --requirement locks/$$name.txt || exit 1; done

release-check: $(RELEASE)/.ready
	@$(RELEASE)/bin/python .ci/release_check.py $(ARGS)

clean:
	rm -rf .venv dist docs/_build mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis

# What is oldest is in front of what is in .venv/dev.
$(OLDEST)/.ready: pyproject.toml $(DEV)/.ready
	@$(DEV)/bin/python -m pip install --quiet --no-deps --upgrade --target $(@D) --group oldest
	@touch $@

$(DEMO)/.ready: GROUPS_ := --group demo
$(DEMO_CHANNELS)/.ready: GROUPS_ := --group demo --group parity
$(APPLICATIONS)/.ready: GROUPS_ := --group applications --no-compile
$(DEV)/.ready: GROUPS_ := --group dev
$(DOCS)/.ready: EXTRAS := [all]
$(DOCS)/.ready: GROUPS_ := --group docs
$(BENCH)/.ready: GROUPS_ := --group bench
$(RELEASE)/.ready: GROUPS_ := --group release

$(LOWEST)/.ready: pyproject.toml $(RELEASE)/.ready
	@echo "== making the environment $(@D) (once; a minute or less)"
	@$(RELEASE)/bin/uv venv --quiet --clear --python $(PYTHON) $(@D)
	@$(RELEASE)/bin/uv pip install --quiet --compile-bytecode --python $(@D) --resolution lowest-direct --editable ".[all]"
	@$(RELEASE)/bin/uv pip install --quiet --compile-bytecode --python $(@D) --group plain
	@touch $@

# First what locks/ pins, by its hashes, then what pyproject.toml asks for beyond that: nothing, unless a
# lock is behind. A checkout has no hash, so it takes two steps. Applications are not locked, and nothing
# is with LATEST=yes: those are the newest releases.
$(DEMO)/.ready $(DEMO_CHANNELS)/.ready $(APPLICATIONS)/.ready $(DEV)/.ready $(DOCS)/.ready $(BENCH)/.ready $(RELEASE)/.ready: LOCK = $(if $(LATEST),,$(wildcard locks/$(notdir $(@D)).txt))
$(DEMO)/.ready $(DEMO_CHANNELS)/.ready $(APPLICATIONS)/.ready $(DEV)/.ready $(DOCS)/.ready $(BENCH)/.ready $(RELEASE)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "asgi_routes needs Python 3.11 or newer, and $(PYTHON) is %d.%d; say make PYTHON=…" % sys.version_info[:2])'
	@echo "== making the environment $(@D) (once; a minute or less)"
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet $(if $(LOCK),--require-hashes --requirement $(LOCK),--upgrade "pip>=25.1")
	@$(@D)/bin/python -m pip install --quiet --group build
	@$(@D)/bin/python -m pip install --quiet --no-build-isolation --editable ".$(EXTRAS)" $(GROUPS_)
	@touch $@
