# The compact core (docs/compact.md): Verilated plug-ins libphotolane-rtl-RxCxWc.so, of the RTL.
#   make compact                                  all of COMPACT_SHAPES
#   photolane verify -d rtl:1x1x8c
COMPACT_SHAPES ?= 1x1x8c 1x8x16c
COMPACT_PKG := rtl/pl_regs_pkg.sv rtl/pl_pkg.sv rtl/optics/pl_gauss_pkg.sv rtl/compact/pl_compact_pkg.sv
COMPACT_SRC := $(COMPACT_PKG) $(filter-out $(COMPACT_PKG),$(sort $(wildcard rtl/compact/*.sv)))
COMPACT_PLUGINS := $(foreach shape,$(COMPACT_SHAPES),$(O)/rtl/libphotolane-rtl-$(shape).so)

# Rows, columns, width; words of the buffers of A and B; codes of a beat.
compact_part = $(word $(2),$(subst x, ,$(patsubst %c,%,$(1))))
# Width 16 is the form with bit planes (Planes).
compact_planes = $(if $(filter %x16c,$(1)),1,0)
compact_a_words = $(if $(filter %x16c,$(1)),64,$(shell expr 512 / $(call compact_part,$(1),3)))
compact_b_words = $(if $(filter %x16c,$(1)),8,$(call compact_a_words,$(1)))

.PHONY: compact
compact: $(COMPACT_PLUGINS) ## the Verilated compact cores (COMPACT_SHAPES=1x1x8c)

# $(1): shape, $(2): what to verilate, $(3): flags of Verilator for it, $(4): suffix of the plug-in
define compact_rule
$(O)/rtl/libphotolane-rtl-$(1).so: $(COMPACT_SRC) sim/verilator/array.cpp sim/verilator/checker.cpp sim/verilator/checker.h $(RTL_MODEL_OBJ) include/photolane/array.h scripts/compact.mk
	$$(call say,RTL,$(1))
	@rm -rf $(O)/rtl/$(1) && mkdir -p $(O)/rtl/$(1)
	$$(Q)$$(VERILATOR) --cc -O3 $(RTL_X) --top-module pl_compact --prefix Vpl_core -Wall \
	  -GRows=$(call compact_part,$(1),1) -GColumns=$(call compact_part,$(1),2) -GWidth=$(call compact_part,$(1),3) \
	  -GPlanes=$(call compact_planes,$(1)) -GAWords=$(call compact_a_words,$(1)) -GBWords=$(call compact_b_words,$(1)) $$(if $$(filter 1,$(TRACED)),--trace-fst) \
	  --Mdir $(O)/rtl/$(1) -CFLAGS "-fPIC -fvisibility=hidden" rtl/lint.vlt $(COMPACT_SRC)
	$$(Q)$$(MAKE) -s -C $(O)/rtl/$(1) -f Vpl_core.mk OPT_FAST="-O3 -march=$(RTL_MARCH)" OPT_SLOW=-O0 OPT_GLOBAL=-O2 \
	  OBJCACHE=$$(if $$(shell which ccache 2>/dev/null),ccache) CXX=$(RTL_CXX) LINK=$(RTL_CXX) Vpl_core__ALL.a verilated.o verilated_threads.o $$(if $$(filter 1,$(TRACED)),verilated_fst_c.o) >/dev/null
	$$(Q)$(RTL_CXX) -std=gnu++17 -O3 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Wall -Wextra -Werror -shared -Wl,--no-undefined \
	  -DPL_SERIAL=1 -DPL_KIND=0 -DPL_ROWS=$(call compact_part,$(1),1) -DPL_COLUMNS=$(call compact_part,$(1),2) \
	  -DPL_WIDTH=$(call compact_part,$(1),3) -DPL_BACK=1 -DPL_ELEMENTS=2 -DPL_A_WORDS=$(call compact_a_words,$(1)) \
	  -DPL_B_WORDS=$(call compact_b_words,$(1)) -DPL_TRACED=$(TRACED) \
	  -DPL_BUILD_ID='"$(BUILD_ID)"' -Iinclude -Ihost -I$(O)/rtl/$(1) -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include \
	  -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include/vltstd \
	  sim/verilator/array.cpp sim/verilator/checker.cpp $(RTL_MODEL_OBJ) $(O)/rtl/$(1)/verilated*.o \
	  $(O)/rtl/$(1)/Vpl_core__ALL.a $$(if $$(filter 1,$(TRACED)),-lz) -lpthread -latomic -o $$@
endef
$(foreach shape,$(COMPACT_SHAPES),$(eval $(call compact_rule,$(shape))))
