# The compact core (docs/compact.md) as Verilated array plug-ins, libphotolane-rtl-RxCxWc.so.
#   make compact && build/photolane verify -d rtl:1x1x8c
#   make compact-netlist && PHOTOLANE_PLUGINS=build/netlist/compact build/photolane verify -d rtl:1x1x8c
# The second is the netlist for the iCE40 in the cells of Yosys' library: 1x1x8c with the DSP blocks of the UltraPlus.
# Width 16 is the form by digits of B, without multipliers.
COMPACT_SHAPES ?= 1x1x8c 1x4x16c
COMPACT_NETLISTS ?= 1x1x8c
COMPACT_PKG := rtl/pl_regs_pkg.sv rtl/pl_pkg.sv rtl/optics/pl_gauss_pkg.sv rtl/compact/pl_compact_pkg.sv
COMPACT_SRC := $(COMPACT_PKG) $(filter-out $(COMPACT_PKG),$(sort $(wildcard rtl/compact/*.sv)))
COMPACT_ICE40 := $(filter-out rtl/compact/pl_mac.sv,$(COMPACT_SRC)) rtl/compact/ice40/pl_mac.sv
COMPACT_CELLS := $(patsubst %/bin/yosys,%/share/yosys,$(shell which yosys 2>/dev/null))/ice40/cells_sim.v

# Of a shape: rows, columns, width; form; words of the buffers of A and of B; DSP blocks; flow of Yosys.
compact_part = $(word $(2),$(subst x, ,$(patsubst %c,%,$(1))))
compact_planes = $(if $(filter %x16c,$(1)),1,0)
compact_a_words = $(if $(filter %x16c,$(1)),64,$(shell expr 512 / $(call compact_part,$(1),3)))
compact_b_words = $(if $(filter %x16c,$(1)),8,$(call compact_a_words,$(1)))
compact_dsp = $(if $(filter %x16c,$(1)),0,$(shell expr $(call compact_part,$(1),1) \* $(call compact_part,$(1),2) \* $(call compact_part,$(1),3)))
compact_flow = $(if $(filter %x16c,$(1)),-device hx -abc9,-device u)
compact_parameters = Rows=$(call compact_part,$(1),1) Columns=$(call compact_part,$(1),2) Width=$(call compact_part,$(1),3) \
  Planes=$(call compact_planes,$(1)) AWords=$(call compact_a_words,$(1)) BWords=$(call compact_b_words,$(1))
compact_lint = -Wno-fatal -Wno-lint -Wno-style -Wno-TIMESCALEMOD -Wno-MULTIDRIVEN -DNO_ICE40_DEFAULT_ASSIGNMENTS

# $(1): folder, $(2): shape, $(3): files, $(4): flags of Verilator, $(5): optimization of its C++
define compact_rule
$(1)/libphotolane-rtl-$(2).so: $(3) sim/verilator/array.cpp sim/verilator/checker.cpp sim/verilator/checker.h $(RTL_MODEL_OBJ) include/photolane/array.h scripts/compact.mk
	$$(call say,RTL,$(2))
	@rm -rf $(1)/$(2) && mkdir -p $(1)/$(2)
	$$(Q)$$(VERILATOR) --cc -O3 $(RTL_X) --top-module pl_compact --prefix Vpl_core $(4) $$(if $$(filter 1,$(TRACED)),--trace-fst) \
	  --Mdir $(1)/$(2) -CFLAGS "-fPIC -fvisibility=hidden" $(3) 2>$(1)/$(2).log || { cat $(1)/$(2).log; exit 1; }
	$$(Q)$$(MAKE) -s -C $(1)/$(2) -f Vpl_core.mk OPT_FAST="$(5)" OPT_SLOW=-O0 OPT_GLOBAL=-O2 \
	  OBJCACHE=$$(if $$(shell which ccache 2>/dev/null),ccache) CXX=$(RTL_CXX) LINK=$(RTL_CXX) Vpl_core__ALL.a verilated.o verilated_threads.o $$(if $$(filter 1,$(TRACED)),verilated_fst_c.o) >/dev/null
	$$(Q)$(RTL_CXX) -std=gnu++17 -O3 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Wall -Wextra -Werror -shared -Wl,--no-undefined \
	  -DPL_SERIAL=1 -DPL_KIND=0 -DPL_ROWS=$(call compact_part,$(2),1) -DPL_COLUMNS=$(call compact_part,$(2),2) \
	  -DPL_WIDTH=$(call compact_part,$(2),3) -DPL_BACK=1 -DPL_ELEMENTS=2 -DPL_A_WORDS=$(call compact_a_words,$(2)) \
	  -DPL_B_WORDS=$(call compact_b_words,$(2)) -DPL_TRACED=$(TRACED) \
	  -DPL_BUILD_ID='"$(BUILD_ID)"' -Iinclude -Ihost -I$(1)/$(2) -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include \
	  -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include/vltstd \
	  sim/verilator/array.cpp sim/verilator/checker.cpp $(RTL_MODEL_OBJ) $(1)/$(2)/verilated*.o \
	  $(1)/$(2)/Vpl_core__ALL.a $$(if $$(filter 1,$(TRACED)),-lz) -lpthread -latomic -o $$@
endef
$(foreach shape,$(COMPACT_SHAPES),$(eval $(call compact_rule,$(O)/rtl,$(shape),rtl/lint.vlt $(COMPACT_SRC),-Wall $(addprefix -G,$(call compact_parameters,$(shape))),-O3 -march=$(RTL_MARCH))))

# The netlist, with its DSP blocks counted: Yosys is known to lose them without a word.
define compact_netlist_rule
$(O)/netlist/compact/$(1).v: $(COMPACT_ICE40) $(COMPACT_SRC) scripts/compact.mk
	$$(call say,SYNTH,$(1))
	@mkdir -p $$(@D)
	$$(Q)nice yosys -q -l $$(@:.v=.yosys) -p "read_verilog -sv -defer $(if $(filter 1,$(call compact_planes,$(1))),$(COMPACT_SRC),$(COMPACT_ICE40)); \
	  hierarchy -top pl_compact $(foreach p,$(call compact_parameters,$(1)),-chparam $(subst =, ,$(p))); \
	  synth_ice40 $(call compact_flow,$(1)) -top pl_compact; check -assert; rename -top pl_compact; splitnets; write_verilog -noattr $$@; \
	  tee -o $$(@:.v=.stat) stat" >/dev/null 2>&1 || { tail -3 $$(@:.v=.yosys); rm -f $$@; exit 1; }
	$$(Q)test "$$$$(awk '$$$$1 == "SB_MAC16" {n = $$$$2} END {print n + 0}' $$(@:.v=.stat))" = $(call compact_dsp,$(1)) || \
	  { echo "$(1): $(call compact_dsp,$(1)) DSP blocks expected: $$(@:.v=.stat)"; rm -f $$@; exit 1; }
$(call compact_rule,$(O)/netlist/compact,$(1),$(O)/netlist/compact/$(1).v $(COMPACT_CELLS),$(compact_lint),-O1)
endef
$(foreach shape,$(COMPACT_NETLISTS),$(eval $(call compact_netlist_rule,$(shape))))

COMPACT_TEST := $(O)/tests/lockstep/test_compact
.PHONY: compact compact-netlist check-compact
compact: $(COMPACT_SHAPES:%=$(O)/rtl/libphotolane-rtl-%.so) ## the Verilated compact cores (COMPACT_SHAPES="1x1x8c 1x4x16c")
compact-netlist: $(COMPACT_NETLISTS:%=$(O)/netlist/compact/libphotolane-rtl-%.so) ## netlists of the compact core for the iCE40 as arrays
COMPACT_CHECKS := 'test_compact=$(COMPACT_TEST) $(COMPACT_SHAPES)' \
  $(foreach shape,$(COMPACT_SHAPES),$(foreach level,L0 L1 L2,'verify rtl:$(shape) $(level)=$(O)/photolane verify -d rtl:$(shape) --level $(level) --cases 30') \
  'verify rtl:$(shape) with pauses=$(O)/photolane verify -d "rtl:$(shape)?stall=5" --cases 20 --seed 3' \
  'rtl:$(shape) from random state=PHOTOLANE_RESET_SEED=7 PHOTOLANE_PLUGINS=$(O)/exact/rtl $(COMPACT_TEST) $(shape)')
.PHONY: exact-compact
exact-compact:
	$(Q)$(MAKE) --no-print-directory compact O=$(O)/exact RTL_X="--x-assign unique --x-initial unique"
check-compact: compact exact-compact $(O)/photolane $(COMPACT_TEST) ## the compact core: tests, random jobs, random state before reset
	$(Q)scripts/run-tests $(COMPACT_CHECKS)
check: compact exact-compact
