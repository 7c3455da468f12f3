# Netlists and bitstreams: the synthesized core against the golden model (level L4), images of the boards.
#
# A netlist of pl_core becomes an array plug-in like any Verilated shape (scripts/rtl.mk), in a folder of its own:
#   PHOTOLANE_PLUGINS=$(O)/netlist/ecp5 $(O)/photolane verify -d rtl:1x2x8x1
# Flow ice40 is without, ice40-dsp with SB_MAC16 blocks (scripts/synthesis.py). NETLIST_FLOWS, NETLIST_KINDS and
# NETLIST_BOARDS choose; what check-netlist does by default is every kind of core on the ECP5, and on the iCE40 the shipped boards.
NETLIST_FLOWS ?= ecp5
NETLIST_KINDS ?= $(all_kinds)
NETLIST_SHAPE := 1x2x8x1
NETLIST_WORDS := 512
NETLIST_CASES ?= 20
YOSYS_SHARE ?= $(patsubst %/bin/yosys,%/share/yosys,$(shell which yosys 2>/dev/null))
ice40_cells := -DNO_ICE40_DEFAULT_ASSIGNMENTS $(YOSYS_SHARE)/ice40/cells_sim.v
netlist_cells = $(if $(filter ecp5,$(1)),sim/netlist/ecp5_cells.v,$(ice40_cells))
netlist_plugin = $(O)/netlist/$(1)/libphotolane-rtl-$(filter-out coherent-%,$(2)-$(NETLIST_SHAPE))$(if $(filter coherent,$(2)),$(NETLIST_SHAPE)).so
NETLIST_VERILATE := $(VERILATOR) --cc -O3 --x-assign fast --x-initial fast -Wno-fatal -Wno-lint -Wno-style -Wno-TIMESCALEMOD -Wno-MULTIDRIVEN

# $(1): flow, $(2): kind. No optimization above -O1: the compiler takes longer than the cases, and the code is all bit logic.
define netlist_rule
$(O)/netlist/$(1)/$(2).v: $(RTL_SRC) scripts/netlist scripts/synthesis.py
	$$(call say,SYNTH,$(1) $(2))
	@mkdir -p $$(@D)
	$$(Q)scripts/netlist core '$(subst -, ,$(1))' $(2) $(NETLIST_SHAPE:x1=) $(NETLIST_WORDS) $$@ || { rm -f $$@; exit 1; }
$(call netlist_plugin,$(1),$(2)): $(O)/netlist/$(1)/$(2).v sim/netlist/ecp5_cells.v sim/verilator/array.cpp sim/verilator/checker.cpp $(RTL_MODEL_OBJ)
	$$(call say,RTL,netlist $(1) $(2))
	@rm -rf $(O)/netlist/$(1)/$(2) && mkdir -p $(O)/netlist/$(1)/$(2)
	$$(Q)nice $(NETLIST_VERILATE) --top-module pl_core --prefix Vpl_core --Mdir $(O)/netlist/$(1)/$(2) -CFLAGS "-fPIC -fvisibility=hidden" \
	  $$< $(call netlist_cells,$(1)) 2>$(O)/netlist/$(1)/$(2).warnings
	$$(Q)nice $$(MAKE) -s -C $(O)/netlist/$(1)/$(2) -f Vpl_core.mk OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O2 \
	  OBJCACHE=$$(if $$(shell which ccache 2>/dev/null),ccache) CXX=$(RTL_CXX) LINK=$(RTL_CXX) Vpl_core__ALL.a verilated.o verilated_threads.o >/dev/null
	$$(Q)$(RTL_CXX) -std=gnu++17 -O2 -march=$(RTL_MARCH) -fPIC -fvisibility=hidden -Wall -Wextra -Werror -shared -Wl,--no-undefined \
	  -DPL_NETLIST=1 -DPL_KIND=$(call kind_number,$(2)) -DPL_ROWS=1 -DPL_COLUMNS=2 -DPL_WIDTH=8 -DPL_BACK=1 -DPL_ELEMENTS=2 -DPL_WORDS=$(NETLIST_WORDS) \
	  -DPL_TRACED=0 -DPL_BUILD_ID='"$(BUILD_ID), netlist $(1)"' -Iinclude -Ihost -I$(O)/netlist/$(1)/$(2) \
	  -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include -isystem $$(shell $(VERILATOR) --getenv VERILATOR_ROOT)/include/vltstd \
	  sim/verilator/array.cpp sim/verilator/checker.cpp $(RTL_MODEL_OBJ) $(O)/netlist/$(1)/$(2)/verilated*.o \
	  $(O)/netlist/$(1)/$(2)/Vpl_core__ALL.a -lpthread -latomic -o $$@
