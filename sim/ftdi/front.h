/* front.h: a chip behind a unix socket, so that a virtual machine has it on its USB.
 *
 * Two kinds. usbredir.c: the chip model is the USB device (QEMU: -chardev socket,id=r,path=PATH,reconnect=1 -device
 * usb-redir,chardev=r). chardev.c: QEMU's own emulator of an FT232BM is (-device usb-serial,chardev=r); then the socket
 * carries bare bytes, and of the chip here only the buffers and the pins are used.
 *
 * A front end listens, serves one connection at a time, has no thread and never waits. Whoever embeds it polls and
 * steps:
 *
 *   for (;;) {
 *     struct pollfd p = {ftdi_front_fd(front), ftdi_front_events(front), 0};
 *     poll(&p, 1, ms until min(ftdi_front_due(front), what else there is));
 *     ftdi_front_step(front, now_us);
 *     ... ftdi_chip_pin_read, ftdi_chip_pin_write ...
 *   }
 *
 * After bytes have come at the pins, call step again without poll: transfers that wait can now complete. Time is
 * microseconds, never going backwards; that of the chip's latency timer. Paths of sockets are at most 107 bytes.
 */
#ifndef PHOTOLANE_FTDI_FRONT_H
#define PHOTOLANE_FTDI_FRONT_H

#include "ftdi_chip.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ftdi_front ftdi_front;

/* Listen on `path` (a socket that is there already is replaced). The chip stays the caller's, and outlives the front
 * end. NULL: `why` says why. baud: what the UART at the pins runs at, as the emulator does not tell. */
ftdi_front *ftdi_usbredir_listen(ftdi_chip *chip, const char *path, char *why, size_t why_size);
ftdi_front *ftdi_chardev_listen(ftdi_chip *chip, const char *path, uint32_t baud, char *why, size_t why_size);
void ftdi_front_close(ftdi_front *);

/* What to poll. The descriptor changes as peers come and go. */
int ftdi_front_fd(const ftdi_front *);
short ftdi_front_events(const ftdi_front *);
/* When step has to be called even if nothing comes; UINT64_MAX: never. */
uint64_t ftdi_front_due(const ftdi_front *);

/* Serves what has come and what the chip can give. */
void ftdi_front_step(ftdi_front *, uint64_t now_us);

/* 1: a peer is there and the chip is plugged in. 2: it was there and has gone (the virtual machine has ended). */
int ftdi_front_state(const ftdi_front *);

/* Unplugs the chip once after `bytes`, both ways counted, and plugs it in again `away_us` later; it has then lost
 * what it was set to. bytes = 0: now. */
void ftdi_front_unplug_after(ftdi_front *, uint64_t bytes, uint64_t away_us);

#ifdef __cplusplus
}
#endif
#endif
