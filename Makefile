# Each target sets up what it needs. Nothing here needs root; only the first set-up needs the network.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test search check bench cluster docs docs-publish faults calibration lowest dist sbom hashes release setup format clean

demo: setup ## an offline night with known truth
	$(BIN)/mma demo

test: setup ## all tests, on both cores
	$(BIN)/pytest -n 2 --dist worksteal -q

search: setup ## properties tried on many new random cases; half an hour
	$(BIN)/pytest -n 2 --dist worksteal -q -m hypothesis --hypothesis-profile search

faults: setup ## kills, cuts, stops and poison on both databases, on a real Kafka; an hour, power cuts as root
	MMA_FAULTS=full $(BIN)/pytest -q -s -m '' tests/live/test_faults.py tests/live/test_power.py tests/live/test_poison.py \
	    tests/live/test_deliveries.py tests/live/test_gaps.py tests/live/test_frozen.py tests/live/test_costly.py tests/live/test_tokens.py

calibration: setup ## long Monte Carlo tests of the score
	$(BIN)/pytest -n 2 -q -m calibration

check: setup ## format, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## side by side with peers
	$(BIN)/python -m benchmarks

cluster: setup ## Kafka, PostgreSQL, two workers and a simulated night; ARGS=--help tells more
	$(BIN)/python -m mma.commands.cluster $(ARGS)

docs: .venv-docs/.ready ## the documentation, in site/index.html; warnings are errors, and nothing is loaded from elsewhere
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict
	! grep -rlE '<(script|link|img)[^>]+(src|href)="?(https?:)?//' --include='*.html' site

docs-publish: .venv-docs/.ready ## a version of it to the branch gh-pages: VERSION=1.2 ALIAS=latest; main is VERSION=dev
	.venv-docs/bin/mike deploy --push --update-aliases $(VERSION) $(ALIAS)
	$(if $(ALIAS),.venv-docs/bin/mike set-default --push $(ALIAS))

lowest: release ## the tests on the oldest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-release/bin/uv pip compile --quiet --resolution lowest-direct --python .venv-lowest/bin/python \
	    --extra postgres --extra parquet --extra plots pyproject.toml -o .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check -c .venv-lowest/lowest.txt -e '.[postgres,parquet,plots,dev]'
	.venv-lowest/bin/pytest -n 2 --dist worksteal -q -o filterwarnings=default # old packages deprecate each other

dist: release ## the packages for a release, in dist
	.venv-release/bin/uv build --quiet

sbom: release ## sbom.cdx.json: what the image is made of, for those who must know
	.venv-release/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o sbom.cdx.json image-packages.txt

hashes: release ## after a change of constraints.txt: the image's packages, with the hashes of their files
	echo 'hatchling>=1.25' | .venv-release/bin/uv pip compile --quiet --python-version 3.12 --generate-hashes --no-annotate \
	    --no-header --no-emit-index-url -c constraints.txt --extra postgres pyproject.toml - -o image-packages.txt

release: .venv-release/.ready

.venv-release/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/pip install --quiet --disable-pip-version-check -c constraints.txt uv cyclonedx-bom
	touch $@

.venv-docs/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $@

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("mma needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[postgres,parquet,dev]'
	touch $@

clean:
	rm -rf .venv .venv-release .venv-docs .venv-lowest site
