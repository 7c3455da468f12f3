# Simulated boards (docs/board-simulation.md): one program per chip, $(O)/board/photolane-board-NAME, started by `sim:`.
#
#   make boards                                       the default ones: each kind on UART and FT245
#   make boards BOARDS="uart" KINDS="rns" SHAPES="4x4x8"        others; TRACED=1: with FST waveforms (NAME-trace)
#   make board-from NAME=x TOP=module FILES="a.v ..." [PINS=ft245] [CLOCK_KHZ=48000] [BAUD=12000000] [FLAGS=...]
#                                                     of any Verilog with the pins of pl_chip_uart: a netlist, an unpacked bitstream
BOARD_CXX ?= g++
BOARD_DIR := $(O)/board
BOARD_SYSTEMC := $(filter-out %/chip_uart.cpp %/chip_ft245.cpp,$(wildcard sim/systemc/*.cpp))
BOARD_OBJ := $(patsubst %.cpp,$(O)/obj/%.o,$(BOARD_SYSTEMC)) $(patsubst %.c,$(O)/obj/%.o,$(FTDI_FRONT_SRC))
# SystemC is built for C++17; every file that includes it must be the same.
BOARD_CXXFLAGS := -std=gnu++17 -O2 -Wall -Wextra -Werror -Isim -Isim/systemc -Ihost
VERILATOR_ROOT = $(shell $(VERILATOR) --getenv VERILATOR_ROOT)

$(O)/obj/sim/systemc/%.o: sim/systemc/%.cpp
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(if $(shell which ccache 2>/dev/null),ccache) $(BOARD_CXX) $(BOARD_CXXFLAGS) -MMD -MP -c $< -o $@

# $(1): name, $(2): pins (uart or ft245), $(3): top module, $(4): clock, kHz, $(5): baud, $(6): flags of Verilator, $(7): files
define board_rule
$(BOARD_DIR)/$(1)$(trace_suffix)/V$(3)__ALL.a: $(7) scripts/board.mk
	$$(call say,BOARD,$(1)$(trace_suffix))
	@rm -rf $$(@D) && mkdir -p $$(@D)
	$$(Q)$$(VERILATOR) --cc -O3 $(RTL_X) --x-initial-edge --unroll-count 4 --top-module $(3) --prefix V$(3) $(6) $$(if $$(filter 1,$(TRACED)),--trace-fst) \
	  --Mdir $$(@D) $(filter %.vlt %.sv %.v,$(7))
	$$(Q)$$(MAKE) -s -C $$(@D) -f V$(3).mk OPT_FAST="-O3 -march=$(RTL_MARCH) $(RTL_VECTOR)" OPT_SLOW=-O0 OPT_GLOBAL=-O2 \
	  OBJCACHE=$$(if $$(shell which ccache 2>/dev/null),ccache) CXX=$(RTL_CXX) LINK=$(RTL_CXX) V$(3)__ALL.a verilated.o verilated_threads.o \
	  $$(if $$(filter 1,$(TRACED)),verilated_fst_c.o) >/dev/null
$(BOARD_DIR)/photolane-board-$(1)$(trace_suffix): $(BOARD_DIR)/$(1)$(trace_suffix)/V$(3)__ALL.a sim/systemc/chip_$(2).cpp sim/systemc/chip.h sim/systemc/verilated_clock.h $(BOARD_OBJ)
	$$(call say,LINK,$$@)
	$$(Q)$(RTL_CXX) -std=gnu++17 -O2 -Wall -Wextra -Werror -DPL_TOP=V$(3) -DPL_TOP_HEADER='"V$(3).h"' -DPL_NAME='"$(1)"' \
	  -DPL_CLOCK_KHZ=$(4) -DPL_BAUD=$(5) -DPL_TRACED=$(TRACED) -Isim/systemc -I$$(<D) \
	  -isystem $$(VERILATOR_ROOT)/include -isystem $$(VERILATOR_ROOT)/include/vltstd sim/systemc/chip_$(2).cpp $(BOARD_OBJ) \
	  $$< $$(<D)/verilated*.o -lsystemc -lusbredirparser $$(if $$(filter 1,$(TRACED)),-lz) -lpthread -latomic -o $$@
endef

# ---- Chips of rtl/: uart and ft245, each kind, each shape.
BOARDS ?= uart ft245
bad_boards := $(filter-out uart ft245,$(BOARDS))
$(if $(bad_boards),$(error BOARDS: no such board: $(bad_boards). There are uart and ft245; see also make board-from))
# One default shape per board and kind, small enough for a short build; found without naming it.
board_default_shape = $(if $(filter ft245-coherent,$(1)-$(2)),4x4x8,1x2x8)
# $(1): board, $(2): kind
board_shapes = $(if $(filter file default,$(origin SHAPES)),$(call board_default_shape,$(1),$(2)),$(SHAPES))
# Four clocks a bit: 12 Mbaud at 48 MHz. The FT245 has 60 MHz of its own, which a core's clock should exceed a little.
BOARD_KHZ_uart := 48000
BOARD_KHZ_ft245 := 64000
BOARD_BAUD_uart := 12000000
BOARD_BAUD_ft245 := 0
# Words of B: on the FT245 enough that all weights of a small model stay on the device.
board_b_words = $(if $(filter ft245,$(1)),16384,$(call buffer_words,$(2)))
# $(1): board, $(2): kind, $(3): shape
board_flags = -GKind=$(call kind_number,$(2)) -GRows=$(call part,$(3),1) -GColumns=$(call part,$(3),2) -GWidth=$(call part,$(3),3) \
  -GElements=$(call elements,$(3)) -GBackLanes=$(call back_lanes,$(3)) -GAWords=$(call buffer_words,$(3)) \
  -GBWords=$(call board_b_words,$(1),$(3)) -GClockKhz=$(BOARD_KHZ_$(1)) -GBuildId="32'h$$(shell scripts/rtl-id)" $(RTL_BOXES)
BOARD_RTL := rtl/lint.vlt $(RTL_PKG) $(filter-out $(RTL_PKG),$(sort $(wildcard rtl/optics/*.sv rtl/engine/*.sv rtl/link/*.sv)))

$(foreach board,$(BOARDS),$(foreach kind,$(KINDS),$(foreach shape,$(call board_shapes,$(board),$(kind)),$(eval \
  $(call board_rule,$(board)-$(kind)-$(shape),$(board),pl_chip_$(board),$(BOARD_KHZ_$(board)),$(BOARD_BAUD_$(board)),$(call board_flags,$(board),$(kind),$(shape)),$(BOARD_RTL))))))
BOARD_PROGRAMS := $(foreach board,$(BOARDS),$(foreach kind,$(KINDS),$(foreach shape,$(call board_shapes,$(board),$(kind)),\
  $(BOARD_DIR)/photolane-board-$(board)-$(kind)-$(shape)$(trace_suffix))))
# Links without a shape, if the default ones are built.
BOARD_LINKS := $(if $(filter file default,$(origin SHAPES)),$(foreach board,$(BOARDS),$(foreach kind,$(KINDS),$(BOARD_DIR)/photolane-board-$(board)-$(kind)$(trace_suffix))))
define board_link
$(BOARD_DIR)/photolane-board-$(1)-$(2)$(trace_suffix): $(BOARD_DIR)/photolane-board-$(1)-$(2)-$(call board_default_shape,$(1),$(2))$(trace_suffix)
	@ln -sf $$(<F) $$@
endef
$(if $(BOARD_LINKS),$(foreach board,$(BOARDS),$(foreach kind,$(KINDS),$(eval $(call board_link,$(board),$(kind))))))

.PHONY: boards
boards: $(BOARD_PROGRAMS) $(BOARD_LINKS) ## the simulated boards (BOARDS="uart ft245" KINDS= SHAPES= TRACED=1)

# ---- Chips of other Verilog.
PINS ?= uart
CLOCK_KHZ ?= 48000
BAUD ?= 12000000
ifeq ($(origin NAME),command line)
$(eval $(call board_rule,$(NAME),$(PINS),$(TOP),$(CLOCK_KHZ),$(BAUD),$(FLAGS),$(FILES)))
endif
.PHONY: board-from
board-from: $(if $(and $(NAME),$(TOP),$(FILES)),$(BOARD_DIR)/photolane-board-$(NAME)$(trace_suffix),board-from-usage) ## a board of other Verilog with the same pins (NAME= TOP= FILES=)

.PHONY: board-from-usage
board-from-usage:
	@echo 'make board-from NAME=... TOP=module FILES="..." [PINS=ft245] [CLOCK_KHZ=...] [BAUD=...] [FLAGS=...]' >&2; false

# Chips that only echo, for the tests of the board itself.
$(eval $(call board_rule,echo-uart,uart,pl_echo_uart,48000,12000000,,tests/board/rtl/pl_echo_uart.sv))
$(eval $(call board_rule,echo-ft245,ft245,pl_echo_ft245,64000,0,,tests/board/rtl/pl_echo_ft245.sv))
$(eval $(call board_rule,echo-ft245-at-once,ft245,pl_echo_ft245,64000,0,-GAtOnce=1,tests/board/rtl/pl_echo_ft245.sv))
ECHO_BOARDS := $(addprefix $(BOARD_DIR)/photolane-board-,echo-uart echo-ft245 echo-ft245-at-once)

# Tests of the boards (tests/board), which want programs.
BOARD_TESTS := $(filter $(O)/tests/board/%,$(TESTS))
$(O)/tests/board/test_port_sim $(O)/tests/board/test_board_chardev: | $(ECHO_BOARDS)
$(O)/tests/board/test_board_jobs $(O)/tests/board/test_board_rates: | $(BOARD_PROGRAMS) $(BOARD_LINKS)
$(O)/tests/board/test_board_jobs: $(call obj,tests/board/test_board_jobs.c host/cli/random_job.c host/cli/random_regs.c) $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(LDLIBS)

# For `make check`.
BOARD_CHECKS := $(foreach test,$(BOARD_TESTS),'$(notdir $(test))=$(test)') \
  $(foreach board,uart ft245,$(foreach kind,coherent intensity rns,'verify sim:$(board) $(kind)=$(O)/photolane verify -d sim:$(board) --kind $(kind) --level L2 --cases $(if $(filter uart,$(board)),8,24)'))
# The shipped model speaks through a board as through the golden model. $(1): tokens, $(2): URI
board_text = text=$$($(O)/photolane run -m host/nn/models/kjv.gguf -p "And God said" -n $(1) -c lightening -d model:) && \
  [ "$$text" = "$$($(O)/photolane run -m host/nn/models/kjv.gguf -p "And God said" -n $(1) -c lightening -d "$(2)")" ] && echo "$$text"
BOARD_CHECKS += 'text through sim:ft245=$(call board_text,2,sim:ft245)'
# Chips in the exact widths that are synthesized, from random state before reset.
BOARD_CHECKS += $(foreach board,uart ft245,$(foreach seed,1 2 3,'sim:$(board) in exact widths from random state $(seed)=PHOTOLANE_RESET_SEED=$(seed) PHOTOLANE_BOARDS=$(O)/exact/board $(O)/photolane verify -d "sim:$(board)?shape=1x2x8" --level L2 --cases 4 --seed $(seed)'))
.PHONY: check-board demo-board exact-boards
exact-boards:
	$(Q)$(MAKE) --no-print-directory boards O=$(O)/exact KINDS=coherent SHAPES=1x2x8 RTL_BOXES= RTL_X="--x-assign unique --x-initial unique"
demo-board: $(O)/photolane ## the shipped model speaks through a simulated board with an 8x8x16 array, as through the golden model
	$(Q)$(MAKE) --no-print-directory boards BOARDS=ft245 KINDS=coherent SHAPES=8x8x16
	$(Q)$(call board_text,48,sim:ft245?shape=8x8x16)
check: $(BOARD_TESTS) boards exact-boards
check-board: $(O)/photolane $(BOARD_TESTS) boards exact-boards ## the simulated boards: pins, faults, jobs of each kind
	$(Q)scripts/run-tests $(BOARD_CHECKS)

-include $(wildcard $(O)/obj/sim/systemc/*.d)
