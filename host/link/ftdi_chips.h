/* ftdi_chips.h: FTDI's chips, what they can do, and which of them are plugged in. Private to port_ftdi.c and its tests.
 */
#ifndef PHOTOLANE_LINK_FTDI_CHIPS_H
#define PHOTOLANE_LINK_FTDI_CHIPS_H

#include <ftdi.h>
#include <stdint.h>

#include "photolane/photolane.h"

typedef struct {
  uint16_t release; /* bcdDevice, by which libftdi knows the chip */
  const char *name;
  int channels;
  int fast;         /* rates from 12 MHz, else from 3 MHz */
  uint32_t to_host; /* bytes of its buffer from board to host */
  int sync_fifo;    /* FT245 synchronous FIFO on channel A */
} pl_ftdi_chip;

/* NULL: a chip that libftdi does not know, whose divisors it would get wrong. */
const pl_ftdi_chip *pl_ftdi_chip_of(uint16_t release);

/* The rate that the chip gives for `baud`, in baud as a fraction (*num / *den). PL_E_INPUT if it is more than 0.5 %
 * off; the error names the nearest exact rates. */
pl_status pl_ftdi_rate(const pl_ftdi_chip *chip, uint32_t baud, uint32_t *num, uint32_t *den, pl_error *err);

typedef struct {
  const pl_ftdi_chip *chip;
  char serial[64]; /* "": the chip has none */
} pl_ftdi_found;

/* Looks for the chip with this serial number (NULL or "": for the only one) and gives a reference to it, *device, to be
 * given back with libusb_unref_device. PL_E_NODEV: there is none, there are several, or it may not be opened. */
pl_status pl_ftdi_find(struct ftdi_context *ftdi, const char *serial, struct libusb_device **device,
                       pl_ftdi_found *found, pl_error *err);

/* What to do about LIBUSB_ERROR_ACCESS, with the udev rule of scripts/60-photolane.rules for this product. */
pl_status pl_ftdi_denied(const char *name, uint16_t product, pl_error *err);

#endif
