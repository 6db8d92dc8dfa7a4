# Everything a developer does. Each environment is rebuilt when its constraints or pyproject.toml change.
# Choose the interpreter with PYTHON=..., pass options with DEMO_ARGS=, PYTEST_ARGS=, BENCH_ARGS= and LEAK_ARGS=.

PYTHON ?= python3
PYTEST := .venv/bin/python -m pytest
# A file's tests share servers and pictures, so a file goes to one process.
IN_PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile
MAKE_VENV := PYTHON="$(PYTHON)" scripts/make-venv.sh

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint bench bench-images bench-proxy leak clean system

help:
	@echo 'make demo      serve a guarded sample gallery on 127.0.0.1:8000'
	@echo 'make test      unit, property, conformance and end-to-end tests, all but the slow ones'
	@echo 'make test-all  all tests'
	@echo 'make lint      ruff and mypy'
	@echo 'make bench     overhead per request against peers'
	@echo 'make bench-images  what the picture steps reach and cost, beside public libraries'
	@echo 'make bench-proxy   what the proxy costs beside nginx, with and without the kernel relay'
	@echo 'make leak      what real scrapers and real people get from a guarded gallery of 1 000 pictures'
	@echo 'make clean     remove environments, caches and builds'

demo: .venv/.core-done
	.venv/bin/guardware demo $(DEMO_ARGS)

test: .venv/.test-done .venv-clients/.done .venv-examples/.done system
	$(PYTEST) -m 'not slow' $(IN_PARALLEL) $(PYTEST_ARGS)

# The slow ones one after the other: some watch how much memory a server takes.
test-all: test
	$(PYTEST) -m slow $(PYTEST_ARGS)

lint: .venv/.test-done
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv-bench/.done system
	.venv-bench/bin/python -m benchmarks.overhead $(BENCH_ARGS)

bench-images: .venv/.test-done .venv-clients/.done .venv-marks/.done system
	PYTHONPATH=tests OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.images $(BENCH_ARGS)

bench-proxy: .venv/.test-done
	@scripts/install-system-packages.sh bench-proxy
	PYTHONPATH=tests .venv/bin/python -m benchmarks.proxy $(BENCH_ARGS)

leak: .venv/.test-done .venv-clients/.done
	@scripts/install-system-packages.sh leak
	PYTHONPATH=tests OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.leak $(LEAK_ARGS)

# The programs that tests and benchmarks drive.
system:
	@scripts/install-system-packages.sh

.venv/.core-done: pyproject.toml constraints/test.txt scripts/make-venv.sh
	$(MAKE_VENV) .venv constraints/test.txt -e '.[metrics]'
	@touch $@

.venv/.test-done: .venv/.core-done
	$(MAKE_VENV) .venv constraints/test.txt --group test --group lint
	@touch $@

.venv-clients/.done: pyproject.toml constraints/clients.txt scripts/make-venv.sh
	$(MAKE_VENV) .venv-clients constraints/clients.txt --group clients
	@touch $@

.venv-examples/.done: pyproject.toml constraints/examples.txt scripts/make-venv.sh
	$(MAKE_VENV) .venv-examples constraints/examples.txt -e . --group examples
	@touch $@

.venv-bench/.done: pyproject.toml constraints/bench.txt scripts/make-venv.sh
	$(MAKE_VENV) .venv-bench constraints/bench.txt -e . --group bench
	@touch $@

# --no-deps: invisible-watermark asks for PyTorch (for RivaGAN, not run here), both for an OpenCV with windows.
.venv-marks/.done: pyproject.toml constraints/marks.txt scripts/make-venv.sh
	$(MAKE_VENV) .venv-marks constraints/marks.txt --group marks
	$(MAKE_VENV) .venv-marks constraints/marks.txt --no-deps invisible-watermark blind-watermark
	@touch $@

clean:
	rm -rf .venv .venv-clients .venv-bench .venv-examples .venv-marks .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find guardware tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
