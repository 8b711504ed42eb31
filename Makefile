# The front door behind ./bootstrap, which installs what is needed first. Meson and Ninja do the building; the work of
# the other targets is in tools/.
prefix = /usr/local
libdir = lib
DESTDIR =

MESON = meson
BUILD = build

.PHONY: build demo test install uninstall bench bench-big bench-extract bench-hooks bench-recall \
    check-assistants check-cases check-faults check-faults-full check-model check-recount check-soak \
    check-threads check-torture fuzz lint format clean help bench-assistants

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja:
	@$(MESON) setup $(BUILD) . -Ddebug=false -Dtests=false -Dprefix=$(prefix) -Dlibdir=$(libdir) >/dev/null
	@echo $(prefix) $(libdir) >$(BUILD)/installs-to

demo: build
	@tools/demo $(BUILD)/kuzu-memory

test:
	@tools/test

lint:
	@tools/test lint

install: build
	@[ "$$(cat $(BUILD)/installs-to 2>/dev/null)" = "$(prefix) $(libdir)" ] || { \
	    $(MESON) configure $(BUILD) -Dprefix=$(prefix) -Dlibdir=$(libdir) && ninja -C $(BUILD) --quiet && \
	    echo $(prefix) $(libdir) >$(BUILD)/installs-to; } >/dev/null
	@DESTDIR="$(DESTDIR)" $(MESON) install -C $(BUILD) --no-rebuild --quiet
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true

uninstall:
	@tools/uninstall $(BUILD) "$(DESTDIR)"

bench: build
	@tests/bench/run $(BUILD)

# Extraction and redaction alone: kinds of texts by lengths, and texts that somebody made to be slow.
bench-extract: build
	@$(MAKE) -s -C tests/tools OUT=$(abspath $(BUILD))/test-tools LIBRARY=$(abspath $(BUILD))/libkuzu_memory.a bench-extract
	@$(BUILD)/test-tools/bench_extract

# How well it learns and finds, over collections that lie outside this tree: CASES=DIR and EVAL=DIR say where.
check-cases: build
	@tools/check-cases $(BUILD)/kuzu-memory $(CASES)

# Stores of 1 000 to a million memories: STORES=DIR keeps them for the next time.
bench-big: build
	@tests/bench/big $(BUILD) $(if $(STORES),--keep $(STORES))

# What assistants feel: time to the first answer, a warm call, resident memory, tokens.
bench-assistants: build
	@tests/bench/assistants $(BUILD)/kuzu-memory

bench-hooks: build
	@tests/bench/hooks $(BUILD)

bench-recall: build
	@tools/bench-recall $(BUILD)/kuzu-memory $(EVAL)

# The official SDKs and the conformance suite, and with RIG=DIR the real assistants, from the package registries.
check-assistants: build
	@tests/assist/run --program $(BUILD)/kuzu-memory --packages $(BUILD)/assistants $(if $(RIG),--rig $(RIG))

# Kills, failing calls, full disks: a random sample, or everything everywhere.
check-faults: build
	@tests/fault/run --program $(BUILD)/kuzu-memory

check-recount: build
	@KM_RECOUNT_SEEDS=$${KM_RECOUNT_SEEDS:-200} tests/fault/run --program $(BUILD)/kuzu-memory --only recount

# Every allocation and file operation; FULL is empty for a sample.
check-torture: FULL = --full
check-torture:
	@[ -f build-test/release/build.ninja ] || $(MESON) setup build-test/release . -Dwerror=true -Ddebug=false >/dev/null
	@ninja -C build-test/release --quiet tests/torture/torture tests/unit/api-model
	@build-test/release/tests/torture/torture memory $(FULL)
	@build-test/release/tests/torture/torture files $(FULL)

# SEQUENCES=N random sequences of operations against a model (10000); KM_TEST_SEED=N begins there.
SEQUENCES = 10000
check-model:
	@[ -f build-test/release/build.ninja ] || $(MESON) setup build-test/release . -Dwerror=true -Ddebug=false >/dev/null
	@ninja -C build-test/release --quiet tests/unit/api-model
	@KM_TEST_SEQUENCES=$(SEQUENCES) build-test/release/tests/unit/api-model

# 30 minutes of everything, then 64 writers and 16 readers for five; KM_SOAK_MINUTES and KM_STORM_SECONDS say otherwise.
check-soak: build
	@tests/fault/run --program $(BUILD)/kuzu-memory --only soak,many-at-once --full

check-threads:
	@tools/check-threads

check-faults-full: build
	@tests/fault/run --program $(BUILD)/kuzu-memory --full

# FUZZ_SECONDS=N for each target (60).
fuzz:
	@tools/fuzz

format:
	@find include src tests -name '*.[ch]' -exec clang-format -i {} +

clean:
	@rm -rf build build-test build-fuzz

help:
	@tools/help
