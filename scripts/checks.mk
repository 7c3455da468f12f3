# Tests, lint, sanitizers. Each test program is tests/<group>/test_<name>.c, linked to the library and Check.
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

.SECONDARY: # keep the objects of test programs
$(O)/tests/%: $(O)/obj/tests/%.o $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(LDLIBS) -lgsl -lgslcblas

HOST_TESTS := $(filter-out $(O)/tests/lockstep/% $(O)/tests/board/%,$(TESTS))
LOCKSTEP_TESTS := $(filter-out %/test_compact,$(filter $(O)/tests/lockstep/%,$(TESTS)))
as_tests = $(foreach test,$(1),'$(notdir $(test))=$(test)')
VERIFY_SHAPES ?= 1x2x8 4x4x8 8x8x16 8x8x64

.PHONY: tests lint soak check check-host check-san check-mutants check-long check-physics
tests: $(TESTS) ## build the test programs

# The golden model on another machine: AArch64, with its NEON vectors, by the processor emulation of QEMU.
CROSS := aarch64-linux-gnu
CROSS_TESTS := $(foreach test,vectors fixtures,$(O)/cross/test_model_$(test))
$(O)/cross/%: tests/unit/%.c tests/cross/check.h tests/unit/test_model_support.h $(wildcard host/model/*)
	$(call say,CROSS,$@)
	@mkdir -p $(@D)
	$(Q)$(CROSS)-gcc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -O2 -ffp-contract=off -static -Iinclude -Ihost -Itests/cross -Itests/unit \
	  $< $(wildcard host/model/*.c) host/device/image.c host/device/error.c -lm -o $@

check: all tests $(CROSS_TESTS) lint $(O)/pl-train $(RNS_TEST) $(PHOTONS_TEST) $(LINK_TESTS) ## everything that must pass: lint, tests, lockstep of three kinds of core, sanitizers, short fuzzing
	$(Q)$(MAKE) --no-print-directory SAN=1 O=$(O)/san san-programs
	$(Q)$(MAKE) --no-print-directory fuzzers
	$(Q)$(MAKE) --no-print-directory rtl O=$(O)/exact SHAPES="1x2x8 1x2x8x1" RTL_BOXES= RTL_X="--x-assign unique --x-initial unique"
	$(Q)scripts/run-tests $(call as_tests,$(HOST_TESTS) $(LOCKSTEP_TESTS)) \
	  'test_pl_rns=$(RNS_TEST)' 'test_pl_photons=$(PHOTONS_TEST)' $(call as_tests,$(LINK_TESTS)) \
	  $(BOARD_CHECKS) $(COMPACT_CHECKS) \
	  $(foreach test,$(CROSS_TESTS),'AArch64 $(notdir $(test))=qemu-aarch64 $(test)') \
  'golden fixtures=python3 tests/data/golden/make_golden.py --check' \
	  'golden_rns=python3 tests/data/golden/golden_rns.py' \
  'proofs=scripts/check-formal' 'row_mul=tests/netlist/row_mul.py' \
	  $(foreach script,cli tiles install train calibrate energy models sweep,'test_$(script).sh=tests/cli/test_$(script).sh $(O)') \
	  $(foreach shape,$(VERIFY_SHAPES),$(foreach level,L0 L1 L2,'verify rtl:$(shape) $(level)=$(O)/photolane verify -d "rtl:$(shape)?check=1" --level $(level) --cases 1000')) \
	  $(foreach kind,intensity rns,$(foreach shape,1x2x8 4x4x8,$(foreach level,L0 L1 L2,'verify rtl:$(shape) $(kind) $(level)=$(O)/photolane verify -d "rtl:$(shape)?check=1" --kind $(kind) --level $(level) --cases 1000'))) \
	  $(foreach kind,coherent intensity rns,'verify rtl:4x4x8x2 $(kind)=$(O)/photolane verify -d "rtl:4x4x8x2?check=1" --kind $(kind) --level L2 --cases 1000') \
	  'verify rtl:8x8x16 with pauses=$(O)/photolane verify -d "rtl:8x8x16?check=1&stall=5" --level L2 --cases 200' \
	  $(foreach kind,coherent intensity rns,$(foreach seed,1 2 3,'exact widths from random state, $(kind) $(seed)=PHOTOLANE_RESET_SEED=$(seed) PHOTOLANE_PLUGINS=$(O)/exact/rtl $(O)/photolane verify -d "rtl:1x2x8$(if $(filter 2,$(seed)),x1)?check=1" --kind $(kind) --level L2 --cases 300 --seed $(seed)')) \
	  'planted faults=scripts/check-mutants adc-rounds-down noise-key-row-off-by-one sum-not-cleared model-root-truncates' \
	  $(foreach test,$(SAN_TESTS),'sanitized $(notdir $(test))=$(test)') \
	  $(foreach fuzzer,$(FUZZERS) $(LINK_FUZZER),'$(notdir $(fuzzer))=mkdir -p $(fuzzer)-found && $(fuzzer) -max_total_time=10 -seed=1 -print_final_stats=0 $(fuzzer)-found $(wildcard tests/fuzz/corpus/$(notdir $(fuzzer)))')

# Every C test but the statistics, the gradients and the enumeration of photon counts (slow and free of parsers), and the
# program, under ASan and UBSan.
SANITIZED := $(filter-out $(O)/tests/stats/% $(O)/tests/models/% %/test_train_grad %/test_model_poisson,$(HOST_TESTS))
SAN_TESTS := $(patsubst $(O)/%,$(O)/san/%,$(SANITIZED))
.PHONY: san-programs
san-programs: $(SANITIZED) $(O)/photolane
check-san: ## the C tests under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory SAN=1 O=$(O)/san san-programs
	$(Q)scripts/run-tests $(call as_tests,$(SAN_TESTS))

# The baseline may use all that the machine has, as the model does.
$(O)/tests/bench/bench_model: tests/bench/bench_model.c $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -Wall -Wextra -Werror -O3 -march=native -ffast-math -Iinclude -o $@ $^ $(LDLIBS) -lgsl -lgslcblas
.PHONY: bench
bench: $(O)/photolane $(O)/tests/bench/bench_model ## the golden model against OpenBLAS and against a normal per product
	$(Q)$(O)/photolane bench -d model: -m 1024 -n 1024 -k 1024 --repeat 15
	$(Q)PHOTOLANE_CORES=host/physics/cores $(O)/tests/bench/bench_model

check-host: $(HOST_TESTS) $(O)/photolane ## the C tests alone, without RTL
	$(Q)scripts/run-tests $(call as_tests,$(HOST_TESTS))

.PHONY: check-claims
check-claims: $(O)/photolane ## what the papers claim of energy and time, and what the models compute
	$(Q)$(O)/photolane energy --claims

check-mutants: all $(LOCKSTEP_TESTS) ## plant faults in RTL and model; the suite must catch each
	$(Q)scripts/check-mutants

soak: $(O)/tests/link/test_stream $(O)/tests/link/test_board ## 10^7 random frames with faults on the link, and thousands of jobs
	$(Q)scripts/run-tests 'test_stream, 1e7 frames=PL_LINK_FRAMES=1e7 $(O)/tests/link/test_stream' \
	  'test_board, 3000 jobs a fault=PL_LINK_JOBS=3000 $(O)/tests/link/test_board'

check-long: all tests ## 1e9 samples of the Gaussian, thousands of random jobs on every shape
	$(Q)scripts/run-tests 'Gaussian, 1e9 samples=PL_STATS_SAMPLES=1e9 $(O)/tests/stats/test_gauss_stats' \
	  $(foreach shape,$(VERIFY_SHAPES),'verify rtl:$(shape)=$(O)/photolane verify -d rtl:$(shape) --level L2 --cases 10000 --seed 2')

L3_TESTS := $(foreach kind,coherent intensity rns,$(O)/tests/stats/test_$(kind)_draws $(O)/tests/stats/test_l3_$(kind)) \
  $(O)/tests/stats/test_l3_photons
check-physics: $(L3_TESTS) ## level L3 at 1e6 reads per operating point; the report is build/l3-report.txt
	$(Q)rm -f $(O)/l3-report.txt $(O)/l3-failed; for test in $(L3_TESTS); do \
	  { echo "== $${test##*/}"; PL_STATS_SAMPLES=1e6 PL_STATS_THREADS=2 $$test || touch $(O)/l3-failed; } 2>&1 | tee -a $(O)/l3-report.txt; \
	done; if [ -e $(O)/l3-failed ]; then rm $(O)/l3-failed; exit 1; fi

