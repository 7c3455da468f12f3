/* test_port_ftdi.c: the FTDI port with the real libftdi1, over substituted libusb calls, chip models and virtual time.
 */
#include <check.h>
#include <ftdi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_libusb.h"
#include "link/ftdi_chips.h"
#include "link/port.h"

/* ---- The board: what the host sends comes back, at no more than `pin_rate` bytes per ms ---- */

static int pin_rate = 1200, echo_on = 1;
static int unplug_at = -1; /* bytes echoed after which the chip is unplugged */
static int echoed;
static uint64_t pins_at_us[8];

static void loop_back(ftdi_chip *chip, int number, uint64_t now_us) {
  uint64_t budget = (now_us - pins_at_us[number]) * (uint64_t)pin_rate / 1000;
  if (!budget) return;
  pins_at_us[number] = now_us;
  for (int channel = 0; channel < (ftdi_chip_product(chip) == 0x6010 ? 2 : 1); channel++) {
    uint8_t byte;
    while (echo_on && budget && ftdi_chip_pin_space(chip, channel) &&
           ftdi_chip_pin_read(chip, channel, &byte, now_us)) {
      ftdi_chip_pin_write(chip, channel, byte, now_us);
      budget--;
      if (++echoed == unplug_at) {
        unplug_at = -1;
        fake_unplug(number);
        return;
      }
    }
  }
}

static ftdi_chip *chips[4];
static int chip_count;
static ftdi_chip *plug(ftdi_chip_type type, const char *serial, int fifo) {
  ftdi_chip *chip = ftdi_chip_new(type, serial, fifo);
  fake_plug(chip);
  return chips[chip_count++] = chip;
}

static void setup(void) { fake_pins = loop_back; }
static void teardown(void) {
  ck_assert_int_eq(fake_left_open(), 0);
  for (int i = 0; i < chip_count; i++) ftdi_chip_free(chips[i]);
}

static pl_port *open_port(const char *serial, uint32_t baud, int fifo) {
  pl_port *port = NULL;
  pl_error err = {0};
  const pl_ftdi_options options = {.serial = serial, .baud = baud, .fifo = fifo, .channel = -1};
  ck_assert_msg(pl_port_ftdi_open(&options, &port, &err) == PL_OK, "%s", err.text);
  return port;
}
static void expect_refusal(const pl_ftdi_options *options, pl_status status, const char *says) {
  pl_port *port = (pl_port *)1;
  pl_error err = {0};
  ck_assert_msg(pl_port_ftdi_open(options, &port, &err) == status, "status %d: %s", err.status, err.text);
  ck_assert_msg(strstr(err.text, says) != NULL, "says: %s", err.text);
  ck_assert_ptr_null(port);
}

/* Sends n bytes and takes them back, as a program does that has both hands full. */
static void echo(pl_port *port, size_t n, uint8_t seed) {
  pl_error err = {0};
  uint8_t *sent = malloc(n + 1), *back = malloc(n + 1);
  for (size_t i = 0; i < n; i++) sent[i] = (uint8_t)(seed + i * 7 + (i >> 8) * 13);
  size_t written = 0, read = 0;
  const uint64_t begin = port->ops->now_us(port);
  while (read < n) {
    size_t part = 0;
    if (written < n)
      ck_assert_msg(port->ops->write(port, sent + written, n - written, &part, &err) == PL_OK, "%s", err.text);
    written += part;
    ck_assert_msg(port->ops->read(port, back + read, n - read, 100000, &part, &err) == PL_OK, "%s", err.text);
    read += part;
    ck_assert_msg(port->ops->now_us(port) - begin < 60000000, "%zu of %zu bytes came back", read, n);
  }
  ck_assert_mem_eq(sent, back, n);
  free(sent);
  free(back);
}

/* ---- Opening ---- */

