# Room in two commands: `make run` and `make test`. Each sets up what is missing first and is quick when nothing is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run dev test schedules bench bench-realtime bench-replay soak check format lock doctor clean

ROOM := .venv/bin/room
# The Node that the set-up fetched, where the machine has none or an old one; else the machine's.
WITH_NODE := PATH="$(CURDIR)/.setup/node/bin:$$PATH"

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: ## set up what is missing and start Room; prints the address and a demo sign-in
	@scripts/setup run
	@exec $(ROOM) serve

dev: ## the same, and rebuild the front end whenever a file of it changes
	@scripts/setup run
	@rm -f .setup/dist # what the watch leaves is not minified: the next set-up builds again
	@cd static && { $(WITH_NODE) node build.mjs --watch & watch=$$!; cd ..; trap 'kill $$watch' EXIT; $(ROOM) serve; }

test: ## set up what is missing and run every test, those with Docker and a browser included
	@scripts/setup test
	@cd static && $(WITH_NODE) npm test --silent
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

schedules: ## ten thousand random schedules of edits, cuts and kills against the live room (about ten minutes)
	@scripts/setup test
	@ROOM_TEST_SCHEDULES=10000 .venv/bin/python -m pytest tests/realtime/test_schedules.py

bench: ## measure the code runner against bare programs and plain containers (three minutes)
	@scripts/setup test
	@PYTHONPATH=. .venv/bin/python benchmarks/sandbox/measure.py

bench-realtime: ## measure the live room beside y-websocket and Hocuspocus, on two idle cores (twenty minutes)
	@scripts/setup tools
	@PYTHONPATH=. $(WITH_NODE) .venv/bin/python benchmarks/realtime/measure.py

bench-replay: ## measure the replay in Chromium, on an hour and on five hours of real typing (four minutes)
	@scripts/setup test
	@PYTHONPATH=. .venv/bin/python benchmarks/replay/measure.py

soak: ## a thousand runs that end in every way, and what they left behind (five minutes)
	@scripts/setup test
	@PYTHONPATH=. .venv/bin/python benchmarks/sandbox/measure.py --soak 1000

check: ## lint, formatting and types, for Python and TypeScript
	@scripts/setup tools
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@cd static && $(WITH_NODE) npm run types --silent

format: ## put every Python file into the house's form
	@scripts/setup tools
	@.venv/bin/ruff check --fix --exit-zero .
	@.venv/bin/ruff format .

lock: ## solve the versions again and write the lock files (needs a package registry)
	@scripts/lock

doctor: ## say what is there and what is missing
	@scripts/setup tools || true
	@$(ROOM) doctor

clean: ## remove what the set-up made; the data folder stays
	rm -rf .venv .setup static/node_modules static/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
