/* fake_libusb.h: libusb's functions in place of libusb's, with chip models as the devices and virtual time.
 *
 * A test links this, the real libftdi1 and port_ftdi.c, but not -lusb-1.0: a function that is missing here is then an
 * error of the linker. Time stands still but in transfers and in handle_events, so a time-out of 5 s costs nothing.
 * pl_clock_us() is this time too. A chip that was unplugged and is plugged in again is seen by new contexts only, as
 * without udev.
 */
#ifndef PHOTOLANE_FAKE_LIBUSB_H
#define PHOTOLANE_FAKE_LIBUSB_H

#include "sim/ftdi/ftdi_chip.h"

int fake_plug(ftdi_chip *chip); /* the device's number, from 0 */
void fake_unplug(int number);   /* what is under way fails with NO_DEVICE; the chip loses what it was set to */
void fake_replug(int number);
void fake_deny(int number, int denied);     /* opening it: LIBUSB_ERROR_ACCESS */
void fake_occupy(int number, int occupied); /* claiming it: LIBUSB_ERROR_BUSY */
void fake_break_transfers(int number); /* those under way end with LIBUSB_TRANSFER_ERROR, after what they have so far */

/* Called for each chip that is plugged in whenever time has gone on, at least every 100 us: the board at its pins. */
extern void (*fake_pins)(ftdi_chip *chip, int number, uint64_t now_us);

extern int fake_refused_request; /* a vendor request that is answered with STALL; -1: none */
extern uint64_t fake_now_us;
extern int fake_control_requests; /* so far */
int fake_left_open(void);         /* contexts, references, handles, interfaces and transfers not given back */

#endif
