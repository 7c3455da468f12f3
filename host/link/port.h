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

#endif
