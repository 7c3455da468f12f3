# make            the library, the Verilated arrays, the simulated boards and build/photolane
# make help       the targets
# V=1 shows the commands. O=DIR builds elsewhere. SAN=1 builds with AddressSanitizer and UBSan.
O ?= build
V ?= 0
SAN ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-6s %s\n' '$(1)' '$(2)')

# As many jobs as there are cores, unless told otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

CC ?= gcc
VERSION := $(shell sed -n 's/^.define PL_VERSION "\(.*\)"/\1/p' include/photolane/version.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))
BUILD_ID := $(VERSION)+$(shell git describe --always --dirty 2>/dev/null || echo release)

DEPS := libconfig libcjson zlib sqlite3 libftdi1 libusb-1.0
USB_CFLAGS := $(shell pkg-config --cflags libftdi1 libusb-1.0)
CFLAGS ?= -O3 -g
# -ffp-contract=off: a fused multiply-add would make float results depend on the compiler's mood.
ALL_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -fPIC -fvisibility=hidden -ffp-contract=off \
              -Iinclude -Ihost $(USB_CFLAGS) -pthread $(CFLAGS)
LDLIBS := -lftdi1 -lusb-1.0 -lconfig -lcjson -lsqlite3 -lz -lm -lpthread -ldl
ifeq ($(SAN),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

LIB_SRC := $(wildcard host/model/*.c host/physics/*.c host/device/*.c host/link/*.c host/nn/*.c host/study/*.c host/energy/*.c)
CLI_SRC := $(wildcard host/cli/*.c)
TRAIN_SRC := $(wildcard host/train/*.c)
TEST_SRC := $(wildcard $(foreach group,unit nn models link usb lockstep stats board,tests/$(group)/test_*.c))
obj = $(patsubst %.c,$(O)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
TESTS := $(patsubst tests/%.c,$(O)/tests/%,$(TEST_SRC))

.PHONY: all help generate clean
all: $(O)/photolane $(O)/libphotolane.a $(O)/libphotolane.so rtl boards

include scripts/rtl.mk scripts/compact.mk scripts/link.mk scripts/formal.mk scripts/checks.mk scripts/train.mk scripts/install.mk scripts/usb.mk scripts/board.mk scripts/models.mk scripts/sweep.mk
include scripts/bits.mk

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

generate: ## registers.h, pl_regs_pkg.sv, docs/registers.md, the tables of the Gaussian, of kind rns and of photon counts from their one source
	$(Q)python3 scripts/gen_registers.py
	$(Q)python3 scripts/gen_gauss.py
	$(Q)python3 scripts/gen_rns.py
	$(Q)python3 scripts/gen_poisson.py
	$(Q)python3 scripts/gen_compact.py

$(O)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

# The build id changes with every commit: only the file that holds it is compiled anew.
$(O)/build_id.txt: FORCE
	@mkdir -p $(@D)
	@echo '$(BUILD_ID)' | cmp -s - $@ || echo '$(BUILD_ID)' > $@
$(O)/obj/host/device/version.o: EXTRA_CFLAGS = -DPL_BUILD_ID='"$(BUILD_ID)"'
$(O)/obj/host/device/version.o: $(O)/build_id.txt
.PHONY: FORCE

# The trainer is the only part whose float sums may be reordered, and it never leaves the machine it was built on.
$(O)/obj/host/train/%.o: EXTRA_CFLAGS = -march=native -ffast-math

$(O)/libphotolane.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(O)/libphotolane.so.$(VERSION): $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,libphotolane.so.$(SOVERSION) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(O)/libphotolane.so: $(O)/libphotolane.so.$(VERSION)
	$(Q)ln -sf libphotolane.so.$(VERSION) $(O)/libphotolane.so.$(SOVERSION) && ln -sf libphotolane.so.$(SOVERSION) $@

# -rdynamic is not needed: array plugins carry their own copy of the model.
$(O)/photolane: $(call obj,$(CLI_SRC)) $(O)/libphotolane.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(O)/pl-train: $(call obj,$(TRAIN_SRC)) $(O)/libphotolane.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

clean: ## remove the build folder
	rm -rf $(O)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