START_TEST(what_opening_sets) {
  ftdi_chip *chip = plug(FTDI_CHIP_2232H, "PL0042", 0);
  pl_port *port = open_port(NULL, 12000000, 0);
  const ftdi_chip_line b = ftdi_chip_line_of(chip, 1), a = ftdi_chip_line_of(chip, 0);
  ck_assert_int_eq(b.baud_num / b.baud_den, 12000000);
  ck_assert_int_eq(a.baud_num / a.baud_den, 9600); /* channel A is left alone */
  ck_assert_int_eq(b.rts_cts, 0);
  ck_assert_int_eq(b.dtr & b.rts, 1);
  uint8_t latency = 0;
  ftdi_chip_control(chip, 0xc0, 0x0a, 0, 2, &latency, 1, fake_now_us);
  ck_assert_int_eq(latency, 2);
  ck_assert_int_eq(port->bytes_per_second, 1200000);
  ck_assert_int_eq(port->chip_buffer, 4096);
  ck_assert_str_eq(port->name, "FT2232H PL0042, channel B, 12 Mbaud");
  port->ops->close(port);

  const pl_ftdi_options options = {.baud = 3000000, .rts_cts = 1, .channel = 0};
  pl_error err;
  ck_assert_int_eq(pl_port_ftdi_open(&options, &port, &err), PL_OK);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).rts_cts, 1);
  ck_assert_int_eq(port->chip_buffer, 0); /* the chip stops the board when it is full */
  echo(port, 10000, 1);
  port->ops->close(port);
}
END_TEST

START_TEST(the_other_chips) {
  plug(FTDI_CHIP_231X, "D1", 0);
  plug(FTDI_CHIP_232H, "D2", 1);
  pl_port *port = open_port("D1", 3000000, 0);
  ck_assert_str_eq(port->name, "FT231X D1, 3 Mbaud");
  ck_assert_int_eq(port->chip_buffer, 512);
  ck_assert_int_eq(port->bytes_per_second, 300000);
  ck_assert_int_eq(ftdi_chip_line_of(chips[0], 0).baud_num / ftdi_chip_line_of(chips[0], 0).baud_den, 3000000);
  echo(port, 20000, 3);
  pl_port *other = open_port("D2", 0, 1);
  ck_assert_str_eq(other->name, "FT232H D2, synchronous FIFO");
  ck_assert_int_eq(ftdi_chip_line_of(chips[1], 0).sync_fifo, 1);
  ck_assert_int_eq(other->chip_buffer, 0);
  echo(other, 100000, 5);
  echo(port, 100, 4);
  other->ops->close(other);
  port->ops->close(port);
}
END_TEST

START_TEST(selection_by_serial_number) {
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1}, PL_E_NODEV, "there is no FTDI chip");
  plug(FTDI_CHIP_2232H, "PL0042", 0);
  plug(FTDI_CHIP_231X, "D00012", 0);
  plug(FTDI_CHIP_231X, "", 0);
  expect_refusal(
      &(pl_ftdi_options){.baud = 3000000, .channel = -1}, PL_E_NODEV,
      "there are 3 FTDI chips; say which with serial=: FT2232H PL0042, FT231X D00012, FT231X without a serial number");
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1, .serial = "PL004"}, PL_E_NODEV,
                 "no FTDI chip has the serial number 'PL004'; there are: FT2232H PL0042, FT231X D00012");
  pl_port *port = open_port("D00012", 3000000, 0);
  echo(port, 100, 1);
  ck_assert_int_eq(ftdi_chip_pin_waiting(chips[0], 1), 0);
  port->ops->close(port);
  plug(FTDI_CHIP_231X, "D00012", 0);
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1, .serial = "D00012"}, PL_E_NODEV,
                 "2 FTDI chips have the serial number 'D00012'; unplug the others");
  char longer[100];
  memset(longer, 'x', sizeof longer);
  longer[99] = 0;
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1, .serial = longer}, PL_E_INPUT,
                 "is no serial number");
}
END_TEST

START_TEST(no_permission_names_the_rule) {
  plug(FTDI_CHIP_2232H, "PL0042", 0);
  fake_deny(0, 1);
  pl_port *port = NULL;
  pl_error err = {0};
  const pl_ftdi_options options = {.baud = 3000000, .channel = -1};
  ck_assert_int_eq(pl_port_ftdi_open(&options, &port, &err), PL_E_NODEV);
  ck_assert_msg(strstr(err.text, "no permission to open the FT2232H at bus 1 device 2") != NULL, "%s", err.text);
  /* Word for word a line of the file that the project ships. */
  const char *rule = strstr(err.text, "SUBSYSTEM");
  ck_assert_ptr_nonnull(rule);
  FILE *f = fopen("scripts/60-photolane.rules", "r");
  ck_assert_msg(f != NULL, "run me from the project folder");
  char line[300];
  int found = 0;
  while (fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] != '#' && line[0] && !strcmp(line, rule)) found = 1;
  }
  fclose(f);
  ck_assert_msg(found, "not in the file: %s", rule);
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1, .serial = "PL0042"}, PL_E_NODEV, "no permission");
  /* Another one that may be opened is found all the same. */
  plug(FTDI_CHIP_231X, "D1", 0);
  port = open_port("D1", 3000000, 0);
  port->ops->close(port);
  fake_deny(0, 0);
  fake_occupy(0, 1);
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1, .serial = "PL0042"}, PL_E_NODEV,
                 "in use by another program");
}
END_TEST

