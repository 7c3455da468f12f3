/* port.h: a place where bytes go to a device and come from it. Private.
 *
 * A port is the lowest layer of host/link (docs/protocol.md): a wire that may lose, damage or repeat bytes, and may be
 * unplugged. Three kinds: an FTDI chip (port_ftdi.c), the simulated board in another process (port_sim.c), and the
 * memory wire with faults of the tests. Time is the port's own: real for a chip, simulated for a simulation, virtual for
 * tests; whoever is above never looks at another clock.
 *
 * One thread at a time. Errors are values; PL_E_NODEV from read or write means unplugged: close is still due, and `reopen`
 * may be tried until it succeeds.
 */
#ifndef PHOTOLANE_LINK_PORT_H
#define PHOTOLANE_LINK_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "photolane/photolane.h"

typedef struct pl_port pl_port;

typedef struct {
  /* Takes up to n bytes for the device; *taken says how many (0: full now). Never waits. */
  pl_status (*write)(pl_port *port, const uint8_t *bytes, size_t n, size_t *taken, pl_error *err);

  /* Waits until bytes come, until write would take more after it was full, or until wait_us of the port's time have
   * passed; *got says how many came into buf (0 is no error). wait_us = 0 only looks. */
  pl_status (*read)(pl_port *port, uint8_t *buf, size_t size, uint64_t wait_us, size_t *got, pl_error *err);

  /* The port's clock, microseconds since open. */
  uint64_t (*now_us)(pl_port *port);

  /* After PL_E_NODEV: looks for the same device once. PL_E_NODEV: not there (yet). What was under way is gone. */
  pl_status (*reopen)(pl_port *port, pl_error *err);

  void (*close)(pl_port *port); /* frees the port */
} pl_port_ops;

struct pl_port {
  const pl_port_ops *ops;
  uint32_t bytes_per_second; /* that the wire can carry, each way */
  uint32_t chip_buffer;      /* bytes that may come unread: the host's limit on a wire without flow control; 0: any number */
  uint32_t receive_faults;   /* overruns and framing errors that the chip has reported, bytes lost in the host's hands */
  char name[200];            /* for messages: "FT2232H PL0042, 12 Mbaud" */
};

/* ---- Ports that can be opened. Strings are copied where they are kept. On error *port is NULL. ---- */

/* An FTDI chip by libftdi1 and libusb (port_ftdi.c). */
typedef struct {
  const char *serial; /* NULL: the only one there is; several are an error that names them */
  uint32_t baud;      /* UART; refused if the chip cannot come within 0.5 % */
  int fifo;           /* 1: FT245 synchronous FIFO on channel A */
  int rts_cts;        /* UART: 1: the board wires RTS# and CTS#, so that nothing overruns */
  int channel;        /* 0 A, 1 B; -1: the last one that the chip has (iCE40 boards have their UART on B) */
} pl_ftdi_options;
pl_status pl_port_ftdi_open(const pl_ftdi_options *options, pl_port **port, pl_error *err);

/* The SystemC board in a process of its own (port_sim.c). */
typedef struct {
  const char *board;  /* "uart", "ft245", or another that was built */
  const char *shape;  /* "4x4x8"; "": the default of that board */
  const char *kind;   /* "coherent", ... */
  const char *chip;   /* "ft2232h", "ft232h", "ft231x"; "": the default of that board */
  double drop, corrupt, duplicate; /* chance per byte, each way */
  int stalls;         /* 1: TXE# and RXF# pause at random (ft245), CTS does (uart) */
  uint64_t unplug_after; /* bytes, both ways counted, after which the board is unplugged once; 0: never */
  uint64_t seed;      /* of the faults */
  const char *trace;  /* VCD or FST file, by its ending; NULL: none */
  uint64_t trace_from_us, trace_to_us;
} pl_sim_options;
pl_status pl_port_sim_open(const pl_sim_options *options, pl_port **port, pl_error *err);

#endif
