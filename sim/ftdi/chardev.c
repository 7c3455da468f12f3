/* chardev.c: bare bytes on a socket in place of the USB side: the back of QEMU's usb-serial, an FT232BM that others
 * wrote.
 *
 * Bytes of the guest are taken from the socket at any time, because QEMU's emulator stops the whole virtual machine
 * when nobody reads; what the chip's buffer has no room for waits here. Unplugging is hanging up: QEMU then takes the
 * device from the guest's USB, and brings it back when it can connect again.
 */
#include "front_state.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING = 1 << 20, ANSWER = 4096 };

typedef struct {
  ftdi_front front;
  uint8_t pending[PENDING]; /* of the guest, for the chip */
  int first, end;
  uint8_t answer[ANSWER]; /* of the chip, for the guest */
  int answer_first, answer_end;
  uint32_t baud;
} chardev;

static int set_baud(chardev *c) {
  const uint32_t eighths = (8 * 3000000u + c->baud / 2) / c->baud; /* n of 3 MHz / n, in eighths */
  static const uint8_t code[8] = {0, 3, 2, 4, 1, 5, 6, 7};
  const uint32_t n = eighths == 8 ? 0 : eighths == 12 ? 1 : eighths;
  uint16_t value = 0, index = 0;
  if (n > 1) {
    value = (uint16_t)(n >> 3 | (code[n & 7] & 3u) << 14);
    index = (uint16_t)(code[n & 7] >> 2 << 8);
  } else {
    value = (uint16_t)n;
  }
  return ftdi_chip_control(c->front.chip, 0x40, 0x03, value, index, NULL, 0, 0);
}

static int connected(ftdi_front *front) {
  chardev *c = (chardev *)front;
  c->first = c->end = c->answer_first = c->answer_end = 0;
  return set_baud(c) >= 0;
}

static void dropped(ftdi_front *front) { (void)front; }

static void serve(ftdi_front *front, uint64_t now_us) {
  chardev *c = (chardev *)front;
  int gone = 0, n;
  if (c->first) {
    memmove(c->pending, c->pending + c->first, (size_t)(c->end - c->first));
    c->end -= c->first;
    c->first = 0;
  }
  if (c->end < PENDING && (n = ftdi_front_read(front, c->pending + c->end, PENDING - c->end)) != 0) {
    if (n < 0) gone = 1;
    else c->end += n, front->bytes += (uint64_t)n;
  }
  c->first = ftdi_chip_bulk_out(front->chip, 0x02, c->pending, c->end, now_us);
  if (c->answer_first == c->answer_end) {
    c->answer_first = 0;
    c->answer_end = ftdi_chip_drain(front->chip, 0, c->answer, ANSWER);
    front->bytes += (uint64_t)c->answer_end;
  }
  if (c->answer_first < c->answer_end && !gone) {
    n = ftdi_front_write(front, c->answer + c->answer_first, c->answer_end - c->answer_first);
    if (n < 0) gone = 1;
    else c->answer_first += n;
  }
  if (gone) ftdi_front_hang_up(front);
}

static int unplug(ftdi_front *front) {
  (void)front;
  return 0;
}
static void plug(ftdi_front *front) { (void)front; }

static short events(const ftdi_front *front) {
  const chardev *c = (const chardev *)front;
  return (short)((c->end - c->first < PENDING ? POLLIN : 0) | (c->answer_first < c->answer_end ? POLLOUT : 0));
}
static uint64_t due(const ftdi_front *front) {
  (void)front;
  return UINT64_MAX;
}
static void free_front(ftdi_front *front) { free(front); }

static const ftdi_front_ops ops = {connected, dropped, serve, unplug, plug, events, due, free_front};

ftdi_front *ftdi_chardev_listen(ftdi_chip *chip, const char *path, uint32_t baud, char *why, size_t why_size) {
  if (baud < 300 || baud > 3000000) {
    snprintf(why, why_size, "QEMU's usb-serial has rates from 300 to 3000000 baud, not %u", (unsigned)baud);
    return NULL;
  }
  chardev *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->front.chip = chip;
  c->baud = baud;
  if (set_baud(c) < 0) {
    snprintf(why, why_size, "the chip has no rate near %u baud", (unsigned)baud);
    free(c);
    return NULL;
  }
  if (ftdi_front_listen(&c->front, &ops, chip, path, why, why_size)) {
    free(c);
    return NULL;
  }
  return &c->front;
}