START_TEST(a_fifo_that_is_none) {
  plug(FTDI_CHIP_2232H, "UART", 0);
  plug(FTDI_CHIP_231X, "X", 0);
  expect_refusal(&(pl_ftdi_options){.fifo = 1, .channel = -1, .serial = "UART"}, PL_E_INPUT, "set cha_type=FIFO");
  expect_refusal(&(pl_ftdi_options){.fifo = 1, .channel = -1, .serial = "X"}, PL_E_INPUT, "has no synchronous FIFO");
  expect_refusal(&(pl_ftdi_options){.fifo = 1, .channel = 1, .serial = "UART"}, PL_E_INPUT, "channel A only");
  expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = 1, .serial = "X"}, PL_E_INPUT, "no channel B");
}
END_TEST

/* ---- Rates ---- */

START_TEST(rates_are_exact_or_refused) {
  plug(FTDI_CHIP_2232H, "H", 0);
  plug(FTDI_CHIP_231X, "X", 0);
  static const struct {
    const char *serial;
    uint32_t baud;
    const char *says;
  } wrong[] = {{"H", 11000000, "8000000 and 12000000"},
               {"H", 7000000, "6000000 and 8000000"},
               {"H", 5500000, "4800000 and 6000000"},
               {"H", 8300000, "8000000 and 12000000"},
               {"H", 4500000, "4000000 and 4800000"},
               {"H", 5000000, "4800000 and 6000000"},
               {"H", 2500000, "2400000 and 3000000"},
               {"H", 13000000, "its highest is 12000000"},
               {"X", 12000000, "its highest is 3000000"},
               {"X", 2500000, "2000000 and 3000000"},
               {"X", 1843200, "1500000 and 2000000"},
               {"X", 800000, "750000 and 960000"},
               {"H", 100, "the least is 1200"},
               {"H", 4294967295u, "its highest is 12000000"},
               {"H", 0, "the least is 1200"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    expect_refusal(&(pl_ftdi_options){.serial = wrong[i].serial, .baud = wrong[i].baud, .channel = -1}, PL_E_INPUT,
                   wrong[i].says);

  /* What the library says is what libftdi makes the chip do. */
  static const uint32_t right[] = {12000000, 8000000, 6000000, 4800000, 4000000, 3840000, 3200000, 3000000, 2400000,
                                   2000000,  1920000, 1600000, 1500000, 1280000, 1200000, 1000000, 921600,  800000,
                                   768000,   750000,  640000,  600000,  500000,  480000,  460800,  400000,  384000,
                                   375000,   320000,  300000,  230400,  115200,  9600,    1200};
  for (int x = 0; x < 2; x++) {
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
      uint32_t num, den;
      if (pl_ftdi_rate(pl_ftdi_chip_of(x ? 0x1000 : 0x0700), right[i], &num, &den, NULL)) {
        ck_assert_msg(x, "%u", right[i]);
        continue;
      }
      pl_port *port = open_port(x ? "X" : "H", right[i], 0);
      const ftdi_chip_line line = ftdi_chip_line_of(chips[x], x ? 0 : 1);
      ck_assert_msg(line.baud_num / line.baud_den == num / den, "%u: %u/%u, not %u/%u", right[i], line.baud_num,
                    line.baud_den, num, den);
      ck_assert_double_le(1.0 * num / den / right[i], 1.005);
      ck_assert_double_ge(1.0 * num / den / right[i], 0.995);
      port->ops->close(port);
    }
  }
}
END_TEST

/* ---- Data ---- */

START_TEST(echo_of_many_sizes) {
  static const size_t sizes[] = {1,   2,   61,   62,   63,   64,   124,  248,   496,   509,   510,   511,
                                 512, 513, 1020, 1022, 4095, 4096, 4097, 16383, 16384, 16385, 65536, 300000};
  plug(FTDI_CHIP_2232H, "A", 1);
  plug(FTDI_CHIP_2232H, "B", 0);
  plug(FTDI_CHIP_231X, "C", 0);
  for (int chip = 0; chip < 3; chip++) {
    pin_rate = chip == 0 ? 40000 : chip == 1 ? 1200 : 300;
    pl_port *port = open_port(chip == 0 ? "A" : chip == 1 ? "B" : "C", chip ? 3000000 : 0, chip == 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) echo(port, sizes[i], (uint8_t)i);
    ck_assert_int_eq(port->receive_faults, 0);
    port->ops->close(port);
  }
}
END_TEST

START_TEST(small_buffers_lose_nothing) {
  plug(FTDI_CHIP_2232H, "A", 0);
  pl_port *port = open_port(NULL, 12000000, 0);
  pl_error err;
  uint8_t sent[3000], byte;
  size_t n;
  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)(i * 11);
  ck_assert_int_eq(port->ops->write(port, sent, sizeof sent, &n, &err), PL_OK);
  ck_assert_uint_eq(n, sizeof sent);
  for (size_t i = 0; i < sizeof sent; i++) {
    ck_assert_int_eq(port->ops->read(port, &byte, 1, 100000, &n, &err), PL_OK);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(byte, sent[i]);
  }
  port->ops->close(port);
}
END_TEST

