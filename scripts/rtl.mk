# The Verilated arrays: one plug-in per shape and kind of core, loaded by `rtl:RxCxW`: $(O)/rtl/libphotolane-rtl-RxCxW.so is
# coherent, the others are named libphotolane-rtl-KIND-RxCxW.so.
# SHAPES="2x2x16 ..." builds others, KINDS="rns ..." only some kinds; TRACED=1 builds them with FST waveforms (...-trace.so).
# A fourth number of a shape is the lanes of its back end, by default rows x columns: in
# 4x4x8x2 the 16 lanes take turns, two at a time.
SHAPES ?= 1x2x8 4x4x8 4x4x8x2 8x8x16 8x8x64
KINDS ?= coherent intensity rns
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

RTL_PKG := rtl/pl_regs_pkg.sv rtl/pl_pkg.sv rtl/optics/pl_gauss_pkg.sv rtl/optics/pl_rns_pkg.sv rtl/optics/pl_poisson_pkg.sv
RTL_SRC := $(RTL_PKG) $(filter-out $(RTL_PKG),$(sort $(wildcard rtl/optics/*.sv rtl/engine/*.sv)))
RTL_SIM := sim/verilator/pl_checker.sv
RTL_MODEL := $(wildcard host/model/*.c)
RTL_MODEL_OBJ := $(patsubst host/model/%.c,$(O)/rtl/model/%.o,$(RTL_MODEL))
trace_suffix := $(if $(filter 1,$(TRACED)),-trace)

all_kinds := coherent intensity rns
bad_kinds := $(filter-out $(all_kinds),$(KINDS))
$(if $(bad_kinds),$(error KINDS: no such kind of core: $(bad_kinds). There are $(all_kinds)))
up_to_64 := ([1-9]|[1-5][0-9]|6[0-4])
bad_shapes := $(strip $(foreach s,$(SHAPES),$(if $(shell echo '$(s)' | grep -E '^$(up_to_64)x$(up_to_64)x(4|8|16|32|64)(x[1-9][0-9]{0,3})?$$'),,$(s))))
$(if $(bad_shapes),$(error SHAPES: no such array: $(bad_shapes). A shape is ROWSxCOLUMNSxWIDTH, with up to 64 rows and columns and a width of 4, 8, 16, 32 or 64, or ROWSxCOLUMNSxWIDTHxLANES with the lanes of the back end))

part = $(word $(2),$(subst x, ,$(1)))
# Elements encoded per clock: a few for the small arrays, whole words for the wide one.
elements = $(if $(filter 1x%,$(1)),2,$(if $(filter 64 32,$(call part,$(1),3)),$(call part,$(1),3),8))
# Buffer depth in words; small in the small array, so that jobs are cut along their depth too.
buffer_words = $(if $(filter 1x%,$(1)),512,1024)
back_lanes = $(or $(call part,$(1),4),$(shell expr $(call part,$(1),1) \* $(call part,$(1),2)))
kind_number = $(if $(filter coherent,$(1)),0,$(if $(filter intensity,$(1)),1,2))
# An array of kind and shape: kind coherent is not named.
array = $(filter-out coherent-%,$(1)-$(2))$(if $(filter coherent,$(1)),$(2))$(trace_suffix)
PLUGINS := $(foreach kind,$(KINDS),$(foreach shape,$(SHAPES),$(O)/rtl/libphotolane-rtl-$(call array,$(kind),$(shape)).so))

.PHONY: rtl
rtl: $(PLUGINS) ## the Verilated arrays (SHAPES="1x2x8 ..." KINDS="rns ..." TRACED=1)

# The golden model of the checker: one copy for all arrays.
$(O)/rtl/model/%.o: host/model/%.c $(wildcard host/model/*.h) include/photolane/photolane.h include/photolane/registers.h
	@mkdir -p $(@D)
	$(Q)$(RTL_CC) -std=gnu11 -O3 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Iinclude -Ihost -c $< -o $@

# $(1): kind, $(2): shape, $(3): array
define plugin_rule
$(O)/rtl/libphotolane-rtl-$(3).so: $(RTL_SRC) $(RTL_SIM) sim/verilator/array.cpp sim/verilator/checker.cpp sim/verilator/checker.h $(RTL_MODEL_OBJ) include/photolane/array.h scripts/rtl.mk
	$$(call say,RTL,$(3))
	@rm -rf $(O)/rtl/$(3) && mkdir -p $(O)/rtl/$(3)
	$$(Q)$$(VERILATOR) --cc -O3 $(RTL_X) --unroll-count 4 --top-module pl_core --prefix Vpl_core -GKind=$(call kind_number,$(1)) \
	  -GRows=$(call part,$(2),1) -GColumns=$(call part,$(2),2) -GWidth=$(call part,$(2),3) -GElements=$(call elements,$(2)) \
	  -GBackLanes=$(call back_lanes,$(2)) -GAWords=$(call buffer_words,$(2)) -GBWords=$(call buffer_words,$(2)) $(RTL_BOXES) \
	  $$(if $$(filter 1,$(TRACED)),--trace-fst) --Mdir $(O)/rtl/$(3) -CFLAGS "-fPIC -fvisibility=hidden" rtl/lint.vlt $(RTL_SRC) $(RTL_SIM)
	$$(Q)$$(MAKE) -s -C $(O)/rtl/$(3) -f Vpl_core.mk OPT_FAST="-O3 -march=$(RTL_MARCH) $(RTL_VECTOR)" OPT_SLOW=-O0 OPT_GLOBAL=-O2 \
	  OBJCACHE=$$(if $$(shell which ccache 2>/dev/null),ccache) CXX=$(RTL_CXX) LINK=$(RTL_CXX) Vpl_core__ALL.a verilated.o verilated_dpi.o verilated_threads.o $$(if $$(filter 1,$(TRACED)),verilated_fst_c.o) >/dev/null
	$$(Q)$(RTL_CXX) -std=gnu++17 -O3 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Wall -Wextra -Werror -shared -Wl,--no-undefined \
	  -DPL_KIND=$(call kind_number,$(1)) -DPL_ROWS=$(call part,$(2),1) -DPL_COLUMNS=$(call part,$(2),2) -DPL_WIDTH=$(call part,$(2),3) \
	  -DPL_BACK=$(call back_lanes,$(2)) -DPL_ELEMENTS=$(call elements,$(2)) -DPL_WORDS=$(call buffer_words,$(2)) -DPL_TRACED=$(TRACED) \
	  -DPL_BUILD_ID='"$(BUILD_ID)"' -Iinclude -Ihost -I$(O)/rtl/$(3) -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include \
	  -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include/vltstd \
	  sim/verilator/array.cpp sim/verilator/checker.cpp $(RTL_MODEL_OBJ) $(O)/rtl/$(3)/verilated*.o \
	  $(O)/rtl/$(3)/Vpl_core__ALL.a $$(if $$(filter 1,$(TRACED)),-lz) -lpthread -latomic -o $$@
endef
$(foreach kind,$(KINDS),$(foreach shape,$(SHAPES),$(eval $(call plugin_rule,$(kind),$(shape),$(call array,$(kind),$(shape))))))

.PHONY: trace
trace: ## the traced arrays, for --trace (SHAPES=4x4x8 is quick)
	$(Q)$(MAKE) --no-print-directory rtl TRACED=1 O=$(O) SHAPES="$(if $(filter file default,$(origin SHAPES)),4x4x8,$(SHAPES))"

# The back end of kind rns alone, in the exact widths and from random state, against the golden model.
RNS_TEST := $(O)/tests/lockstep/test_pl_rns
$(RNS_TEST): tests/lockstep/test_pl_rns.cpp $(RTL_SRC) $(O)/libphotolane.a
	$(call say,RTL,pl_rns)
	@rm -rf $(O)/rtl/pl_rns && mkdir -p $(O)/rtl/pl_rns $(@D)
	$(Q)$(VERILATOR) --cc --exe -O3 --x-assign unique --x-initial unique --top-module pl_rns -GRows=2 -GColumns=3 \
	  --Mdir $(O)/rtl/pl_rns -o $(abspath $@) -CFLAGS "-I$(abspath include) -I$(abspath host)" \
	  -LDFLAGS "$(abspath $(O)/libphotolane.a)" rtl/lint.vlt $(RTL_SRC) $(abspath $<) && \
	  $(MAKE) -s -C $(O)/rtl/pl_rns -f Vpl_rns.mk OPT_FAST=-O2 OPT_SLOW=-O0 CXX=$(RTL_CXX) LINK=$(RTL_CXX) \
	  OBJCACHE=$(if $(shell which ccache 2>/dev/null),ccache) >/dev/null

# Photon counting alone, in the same way.
PHOTONS_TEST := $(O)/tests/lockstep/test_pl_photons
$(PHOTONS_TEST): tests/lockstep/test_pl_photons.cpp $(RTL_SRC) $(O)/libphotolane.a
	$(call say,RTL,pl_photons)
	@rm -rf $(O)/rtl/pl_photons && mkdir -p $(O)/rtl/pl_photons $(@D)
	$(Q)$(VERILATOR) --cc --exe -O3 --x-assign unique --x-initial unique --top-module pl_photons -GRows=2 -GColumns=3 \
	  --Mdir $(O)/rtl/pl_photons -o $(abspath $@) -CFLAGS "-I$(abspath include) -I$(abspath host)" \
	  -LDFLAGS "$(abspath $(O)/libphotolane.a)" rtl/lint.vlt $(RTL_SRC) $(abspath $<) && \
	  $(MAKE) -s -C $(O)/rtl/pl_photons -f Vpl_photons.mk OPT_FAST=-O2 OPT_SLOW=-O0 CXX=$(RTL_CXX) LINK=$(RTL_CXX) \
	  OBJCACHE=$(if $(shell which ccache 2>/dev/null),ccache) >/dev/null
