# USB: the model of the FTDI chip (sim/ftdi), its front ends, and the port of the host library on it.

# The chip itself: linked into tests, the SystemC board and the usbredir programs.
FTDI_CHIP_SRC := sim/ftdi/ftdi_chip.c sim/ftdi/ftdi_control.c sim/ftdi/ftdi_descriptors.c
# The chip on a unix socket, for QEMU; needs -lusbredirparser.
FTDI_FRONT_SRC := $(FTDI_CHIP_SRC) sim/ftdi/front.c sim/ftdi/usbredir.c sim/ftdi/chardev.c

# Visible, so that libftdi1 finds the substitutes of libusb's functions in the test program.
$(O)/obj/tests/usb/%.o: EXTRA_CFLAGS = -I. -fvisibility=default

# Real libftdi1, but no -lusb-1.0: a function that fake_libusb.c lacks is an error, not silently the real one.
$(O)/tests/usb/test_%: $(O)/obj/tests/usb/test_%.o $(call obj,tests/usb/fake_libusb.c $(FTDI_FRONT_SRC)) \
  $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) -lusbredirparser $(filter-out -lusb-1.0,$(LDLIBS))

$(O)/tests/usb/loopback: $(call obj,tests/usb/loopback.c $(FTDI_FRONT_SRC))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lusbredirparser

# Programs for the guest, linked like any other program.
$(O)/tests/usb/guest_echo: $(O)/obj/tests/usb/guest_echo.o $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(O)/tests/usb/guest_tty: $(O)/obj/tests/usb/guest_tty.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

.PHONY: check-usb
USB_PROGRAMS := $(O)/photolane $(addprefix $(O)/tests/usb/,loopback guest_echo guest_tty) \
  $(addprefix $(O)/board/photolane-board-,uart-coherent-1x2x8 ft245-coherent-4x4x8)
check-usb: $(USB_PROGRAMS) ## photolane over a real USB stack: QEMU guests and models of FTDI chips
	$(Q)scripts/check-usb $(O) $(CASES)