START_TEST(waiting_takes_the_time_it_says) {
  plug(FTDI_CHIP_2232H, "A", 0);
  pl_port *port = open_port(NULL, 12000000, 0);
  pl_error err;
  uint8_t buf[16];
  static const uint64_t waits[] = {0, 1, 999, 20000, 1000000, 7500000};
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    size_t got = 1;
    const uint64_t begin = fake_now_us;
    ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, waits[i], &got, &err), PL_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_uint_eq(fake_now_us - begin, waits[i]);
  }
  /* A frame's end comes at once, not with the latency timer; something else does. */
  pin_rate = 1000000;
  for (int last = 0; last < 2; last++) {
    size_t n;
    uint8_t message[4] = {9, 9, 9, (uint8_t)last};
    while (port->ops->read(port, buf, sizeof buf, 5000, &n, &err) == PL_OK && n) continue;
    const uint64_t begin = fake_now_us;
    port->ops->write(port, message, 4, &n, &err);
    ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, 100000, &n, &err), PL_OK);
    ck_assert_uint_eq(n, 4);
    if (last == 0) ck_assert_uint_le(fake_now_us - begin, 200);
    else ck_assert_uint_le(fake_now_us - begin, 2000 + 200);
  }
  port->ops->close(port);
}
END_TEST

START_TEST(a_board_that_does_not_take) {
  plug(FTDI_CHIP_2232H, "A", 1);
  echo_on = 0;
  pl_port *port = open_port(NULL, 0, 1);
  pl_error err;
  static uint8_t block[100000], buf[1000];
  size_t taken, total = 0, got;
  for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)i;
  do {
    ck_assert_int_eq(port->ops->write(port, block, sizeof block, &taken, &err), PL_OK);
    total += taken;
  } while (taken);
  ck_assert_uint_ge(total, 4096);
  ck_assert_uint_le(total, 4096 + 4 * 16384);
  uint64_t begin = fake_now_us;
  ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, 3000000, &got, &err), PL_OK);
  ck_assert_uint_eq(fake_now_us - begin, 3000000);
  /* As soon as there is room again, read returns for it. */
  echo_on = 1;
  pin_rate = 1000;
  size_t back = 0;
  int room = 0;
  while (back < total) {
    begin = fake_now_us;
    ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, 5000000, &got, &err), PL_OK);
    ck_assert_uint_lt(fake_now_us - begin, 5000000);
    for (size_t i = 0; i < got; i++) ck_assert_int_eq(buf[i], block[(back + i) % sizeof block]);
    room += got == 0;
    back += got;
  }
  ck_assert_int_ge(room, 1);
  port->ops->close(port);
}
END_TEST

