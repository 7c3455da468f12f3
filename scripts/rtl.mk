# The Verilated arrays: one plug-in per shape, $(O)/rtl/libphotolane-rtl-RxCxW.so, loaded by `rtl:RxCxW`.
# SHAPES="2x2x16 ..." builds others; TRACED=1 builds them with FST waveforms (libphotolane-rtl-RxCxW-trace.so).
SHAPES ?= 1x2x8 4x4x8 8x8x16 8x8x64
TRACED ?= 0
# The generated C++ is vector code: clang makes it several times faster than gcc (docs/performance.md), and the
# plug-in is built for this machine. RTL_MARCH=x86-64-v3 makes one that moves to other machines.
RTL_CXX ?= clang++
RTL_CC ?= clang
RTL_MARCH ?= native
RTL_VECTOR ?= -mprefer-vector-width=512
VERILATOR ?= verilator
# RTL_BOXES= builds the exact widths that are synthesized; RTL_X="--x-assign unique --x-initial unique" makes a build
# whose state before reset is random (PHOTOLANE_RESET_SEED=N when it runs). Both are slower and give the same bits.
RTL_BOXES ?= -DPL_WIDE_BOXES
RTL_X ?= --x-assign fast --x-initial fast

RTL_PKG := rtl/pl_pkg.sv rtl/pl_regs_pkg.sv rtl/optics/pl_gauss_pkg.sv rtl/optics/pl_rns_pkg.sv
RTL_SRC := $(RTL_PKG) $(filter-out $(RTL_PKG),$(sort $(wildcard rtl/optics/*.sv rtl/engine/*.sv)))
RTL_SIM := sim/verilator/pl_checker.sv
RTL_MODEL := $(wildcard host/model/*.c)
trace_suffix := $(if $(filter 1,$(TRACED)),-trace)
PLUGINS := $(patsubst %,$(O)/rtl/libphotolane-rtl-%$(trace_suffix).so,$(SHAPES))

.PHONY: rtl
rtl: $(PLUGINS) ## the Verilated arrays (SHAPES="1x2x8 ..." TRACED=1)

part = $(word $(2),$(subst x, ,$(1)))
# Elements encoded per clock: a few for the small arrays, whole words for the wide one.
elements = $(if $(filter 1x%,$(1)),2,$(if $(filter 64 32,$(call part,$(1),3)),$(call part,$(1),3),8))
# Buffer depth in words; small in the small array, so that jobs are cut along their depth too.
buffer_words = $(if $(filter 1x%,$(1)),512,1024)

up_to_64 := ([1-9]|[1-5][0-9]|6[0-4])
bad_shapes := $(strip $(foreach s,$(SHAPES),$(if $(shell echo '$(s)' | grep -E '^$(up_to_64)x$(up_to_64)x(4|8|16|32|64)$$'),,$(s))))
$(if $(bad_shapes),$(error SHAPES: no such array: $(bad_shapes). A shape is ROWSxCOLUMNSxWIDTH with up to 64 rows and columns and a width of 4, 8, 16, 32 or 64))

define plugin_rule
$(O)/rtl/libphotolane-rtl-$(1)$(trace_suffix).so: $(RTL_SRC) $(RTL_SIM) sim/verilator/array.cpp sim/verilator/checker.cpp sim/verilator/checker.h $(RTL_MODEL) include/photolane/array.h scripts/rtl.mk
	$$(call say,RTL,$(1)$(trace_suffix))
	@rm -rf $(O)/rtl/$(1)$(trace_suffix) && mkdir -p $(O)/rtl/$(1)$(trace_suffix)
	$$(Q)$$(VERILATOR) --cc -O3 $(RTL_X) --unroll-count 4 --top-module pl_core --prefix Vpl_core \
	  -GRows=$(call part,$(1),1) -GColumns=$(call part,$(1),2) -GWidth=$(call part,$(1),3) -GElements=$(call elements,$(1)) \
	  -GAWords=$(call buffer_words,$(1)) -GBWords=$(call buffer_words,$(1)) $(RTL_BOXES) $$(if $$(filter 1,$(TRACED)),--trace-fst) \
	  --Mdir $(O)/rtl/$(1)$(trace_suffix) -CFLAGS "-fPIC -fvisibility=hidden" rtl/lint.vlt $(RTL_SRC) $(RTL_SIM)
	$$(Q)$$(MAKE) -s -C $(O)/rtl/$(1)$(trace_suffix) -f Vpl_core.mk OPT_FAST="-O3 -march=$(RTL_MARCH) $(RTL_VECTOR)" OPT_SLOW=-O0 OPT_GLOBAL=-O2 \
	  OBJCACHE=$$(if $$(shell which ccache 2>/dev/null),ccache) CXX=$(RTL_CXX) LINK=$(RTL_CXX) Vpl_core__ALL.a verilated.o verilated_dpi.o verilated_threads.o $$(if $$(filter 1,$(TRACED)),verilated_fst_c.o) >/dev/null
	$$(Q)for f in $(RTL_MODEL); do $(RTL_CC) -std=gnu11 -O3 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Iinclude -Ihost -c $$$$f \
	  -o $(O)/rtl/$(1)$(trace_suffix)/model_$$$$(basename $$$$f .c).o || exit 1; done
	$$(Q)$(RTL_CXX) -std=gnu++17 -O3 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Wall -Wextra -Werror -shared -Wl,--no-undefined \
	  -DPL_ROWS=$(call part,$(1),1) -DPL_COLUMNS=$(call part,$(1),2) -DPL_WIDTH=$(call part,$(1),3) \
	  -DPL_ELEMENTS=$(call elements,$(1)) -DPL_WORDS=$(call buffer_words,$(1)) -DPL_TRACED=$(TRACED) -DPL_BUILD_ID='"$(BUILD_ID)"' \
	  -Iinclude -Ihost -I$(O)/rtl/$(1)$(trace_suffix) -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include \
	  -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include/vltstd \
	  sim/verilator/array.cpp sim/verilator/checker.cpp $(O)/rtl/$(1)$(trace_suffix)/model_*.o $(O)/rtl/$(1)$(trace_suffix)/verilated*.o \
	  $(O)/rtl/$(1)$(trace_suffix)/Vpl_core__ALL.a $$(if $$(filter 1,$(TRACED)),-lz) -lpthread -latomic -o $$@
endef
$(foreach shape,$(SHAPES),$(eval $(call plugin_rule,$(shape))))

.PHONY: trace
trace: ## the traced arrays, for --trace (SHAPES=4x4x8 is quick)
	$(Q)$(MAKE) --no-print-directory rtl TRACED=1 O=$(O) SHAPES="$(if $(filter file default,$(origin SHAPES)),4x4x8,$(SHAPES))"
