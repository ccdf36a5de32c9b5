# make report   its own environment, then the quarterly report of the sample: report.html
# make test     its own environment, then all tests
# make check    linters, types, notebooks
# make coverage   the tests with branch coverage
# make validation the coverage study (docs/validation.md), control charts (docs/validation_trends.md), adjusted comparisons (docs/validation_adjusted.md), the attack on reports, the real trial records, the list of who is slipping, strategies and leaving in simulated programs
# make mutants whether the tests notice faults put in (docs/validation_mutants.md); SAMPLE=200 of them
# make benchmarks speed and memory (docs/benchmarks*.md)

PYTHON ?= python3
BIN := .venv/bin
DATA ?= data/samples
QUARTER ?= 2026Q3
OUT ?= report.html
SAMPLE ?=

.PHONY: report test check coverage notebooks pictures validation mutants benchmarks clean

report: $(BIN)/.package
	$(BIN)/iop-outcomes report $(DATA) --quarter $(QUARTER) --out $(OUT)

# The tests of a file run in one process, so that what they share is built once.
test: $(BIN)/.tools
	$(BIN)/python -m pytest -n 2 --dist loadfile -p no:nbmake

check: $(BIN)/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m docs.tables --check
	$(BIN)/python -m docs.measures --check
	$(BIN)/python -m docs.pictures --check
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	$(MAKE) notebooks

notebooks: $(BIN)/.tools
	$(BIN)/python -m pytest --nbmake --nbmake-timeout=300 -n 2 notebooks

coverage: $(BIN)/.tools
	$(BIN)/python -m pytest -n 2 --dist loadfile -p no:nbmake --cov --cov-report=term --cov-fail-under=90

pictures: $(BIN)/.tools
	$(BIN)/python -m docs.pictures

validation: $(BIN)/.tools
	$(BIN)/python -m validation.coverage
	$(BIN)/python -m validation.coverage --more
	$(BIN)/python -m validation.trends
	$(BIN)/python -m validation.adjusted
	$(BIN)/python -m validation.imputed_covariates
	$(BIN)/python -m validation.disclosure_attack --page docs/validation_disclosure.md
	$(BIN)/python -m validation.shown_share --page docs/validation_disclosure_shown.md
	$(BIN)/python -m validation.curve_rules --page docs/validation_curve_rules.md
	$(BIN)/python -m validation.ctn0094 --data ../shared/data/ctn0094 --out output
	$(BIN)/python -m validation.slipping
	$(BIN)/python -m validation.strategies
	$(BIN)/python -m validation.leaving
	$(BIN)/python -m docs.reading

mutants: $(BIN)/.tools
	$(BIN)/python -m pip install --quiet -e ".[mutants]"
	$(BIN)/python -m validation.mutants known
	$(BIN)/python -m validation.mutants sample $(if $(SAMPLE),--sample $(SAMPLE))

benchmarks: $(BIN)/.tools
	$(BIN)/python -m pip install --quiet -e ".[bench]"
	$(BIN)/python -m benchmarks.run --folder output/benchmarks
	$(BIN)/python -m benchmarks.sources --folder output/benchmarks --out docs/benchmarks_sources.md
	$(BIN)/python -m benchmarks.words --out docs/benchmarks_words.md
	$(BIN)/python -m benchmarks.estimates --out docs/benchmarks_estimates.md

$(BIN)/.package: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; try: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(BIN)/.tools: $(BIN)/.package
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

clean:
	rm -rf .venv report.html output