START_TEST(closing_sends_what_was_written) {
  ftdi_chip *chip = plug(FTDI_CHIP_2232H, "A", 0);
  echo_on = 0;
  pl_port *port = open_port(NULL, 12000000, 0);
  pl_error err;
  size_t taken;
  port->ops->write(port, (const uint8_t *)"the end", 7, &taken, &err);
  port->ops->close(port);
  ck_assert_int_eq(ftdi_chip_pin_waiting(chip, 1), 7);
}
END_TEST

START_TEST(overruns_are_counted) {
  ftdi_chip *chip = plug(FTDI_CHIP_231X, "X", 0);
  pl_port *port = open_port(NULL, 3000000, 0);
  pl_error err;
  uint8_t buf[2000];
  size_t got;
  for (int i = 0; i < 600; i++) ftdi_chip_pin_write(chip, 0, (uint8_t)i, fake_now_us); /* 512 fit */
  size_t total = 0;
  while (port->ops->read(port, buf + total, sizeof buf - total, 10000, &got, &err) == PL_OK && got) total += got;
  ck_assert_uint_eq(total, 512);
  for (int i = 0; i < 512; i++) ck_assert_int_eq(buf[i], (uint8_t)i);
  ck_assert_int_eq(port->receive_faults, 1);
  ftdi_chip_line_error(chip, 0, FTDI_LINE_FRAMING);
  port->ops->read(port, buf, sizeof buf, 10000, &got, &err);
  ck_assert_int_eq(port->receive_faults, 2);
  port->ops->close(port);
}
END_TEST

/* ---- Loss ---- */

START_TEST(unplugged_in_mid_transfer) {
  plug(FTDI_CHIP_2232H, "PL0042", 0);
  pl_port *port = open_port(NULL, 12000000, 0);
  pl_error err;
  static uint8_t block[50000], buf[50000];
  for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)(i * 3);
  echo(port, 1000, 7);
  unplug_at = echoed + 12345;
  size_t taken, got, back = 0;
  ck_assert_int_eq(port->ops->write(port, block, sizeof block, &taken, &err), PL_OK);
  ck_assert_uint_eq(taken, sizeof block);
  pl_status status;
  while ((status = port->ops->read(port, buf + back, sizeof buf - back, 1000000, &got, &err)) == PL_OK) back += got;
  ck_assert_int_eq(status, PL_E_NODEV);
  ck_assert_msg(strstr(err.text, "FT2232H PL0042") && strstr(err.text, "unplugged"), "%s", err.text);
  ck_assert_uint_gt(back, 8000); /* what had come is not lost */
  ck_assert_uint_le(back, 12345);
  ck_assert_mem_eq(buf, block, back);
  /* So it stays, and nothing waits. */
  uint64_t begin = fake_now_us;
  ck_assert_int_eq(port->ops->write(port, block, 10, &taken, &err), PL_E_NODEV);
  ck_assert_int_eq(port->ops->read(port, buf, 10, 5000000, &got, &err), PL_E_NODEV);
  ck_assert_int_eq(port->ops->reopen(port, &err), PL_E_NODEV);
  ck_assert_int_eq(port->ops->read(port, buf, 10, 5000000, &got, &err), PL_E_NODEV);
  ck_assert_int_eq(port->ops->write(port, block, 10, &taken, &err), PL_E_NODEV);
  ck_assert_uint_lt(fake_now_us - begin, 100000);
  const uint64_t clock = port->ops->now_us(port);

  /* Another chip does not take its place. */
  plug(FTDI_CHIP_231X, "other", 0);
  ck_assert_int_eq(port->ops->reopen(port, &err), PL_E_NODEV);
  fake_replug(0);
  fake_deny(0, 1); /* udev has not yet done its work */
  ck_assert_int_eq(port->ops->reopen(port, &err), PL_E_NODEV);
  fake_deny(0, 0);
  ck_assert_msg(port->ops->reopen(port, &err) == PL_OK, "%s", err.text);
  ck_assert_uint_ge(port->ops->now_us(port), clock);
  const ftdi_chip_line line = ftdi_chip_line_of(chips[0], 1);
  ck_assert_int_eq(line.baud_num / line.baud_den, 12000000); /* set up anew */
  echo(port, 5000, 9);
  port->ops->close(port);
}
END_TEST

