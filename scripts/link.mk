# The link in RTL: sources, lint, benches. A bench is tests/link/test_<module>.cpp around one Verilated module of rtl/link, in
# exact widths and from random state before reset.
LINK_SRC := $(sort $(wildcard rtl/link/*.sv))
LINK_BENCHES := $(patsubst tests/link/%.cpp,%,$(wildcard tests/link/test_pl_*.cpp))
LINK_TESTS := $(addprefix $(O)/tests/link/,$(LINK_BENCHES))
link_chip := -GRows=1 -GColumns=2 -GWidth=8 -GElements=2 -GAWords=64 -GBWords=64 -GBuildId="32'h12345678"

# Parameters and top of a bench, if they are not the defaults of the module that it is named after.
bench_args_test_pl_chip_uart := $(link_chip)
bench_args_test_pl_chip_ft245 := $(link_chip)
bench_args_test_pl_stream := -GRxLog=8 -GTxLog=9 -GSerialCrc="1'b1"
bench_args_test_pl_uart_tx := -GStep="24'd3569620"
bench_args_test_pl_async_fifo := -GLog=6 -GMargin=4
bench_top = $(or $(bench_top_$(1)),$(patsubst test_%,%,$(1)))

.PHONY: link-tests
link-tests: $(LINK_TESTS) ## the benches of the link in RTL
	$(Q)scripts/run-tests $(foreach test,$(LINK_TESTS),'$(notdir $(test))=$(test)')

$(O)/tests/link/test_pl_%: tests/link/test_pl_%.cpp tests/link/link_host.h tests/link/chip_bench.h $(RTL_SRC) $(LINK_SRC)
	$(call say,RTL,test_pl_$*)
	@rm -rf $(O)/rtl/link/pl_$* && mkdir -p $(O)/rtl/link/pl_$* $(@D)
	$(Q)$(VERILATOR) --cc --exe -O3 --x-assign unique --x-initial unique --unroll-count 4 -Wall \
	  --top-module $(call bench_top,test_pl_$*) $(bench_args_test_pl_$*) --Mdir $(O)/rtl/link/pl_$* -o $(abspath $@) \
	  -CFLAGS "-std=gnu++17 -I$(abspath include) -I$(abspath tests/link)" -LDFLAGS "-lz" rtl/lint.vlt $(RTL_SRC) $(LINK_SRC) \
	  $(abspath $<) && \
	  $(MAKE) -s -C $(O)/rtl/link/pl_$* -f V$(call bench_top,test_pl_$*).mk OPT_FAST=-O2 OPT_SLOW=-O0 CXX=$(RTL_CXX) LINK=$(RTL_CXX) \
	  OBJCACHE=$(if $(shell which ccache 2>/dev/null),ccache) >/dev/null

# libFuzzer on the device's decoder. The corpus in tests/fuzz/corpus is read, and grows only where the fuzzer is told to write.
LINK_FUZZER := $(O)/fuzz/fuzz_pl_stream
.PHONY: link-fuzzer
link-fuzzer: $(LINK_FUZZER) ## the fuzzer of the device's frame decoder
$(LINK_FUZZER): tests/fuzz/fuzz_pl_stream.cpp tests/link/link_host.h rtl/pl_regs_pkg.sv $(LINK_SRC)
	$(call say,FUZZ,$@)
	@rm -rf $(O)/rtl/link/fuzz && mkdir -p $(O)/rtl/link/fuzz $(@D)
	$(Q)$(VERILATOR) --cc -O3 --x-assign unique --x-initial unique --top-module pl_stream -GRxLog=6 -GTxLog=6 --Mdir $(O)/rtl/link/fuzz \
	  rtl/pl_regs_pkg.sv rtl/lint.vlt $(filter-out %/pl_chip.sv %/pl_chip_uart.sv %/pl_chip_ft245.sv %/pl_unload.sv %/pl_command.sv,$(LINK_SRC)) && \
	  $(MAKE) -s -C $(O)/rtl/link/fuzz -f Vpl_stream.mk OPT_FAST="-O2 -fsanitize=fuzzer-no-link" OPT_SLOW=-O0 CXX=clang++ \
	  Vpl_stream__ALL.a verilated.o verilated_threads.o >/dev/null
	$(Q)clang++ -std=gnu++17 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I$(O)/rtl/link/fuzz \
	  -isystem $(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include -isystem $(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include/vltstd \
	  $< $(O)/rtl/link/fuzz/Vpl_stream__ALL.a $(O)/rtl/link/fuzz/verilated*.o -lz -lpthread -latomic -o $@

# Lint of the tops, with every kind and with a small and a large link; then Yosys elaborates them.
.PHONY: link-lint
lint: link-lint
link-lint:
	$(call say,LINT,link)
	$(Q)for top in pl_chip_uart pl_chip_ft245; do for kind in 0 1 2; do for shape in '1 2 8 2 9' '4 4 8 8 12'; do set -- $$shape; \
	  $(VERILATOR) --lint-only -Wall --unroll-count 4 -GKind=$$kind -GRows=$$1 -GColumns=$$2 -GWidth=$$3 -GElements=$$4 -GRxLog=$$5 -GTxLog=$$5 \
	    --top-module $$top rtl/lint.vlt $(RTL_SRC) $(LINK_SRC) || exit 1; done; done; \
	  yosys -q -l $(O)/yosys-link.log -p "read_verilog -sv -defer $(RTL_SRC) $(LINK_SRC); hierarchy -top $$top -chparam Rows 1 \
	  -chparam Columns 2 -chparam Width 8 -chparam Elements 2 -chparam AWords 64 -chparam BWords 64; proc; check -assert" \
	  >/dev/null 2>&1 || { tail -3 $(O)/yosys-link.log; exit 1; }; done
