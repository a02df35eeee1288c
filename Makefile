# Every target installs what it needs into .venv first: nothing but Python 3.11 to 3.14 and make has to be there.
# Another Python: make demo PYTHON=python3.13

# Many containers set this. Each of the thousand processes that the tests and the sandbox start would then compile anew
# all that it imports, which doubles the time they take.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(or $(wildcard .venv/bin/python),python3)
install := $(PYTHON) sandbox/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs build

help: ## show this list
	@echo "streamways: three serverless ways to stream an LLM answer on AWS, side by side"
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: ## see the three stream on this machine, without an AWS account
	@$(install) sandbox
	@.venv/bin/streamways demo

test: ## run all tests
	@$(install) dev
	@.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadgroup --durations=10 --durations-min=1

lint: ## check style and types
	@$(install) dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/basedpyright

docs: ## build the documentation into site/
	@$(install) docs
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build

build: ## build the packages of the Lambda functions into build/packages/
	@$(install) infrastructure
	@.venv/bin/python -m stacks.packages