START_TEST(unplugged_while_waiting) {
  plug(FTDI_CHIP_231X, "X", 0);
  pl_port *port = open_port(NULL, 3000000, 0);
  pl_error err;
  uint8_t buf[10];
  size_t got;
  port->ops->read(port, buf, sizeof buf, 12345, &got, &err);
  fake_unplug(0);
  const uint64_t begin = fake_now_us;
  ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, 10000000, &got, &err), PL_E_NODEV);
  ck_assert_uint_lt(fake_now_us - begin, 100000);
  port->ops->close(port); /* without reopening */
}
END_TEST

START_TEST(a_failed_transfer_is_a_loss_too) {
  ftdi_chip *chip = plug(FTDI_CHIP_2232H, "A", 0);
  pl_port *port = open_port(NULL, 12000000, 0);
  pl_error err;
  static uint8_t buf[2000];
  size_t got;
  port->ops->read(port, buf, sizeof buf, 5000, &got, &err);
  for (int i = 0; i < 510; i++) ftdi_chip_pin_write(chip, 1, (uint8_t)i, fake_now_us);
  port->ops->read(port, buf, sizeof buf, 0, &got, &err); /* a full packet lies in a transfer that goes on */
  ck_assert_uint_eq(got, 0);
  fake_break_transfers(0);
  ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, 0, &got, &err), PL_OK);
  ck_assert_uint_eq(got, 510);
  ck_assert_int_eq(port->ops->read(port, buf, sizeof buf, 1000, &got, &err), PL_E_NODEV);
  ck_assert_int_eq(port->ops->reopen(port, &err), PL_OK);
  echo(port, 100, 1);
  port->ops->close(port);
}
END_TEST

/* A board that was talking before we came: at the wrong rate, which is what the host hears. */
static void chatter(ftdi_chip *chip, int number, uint64_t now_us) {
  const ftdi_chip_line line = ftdi_chip_line_of(chip, 1);
  if (line.baud_num / line.baud_den == 9600) ftdi_chip_pin_write(chip, 1, 0xaa, now_us);
  else loop_back(chip, number, now_us);
}

START_TEST(old_bytes_are_flushed_at_open) {
  plug(FTDI_CHIP_2232H, "A", 0);
  fake_pins = chatter;
  pl_port *port = open_port(NULL, 12000000, 0);
  echo(port, 1000, 1);
  port->ops->close(port);
}
END_TEST

START_TEST(a_request_that_is_refused) {
  static const struct {
    int request;
    const char *says;
  } all[] = {{0x09, "latency timer"}, {0x04, "data format"}, {0x02, "flow control"}, {0x01, "modem lines"},
             {0x06, "event character"}};
  plug(FTDI_CHIP_2232H, "A", 0);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    fake_refused_request = all[i].request;
    expect_refusal(&(pl_ftdi_options){.baud = 3000000, .channel = -1}, PL_E_IO, all[i].says);
  }
  fake_refused_request = 0x0b; /* the bit mode: QEMU's emulator has none, and a UART needs none */
  pl_port *port = open_port(NULL, 3000000, 0);
  pl_error err;
  fake_refused_request = 0x09;
  ck_assert_int_eq(port->ops->reopen(port, &err), PL_E_NODEV); /* it has just come back: "not yet" */
  ck_assert_int_eq(err.status, PL_E_NODEV);
  fake_refused_request = -1;
  ck_assert_int_eq(port->ops->reopen(port, &err), PL_OK);
  port->ops->close(port);
}
END_TEST