# libFuzzer needs clang, so the library is compiled once more, with its coverage and the sanitizers; all fuzzers are linked
# to these objects.
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CFLAGS := -std=gnu11 -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -ffp-contract=off \
  -Iinclude -Ihost -Itests/nn $(USB_CFLAGS) -DPL_BUILD_ID='"fuzz"' -DPL_LIBDIR='"/"' -DPL_DATADIR='"/"'
.PHONY: fuzzers
fuzzers: $(FUZZERS) $(LINK_FUZZER) ## the fuzzers of the parsers
# The archive lies in obj/: beside the programs it would look like a build folder (host/device/paths.c).
$(O)/fuzz/obj/%.o: %.c
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)clang $(FUZZ_CFLAGS) -MMD -MP -c $< -o $@
$(O)/fuzz/obj/libphotolane.a: $(patsubst %.c,$(O)/fuzz/obj/%.o,$(LIB_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(FUZZERS): $(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/%.o $(O)/fuzz/obj/libphotolane.a
	$(call say,LINK,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ $(LDLIBS) -o $@
-include $(shell find $(O)/fuzz/obj -name '*.d' 2>/dev/null)

.PHONY: synth-report
synth-report: ## cells of every kind of core on iCE40 and ECP5 (Yosys; long): docs/synthesis.csv and docs/performance.md
	$(Q)scripts/synth-report

SHELL_SCRIPTS := scripts/setup scripts/flash scripts/rtl-id scripts/run-tests scripts/check-usb scripts/demo scripts/train-model scripts/fetch-model scripts/plot-gaussian scripts/plot-energy scripts/results scripts/plot-l3.sh $(addprefix scripts/plot-l3-,coherent intensity rns) .ci/run $(wildcard tests/cli/*.sh)
lint: ## generated files, RTL (Verilator, Yosys), C (cppcheck), scripts (shellcheck)
	$(call say,LINT,generated files)
	$(Q)python3 scripts/gen_registers.py --check && python3 scripts/gen_gauss.py --check && python3 scripts/gen_rns.py --check && python3 scripts/gen_poisson.py --check && python3 scripts/gen_compact.py --check
	$(Q)for f in $(RTL_SRC) $(LINK_SRC); do grep -q -- "- $$f$$" photolane.core || { echo "photolane.core does not name $$f"; exit 1; }; done
	$(call say,LINT,RTL)
	$(Q)for kind in 0 1 2; do for boxes in '' -DPL_WIDE_BOXES; do \
	  for shape in '1 2 8 2 2' '1 2 8 2 1' '4 4 8 8 8' '8 8 16 8 64' '8 8 64 64 64'; do set -- $$shape; \
	  $(VERILATOR) --lint-only -Wall --unroll-count 4 $$boxes -GKind=$$kind -GRows=$$1 -GColumns=$$2 -GWidth=$$3 -GElements=$$4 -GBackLanes=$$5 \
	    --top-module pl_core rtl/lint.vlt $(RTL_SRC) $(RTL_SIM) || exit 1; done; done; done
	$(Q)for kind in 0 1 2; do for back in 1 2; do \
	  yosys -q -l $(O)/yosys.log -p "read_verilog -sv -defer $(RTL_SRC); hierarchy -top pl_core -chparam Kind $$kind -chparam Rows 1 \
	  -chparam Columns 2 -chparam Width 8 -chparam Elements 2 -chparam AWords 64 -chparam BWords 64 -chparam BackLanes $$back; \
	  proc; check -assert" >/dev/null 2>&1 || { tail -3 $(O)/yosys.log; exit 1; }; done; done
	$(Q)for shape in '1 1 8 0 64' '2 1 4 0 128' '1 4 16 1 8'; do set -- $$shape; \
	  $(VERILATOR) --lint-only -Wall -GRows=$$1 -GColumns=$$2 -GWidth=$$3 -GPlanes=$$4 -GAWords=64 -GBWords=$$5 --top-module pl_compact \
	    rtl/lint.vlt $(COMPACT_SRC) || exit 1; done
	$(Q)for f in $(RTL_SRC) $(LINK_SRC) $(COMPACT_SRC); do $(VERILATOR) -E -P $$f | grep -E "(^|[?:=(,&|<>]) *-[A-Za-z0-9_]+'\(" && { echo "$$f: Yosys takes -N'(x) for (-N)'(x), which is x"; exit 1; }; done; true
	$(call say,LINT,C)
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	  --suppressions-list=tests/cppcheck.txt -Iinclude -Ihost -j2 host
	$(call say,LINT,scripts)
	$(Q)shellcheck $(wildcard $(SHELL_SCRIPTS))

.PHONY: demo
demo: all ## the shipped model through float, golden model and RTL; perplexity; speed (CORE=lightening)
	$(Q)BUILD=$(O) CORE=$(CORE) scripts/demo