endef
$(foreach flow,ecp5 ice40 ice40-dsp,$(foreach kind,$(all_kinds),$(eval $(call netlist_rule,$(flow),$(kind)))))

# The cell models alone, and through the tool: a sample of everything a core is made of, source against netlist.
$(O)/netlist/ecp5_cells_tb.vvp: tests/netlist/ecp5_cells_tb.v sim/netlist/ecp5_cells.v
	@mkdir -p $(@D)
	$(Q)iverilog -g2012 -s ecp5_cells_tb -o $@ $^
define sampler_rule
$(O)/netlist/sampler-$(1).v: tests/netlist/sampler.v scripts/netlist scripts/synthesis.py
	@mkdir -p $$(@D)
	$$(Q)scripts/netlist sampler '$(subst -, ,$(1))' $$@ || { rm -f $$@; exit 1; }
$(O)/netlist/sampler-$(1).vvp: tests/netlist/sampler_tb.v tests/netlist/sampler.v $(O)/netlist/sampler-$(1).v sim/netlist/ecp5_cells.v
	$$(Q)iverilog -g2012 -s sampler_tb -o $$@ $$(wordlist 1,3,$$^) $(call netlist_cells,$(1))
endef
$(foreach flow,ecp5 ice40 ice40-dsp,$(eval $(call sampler_rule,$(flow))))

