# USB: the model of the FTDI chip (sim/ftdi), its front ends, and the port of the host library on it.

# The chip itself: linked into tests, the SystemC board and the usbredir programs.
FTDI_CHIP_SRC := sim/ftdi/ftdi_chip.c sim/ftdi/ftdi_control.c sim/ftdi/ftdi_descriptors.c
# The chip on a unix socket, for QEMU; needs -lusbredirparser.
FTDI_FRONT_SRC := $(FTDI_CHIP_SRC) sim/ftdi/front.c sim/ftdi/usbredir.c sim/ftdi/chardev.c

$(O)/obj/tests/usb/%.o: EXTRA_CFLAGS = -I.
$(O)/tests/usb/loopback: $(call obj,tests/usb/loopback.c $(FTDI_FRONT_SRC))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lusbredirparser
