/* loopback.c: a chip on a socket whose pins are wired to themselves: what the host sends comes back.
 *
 * Usage: loopback --usbredir SOCKET | --chardev SOCKET [--chip ft2232h|ft232h|ft231x] [--fifo] [--serial TEXT]
 *                 [--unplug-after BYTES --away MS]
 * Ends when the virtual machine does. Prints what it has seen: bytes, and how the host had set the chip.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/ftdi/front.h"

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  const char *redir = NULL, *chardev = NULL, *serial = "PL0042";
  ftdi_chip_type type = FTDI_CHIP_2232H;
  int fifo = 0, channel;
  uint64_t unplug_after = 0, away_us = 1000000, bytes = 0;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--fifo")) {
      fifo = 1;
      continue;
    }
    if (!strcmp(argv[i], "--usbredir")) redir = value;
    else if (!strcmp(argv[i], "--chardev")) chardev = value;
    else if (!strcmp(argv[i], "--serial")) serial = value;
    else if (!strcmp(argv[i], "--unplug-after")) unplug_after = strtoull(value, NULL, 10);
    else if (!strcmp(argv[i], "--away")) away_us = 1000 * strtoull(value, NULL, 10);
    else if (!strcmp(argv[i], "--chip"))
      type = !strcmp(value, "ft231x") ? FTDI_CHIP_231X : !strcmp(value, "ft232h") ? FTDI_CHIP_232H : FTDI_CHIP_2232H;
    else return fprintf(stderr, "loopback: unknown option '%s'\n", argv[i]), 2;
    i++;
  }
  char why[256] = "say --usbredir SOCKET or --chardev SOCKET";
  ftdi_chip *chip = ftdi_chip_new(type, serial, fifo);
  ftdi_front *front = redir     ? ftdi_usbredir_listen(chip, redir, why, sizeof why)
                      : chardev ? ftdi_chardev_listen(chip, chardev, 3000000, why, sizeof why)
                                : NULL;
  if (!front) return fprintf(stderr, "loopback: %s\n", why), 2;
  if (unplug_after) ftdi_front_unplug_after(front, unplug_after, away_us);

  ftdi_chip_line line[2] = {{.baud_den = 1}, {.baud_den = 1}};
  while (ftdi_front_state(front) != 2) {
    const uint64_t due = ftdi_front_due(front), now = now_us();
    const int ms = due == UINT64_MAX ? 1000 : due <= now ? 0 : (int)((due - now + 999) / 1000);
    struct pollfd p = {ftdi_front_fd(front), ftdi_front_events(front), 0};
    poll(&p, 1, ms);
    int moved;
    do {
      ftdi_front_step(front, now_us());
      moved = 0;
      for (channel = 0; channel < (type == FTDI_CHIP_2232H ? 2 : 1); channel++) {
        uint8_t byte;
        while (ftdi_chip_pin_space(chip, channel) && ftdi_chip_pin_read(chip, channel, &byte, 0)) {
          ftdi_chip_pin_write(chip, channel, byte, 0);
          moved++;
        }
      }
      bytes += (uint64_t)moved;
      if (ftdi_front_state(front) == 1)
        for (channel = 0; channel < (type == FTDI_CHIP_2232H ? 2 : 1); channel++)
          line[channel] = ftdi_chip_line_of(chip, channel);
    } while (moved);
  }
  printf("loopback: %llu bytes; A at %u baud%s; B at %u baud\n", (unsigned long long)bytes,
         line[0].baud_num / line[0].baud_den, line[0].sync_fifo ? ", synchronous FIFO" : "",
         line[1].baud_num / line[1].baud_den);
  ftdi_front_close(front);
  ftdi_chip_free(chip);
  return 0;
}
