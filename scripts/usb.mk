# USB: the model of the FTDI chip (sim/ftdi), its front ends, and the port of the host library on it.

# The chip itself: linked into tests, the SystemC board and the usbredir programs.
FTDI_CHIP_SRC := sim/ftdi/ftdi_chip.c sim/ftdi/ftdi_control.c sim/ftdi/ftdi_descriptors.c
