/* board.h: jobs on a device behind a link, for the schemes sim:, ftdi: and the tests. Private.
 *
 * A scheme says how to get a port (pl_board_source); the rest is the same for all: sessions, tiles, resident operands,
 * what happens when the device is lost. sim.c and ftdi.c read the URIs.
 */
#ifndef PHOTOLANE_DEVICE_BOARD_H
#define PHOTOLANE_DEVICE_BOARD_H

#include "device/backend.h"
#include "link/device.h"

typedef struct {
  /* A port to a device of `kind`, if the scheme can choose; else to the one that there is. */
  pl_status (*open)(void *context, uint32_t kind, pl_port **port, pl_error *err);
  void (*free)(void *context); /* may be NULL */
  void *context;
  int any_kind;                /* 1: a device of another kind can be had by opening another port */
  uint64_t wait_us;            /* how long a job waits for an unplugged device to come back */
} pl_board_source;

/* Opens the device and sets dev->state. The source's context belongs to the board from now on, also on error. */
pl_status pl_board_open(pl_device *dev, const pl_board_source *source, pl_error *err);

/* The functions of a pl_backend. */
void pl_board_close(pl_device *dev);
void pl_board_identify(pl_device *dev, pl_identity *id);
pl_status pl_board_configure(pl_device *dev, pl_error *err);
pl_status pl_board_gemm(pl_device *dev, const pl_job *job, const pl_image *words, pl_error *err);

/* The link of a device that has one, or NULL. It belongs to the device, and changes when its kind does. */
pl_link *pl_board_link(const pl_device *dev);

#endif