/* Random sizes, waits and speeds of the board; sometimes unplugged. What comes is always a beginning of what was sent. */
START_TEST(random_traffic) {
  const char *given = getenv("PL_TEST_SEED");
  const unsigned seed = given ? (unsigned)strtoul(given, NULL, 0) : 1u + (unsigned)_i;
  printf("random_traffic: PL_TEST_SEED=%u\n", seed);
  srand(seed);
  const int fifo = rand() % 2;
  plug(rand() % 2 ? FTDI_CHIP_2232H : FTDI_CHIP_232H, "R", fifo);
  pl_port *port = open_port("R", fifo ? 0 : 12000000, fifo);
  pl_error err;
  static uint8_t sent[400000], buf[40000];
  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)rand();
  for (int session = 0; session < 4; session++) {
    pin_rate = 1 << rand() % 16;
    if (pin_rate < 50) pin_rate = 50;
    if (session < 3) unplug_at = echoed + 1 + rand() % 200000;
    size_t written = 0, read = 0;
    pl_status status = PL_OK;
    while (!status && read < sizeof sent) {
      size_t n = (size_t)rand() % (rand() % 2 ? 40 : 40000), part = 0;
      if (n > sizeof sent - written) n = sizeof sent - written;
      if (n) status = port->ops->write(port, sent + written, n, &part, &err);
      ck_assert_uint_le(part, n);
      written += part;
      if (status) break;
      const size_t size = 1 + (size_t)rand() % (rand() % 2 ? 40 : sizeof buf);
      status = port->ops->read(port, buf, size, (uint64_t)rand() % (rand() % 2 ? 100 : 30000), &part, &err);
      ck_assert_uint_le(part, size);
      ck_assert_uint_le(read + part, written);
      ck_assert_mem_eq(buf, sent + read, part);
      read += part;
    }
    if (session == 3) ck_assert_uint_eq(read, sizeof sent);
    if (!status) continue;
    ck_assert_int_eq(status, PL_E_NODEV);
    fake_replug(0);
    ck_assert_msg(port->ops->reopen(port, &err) == PL_OK, "%s", err.text);
  }
  ck_assert_int_eq(port->receive_faults, 0);
  port->ops->close(port);
}
END_TEST

/* ---- The model in the eyes of libftdi ---- */

START_TEST(libftdi_reads_the_eeprom) {
  plug(FTDI_CHIP_2232H, "PL0042", 1);
  plug(FTDI_CHIP_232H, "PL0043", 0);
  plug(FTDI_CHIP_231X, "PL0044", 0);
  for (int i = 0; i < 3; i++) {
    struct ftdi_context *ftdi = ftdi_new();
    ck_assert_int_eq(ftdi_usb_open_desc(ftdi, 0x0403, ftdi_chip_product(chips[i]), NULL, NULL), 0);
    ck_assert_int_eq(ftdi->type, i == 0 ? TYPE_2232H : i == 1 ? TYPE_232H : TYPE_230X);
    ck_assert_int_eq(ftdi_read_eeprom(ftdi), 0);
    ck_assert_int_eq(ftdi_eeprom_decode(ftdi, 0), 0); /* the checksum is right */
    int value = -1;
    ftdi_get_eeprom_value(ftdi, PRODUCT_ID, &value);
    ck_assert_int_eq(value, ftdi_chip_product(chips[i]));
    if (i < 2) {
      ftdi_get_eeprom_value(ftdi, CHANNEL_A_TYPE, &value);
      ck_assert_int_eq(value, i == 0 ? CHANNEL_IS_FIFO : CHANNEL_IS_UART);
    }
    char serial[32] = "";
    ftdi_eeprom_get_strings(ftdi, NULL, 0, NULL, 0, serial, sizeof serial);
    ck_assert_str_eq(serial, i == 0 ? "PL0042" : i == 1 ? "PL0043" : "PL0044");
    ftdi_usb_close(ftdi);
    ftdi_free(ftdi);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("port_ftdi");
  TCase *all = tcase_create("port");
  tcase_add_checked_fixture(all, setup, teardown);
  tcase_set_timeout(all, 60);
  tcase_add_test(all, what_opening_sets);
  tcase_add_test(all, the_other_chips);
  tcase_add_test(all, selection_by_serial_number);
  tcase_add_test(all, no_permission_names_the_rule);
  tcase_add_test(all, a_fifo_that_is_none);
  tcase_add_test(all, rates_are_exact_or_refused);
  tcase_add_test(all, echo_of_many_sizes);
  tcase_add_test(all, small_buffers_lose_nothing);
  tcase_add_test(all, waiting_takes_the_time_it_says);
  tcase_add_test(all, a_board_that_does_not_take);
  tcase_add_test(all, closing_sends_what_was_written);
  tcase_add_test(all, overruns_are_counted);
  tcase_add_test(all, unplugged_in_mid_transfer);
  tcase_add_test(all, unplugged_while_waiting);
  tcase_add_test(all, a_failed_transfer_is_a_loss_too);
  tcase_add_test(all, old_bytes_are_flushed_at_open);
  tcase_add_test(all, a_request_that_is_refused);
  tcase_add_loop_test(all, random_traffic, 0, 10);
  tcase_add_test(all, libftdi_reads_the_eeprom);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