# ---- Whole boards: the netlist of an image behind the pins of pl_chip_uart, as a simulated board (scripts/board.mk):
#   make $(O)/board/photolane-board-icebreaker-netlist && $(O)/photolane verify -d sim:icebreaker-netlist
# $(1): board, $(2): kind, $(3): clock, kHz, $(4): baud, $(5): cells
NETLIST_FLAGS := -Wno-fatal -Wno-lint -Wno-style -Wno-TIMESCALEMOD -Wno-MULTIDRIVEN
define chip_rule
$(O)/netlist/$(1)-$(2).v: $(RTL_SRC) $(wildcard rtl/link/*.sv rtl/compact/*.sv rtl/compact/*/*.sv rtl/boards/$(1)/*.sv) rtl/boards/boards.toml scripts/bitstream scripts/synthesis.py scripts/ecp5_row_mul.v
	$$(call say,SYNTH,$(1) $(2))
	@mkdir -p $$(@D)
	$$(Q)scripts/bitstream --netlist $(1) $(2) $$@ || { rm -f $$@; exit 1; }
$$(eval $$(call board_rule,$(1)$(if $(filter-out coherent,$(2)),-$(2))-netlist,uart,pins_$(1),$(3),$(4),$(NETLIST_FLAGS) $(filter -D%,$(5)),$(O)/netlist/$(1)-$(2).v sim/netlist/pins_$(1).v sim/netlist/pll_through.v $(filter-out -D%,$(5))))
endef
$(eval $(call chip_rule,icebreaker,coherent,18000,3000000,$(ice40_cells)))
$(eval $(call chip_rule,hx8k,coherent,36000,6000000,$(ice40_cells)))
$(foreach kind,$(all_kinds),$(eval $(call chip_rule,ulx3s,$(kind),25000,3000000,sim/netlist/ecp5_cells.v)))

# The shipped bitstream of the HX8K itself, unpacked to Verilog again: sim:hx8k-bitstream.
$(O)/netlist/hx8k-bitstream.v: bitstreams/hx8k-coherent.bin rtl/boards/hx8k/hx8k.pcf scripts/unpack
	$(call say,UNPACK,$<)
	@mkdir -p $(@D)
	$(Q)scripts/unpack bitstreams/hx8k-coherent.bin rtl/boards/hx8k/hx8k.pcf $@
$(eval $(call board_rule,hx8k-bitstream,uart,pins_hx8k,36000,6000000,$(NETLIST_FLAGS) $(filter -D%,$(ice40_cells)),$(O)/netlist/hx8k-bitstream.v sim/netlist/pins_hx8k.v sim/netlist/pll_through.v $(filter-out -D%,$(ice40_cells))))
NETLIST_BOARDS ?= icebreaker-netlist $(if $(wildcard bitstreams/hx8k-coherent.bin),hx8k-bitstream)
NETLIST_BOARD_CASES ?= 3
# Most jobs have reads of few channels, which leave most of an array's adders idle; the first job of this seed has 120 reads
# of 65 elements.
NETLIST_LONG_SEED := 65

NETLIST_PLUGINS = $(foreach flow,$(NETLIST_FLOWS),$(foreach kind,$(NETLIST_KINDS),$(call netlist_plugin,$(flow),$(kind))))
NETLIST_SAMPLERS := $(foreach flow,ecp5 ice40 ice40-dsp,$(O)/netlist/sampler-$(flow).vvp)
.PHONY: check-netlist
check-netlist: $(O)/photolane $(O)/netlist/ecp5_cells_tb.vvp $(NETLIST_SAMPLERS) $(NETLIST_PLUGINS) $(NETLIST_BOARDS:%=$(O)/board/photolane-board-%) ## level L4: netlists in vendor cells and the HX8K bitstream against the golden model
	$(Q)scripts/run-tests 'cells of the ECP5=vvp -n $(O)/netlist/ecp5_cells_tb.vvp' 'row_mul=tests/netlist/row_mul.py 200 2' \
	  $(foreach flow,ecp5 ice40 ice40-dsp,'sampler in cells of $(flow)=vvp -n $(O)/netlist/sampler-$(flow).vvp') \
	  $(foreach flow,$(NETLIST_FLOWS),$(foreach kind,$(NETLIST_KINDS),$(foreach level,L0 L2,'netlist $(flow) $(kind) $(level)=PHOTOLANE_PLUGINS=$(O)/netlist/$(flow) $(O)/photolane verify -d rtl:$(NETLIST_SHAPE) --kind $(kind) --level $(level) --cases $(NETLIST_CASES)'))) \
	  $(foreach board,$(NETLIST_BOARDS),$(foreach level,L0 L2,'$(board) at its pins $(level)=$(O)/photolane verify -d sim:$(board) --level $(level) --cases $(NETLIST_BOARD_CASES)')) \
	  $(foreach board,$(NETLIST_BOARDS),'$(board) at its pins, long reads=$(O)/photolane verify -d sim:$(board) --level L2 --cases 1 --seed $(NETLIST_LONG_SEED)') \
	  $(if $(wildcard bitstreams/hx8k-coherent.bin),,'hx8k-bitstream at its pins=echo "bitstreams/hx8k-coherent.bin is not there (make bitstreams BOARD=hx8k)"; exit 77')

# ---- Bitstreams (docs/boards.md). BOARD and KIND choose one.
.PHONY: bitstreams bitstreams-check flash
bitstreams: ## build the images of BOARD (all boards) and KIND (all kinds) into bitstreams/, with manifest.json
	$(Q)$(if $(BOARD),scripts/bitstream $(BOARD) $(KIND),for board in $$(scripts/bitstream --list | cut -d ' ' -f 1); do scripts/bitstream $$board || exit 1; done)
bitstreams-check: ## build the iCE40 images anew: the same SHA-256 as the shipped ones
	$(Q)scripts/bitstream --check $(BOARD)
flash: ## write the shipped image to BOARD=icebreaker, hx8k or ulx3s (KIND=coherent)
	$(Q)scripts/flash '$(BOARD)' $(KIND)
