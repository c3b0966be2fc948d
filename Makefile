# Everything starts here: `make song` and `make test` set up what they need on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUF := node_modules/.bin/buf
BUF_VERSION := 1.75.0
PROTOS := $(wildcard protos/quartet/v1/*.proto)
MODELS := models/nano
BENCH_MODELS := out/bench/models
RECIPE := cpu
BEGIN :=
OUTPUT := out/nano
PROMPT := $(shell cat examples/morning-train/caption.txt)

.DEFAULT_GOAL := help
.PHONY: help song test bench quality guide nano lint parameters format types protos protos-check protos-release clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

song: $(VENV)/.installed ## make out/song.flac and show where the time went
	@mkdir -p out
	$(BIN)/quartet song "$(PROMPT)" --lyrics-file examples/morning-train/lyrics.txt --duration 30 --bpm 96 --key "D major" --seed 4 \
	    --up --models $(MODELS) -o out/song.flac --plot out/song.png

test: $(VENV)/.installed-dev ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(TESTS)

lint: $(VENV)/.installed-dev ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.installed-dev ## measure everything beside diffusers and write out/bench/report.md; takes an hour
	$(BIN)/python -m bench $(BENCH_MODELS) --output out/bench

nano: $(VENV)/.installed-dev ## make the nano model family in OUTPUT, from nothing or from BEGIN; takes hours, and goes on where it was
	$(BIN)/python -m training.nano --recipe $(RECIPE) $(if $(BEGIN),--begin $(BEGIN)) --output $(OUTPUT)

quality: $(VENV)/.installed-dev ## measure how musical the songs of MODELS are and write out/quality/quality.md
	$(BIN)/python -m bench.quality $(MODELS) --output out/quality

parameters: $(VENV)/.installed-dev ## write docs/parameters.md from the checklist in tests/checklist
	$(BIN)/python -m tests.checklist.document

guide: $(VENV)/.installed-dev ## give a song to every task of MODELS, and write the tables and pictures of docs/guide
	$(BIN)/python -m bench.guide $(MODELS)

format: $(VENV)/.installed-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-dev ## check types
	$(BIN)/mypy

protos: $(VENV)/.installed-dev ## generate the stubs in quartet/v1 from protos/
	$(call generate_stubs,.)

protos-check: $(VENV)/.installed-dev $(BUF) ## lint the contract, compare it with the released one and the stubs with it
	$(BUF) lint protos
	$(BUF) format --diff --exit-code protos
	$(BUF) breaking protos --against protos/released.binpb
	rm -rf out/stubs && mkdir -p out/stubs
	$(call generate_stubs,out/stubs)
	diff -r --exclude=__init__.py --exclude=__pycache__ out/stubs/quartet/v1 quartet/v1
	rm -rf out/stubs

protos-release: $(BUF) ## freeze the contract as it is: from now on it must not break
	$(BUF) build protos --output protos/released.binpb

clean: ## remove everything that the commands made
	rm -rf $(VENV) node_modules out .mypy_cache .ruff_cache .pytest_cache .hypothesis

define generate_stubs
	$(BIN)/python -m grpc_tools.protoc --proto_path=protos \
	    --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	    --python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) --mypy_grpc_out=$(1) $(PROTOS)
endef

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[cli,gateway,stages]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(BUF):
	npm install --silent --no-save --no-package-lock --no-audit --no-fund @bufbuild/buf@$(BUF_VERSION)
