/* guest_echo.c: the FTDI port against a loop-back, over a real libusb and kernel: runs in the virtual machine of `make
 * check-usb`.
 *
 * Usage: guest_echo [baud=N | fifo=1] [channel=N] [serial=TEXT] [replug=1] [faults=1]
 * Echoes many sizes and measures; with replug=1 the other side unplugs the chip in the middle and brings it back.
 * Closes with "N passed, N failed".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "link/port.h"

static int passed, failed;
static pl_port *port;
static uint64_t slowest_error_us;

static void check(int ok, const char *what, const char *why) {
  if (ok) passed++;
  else failed++;
  if (!ok) printf("FAILED %s: %s\n", what, why);
}

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* One echo of n bytes, at most 4000 of them under way. PL_OK, or what the port said. */
static pl_status echo(size_t n, pl_error *err) {
  static uint8_t sent[1 << 20], back[1 << 20];
  size_t written = 0, read = 0, part;
  for (size_t i = 0; i < n; i++) sent[i] = (uint8_t)(n + i * 7 + (i >> 8) * 13);
  const uint64_t begin = now_us();
  while (read < n) {
    const size_t room = read + 4000 < n ? read + 4000 : n;
    pl_status status;
    if (written < room) {
      if ((status = port->ops->write(port, sent + written, room - written, &part, err))) return status;
      written += part;
    }
    if ((status = port->ops->read(port, back + read, n - read, 1000000, &part, err))) return status;
    read += part;
    if (now_us() - begin > 30000000) return pl_fail(err, PL_E_IO, "only %zu of %zu bytes came back", read, n);
  }
  if (memcmp(sent, back, n)) return pl_fail(err, PL_E_IO, "the bytes came back changed");
  return PL_OK;
}

static void replug(void) {
  pl_error err = {0};
  pl_status status = PL_OK;
  for (int i = 0; i < 100000 && !status; i++) {
    const uint64_t begin = now_us();
    status = echo(4096, &err);
    if (status) slowest_error_us = now_us() - begin;
  }
  check(status == PL_E_NODEV, "the unplugging", err.text);
  uint8_t byte;
  size_t got;
  check(port->ops->read(port, &byte, 1, 1000000, &got, &err) == PL_E_NODEV, "reading while unplugged", "no error");
  const uint64_t gone = now_us();
  while ((status = port->ops->reopen(port, &err)) == PL_E_NODEV && now_us() - gone < 60000000) usleep(20000);
  check(status == PL_OK, "the return", err.text);
  printf("unplugged: error %.1f ms after the echo began; back after %.1f s\n", 1e-3 * (double)slowest_error_us,
         1e-6 * (double)(now_us() - gone));
}

int main(int argc, char **argv) {
  pl_ftdi_options options = {.baud = 3000000, .channel = -1};
  int with_replug = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 1; i < argc; i++) {
    const char *value = strchr(argv[i], '=');
    value = value ? value + 1 : "";
    if (!strncmp(argv[i], "baud=", 5)) options.baud = (uint32_t)atoi(value);
    else if (!strncmp(argv[i], "fifo=", 5)) options.fifo = atoi(value);
    else if (!strncmp(argv[i], "channel=", 8)) options.channel = atoi(value);
    else if (!strncmp(argv[i], "serial=", 7)) options.serial = value;
    else if (!strncmp(argv[i], "replug=", 7)) with_replug = atoi(value);
  }
  pl_error err = {0};
  const pl_status opened = pl_port_ftdi_open(&options, &port, &err);
  check(opened == PL_OK, "opening", err.text);
  if (opened) return printf("%d passed, %d failed\n", passed, failed), 1;
  printf("opened %s\n", port->name);

  pl_ftdi_options wrong = options;
  pl_port *none = NULL;
  wrong.serial = "NOSUCH";
  check(pl_port_ftdi_open(&wrong, &none, &err) == PL_E_NODEV && strstr(err.text, "there are: "),
        "a serial number that is not there", err.text);

  static const size_t sizes[] = {1,   2,   61,  62,  63,   64,   124,   248,   496,
                                 509, 510, 511, 512, 1020, 4096, 16384, 65537, 500000};
  for (int round = 0; round < 1 + with_replug; round++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      char what[40];
      snprintf(what, sizeof what, "echo of %zu bytes", sizes[i]);
      err.text[0] = 0;
      check(echo(sizes[i], &err) == PL_OK, what, err.text);
    }
    uint64_t begin = now_us();
    for (int i = 0; i < 200; i++) echo(16, &err);
    const double ping_ms = 1e-3 * (double)(now_us() - begin) / 200;
    begin = now_us();
    for (int i = 0; i < 4; i++) echo(500000, &err);
    printf("ping-pong of 16 bytes %.2f ms; echo %.2f MB/s each way\n", ping_ms, 2e6 / (double)(now_us() - begin));
    if (with_replug && round == 0) replug();
  }
  check(port->receive_faults == 0, "no faults of the line", "some were told");
  port->ops->close(port);
  check(pl_port_ftdi_open(&options, &port, &err) == PL_OK, "opening again", err.text);
  if (port) {
    check(echo(1000, &err) == PL_OK, "echo after opening again", err.text);
    port->ops->close(port);
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
