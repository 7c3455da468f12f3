/* test_ftdi_chip.c: the chip model alone: requests, divisors, packets, latency timer, event character, buffers, EEPROM.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ftdi/ftdi_chip.h"

static ftdi_chip *chip;

static void make(ftdi_chip_type type, int fifo) {
  ftdi_chip_free(chip);
  chip = ftdi_chip_new(type, "PL0042", fifo);
}
static void teardown(void) {
  ftdi_chip_free(chip);
  chip = NULL;
}

static int out(int request, int value, int index) {
  return ftdi_chip_control(chip, 0x40, (uint8_t)request, (uint16_t)value, (uint16_t)index, NULL, 0, 0);
}
static int in(int request, int index, uint8_t *data, int length) {
  return ftdi_chip_control(chip, 0xc0, (uint8_t)request, 0, (uint16_t)index, data, length, 0);
}
static void board_sends(int channel, const char *text) {
  for (; *text; text++) ck_assert_int_eq(ftdi_chip_pin_write(chip, channel, (uint8_t)*text, 0), 1);
}

/* Rates that Linux' ftdi_sio asks for on an FT2232H, as it sends them; what they are in truth, rounded down. */
static const struct {
  int value, index, baud;
} fast_rates[] = {
    {0x2710, 0x0001, 300},     {0x04e2, 0x0201, 9600},    {0xc068, 0x0201, 115246},   {0xc034, 0x0201, 230215},
    {0x001a, 0x0201, 461538},  {0x000d, 0x0201, 923076},  {0x000c, 0x0201, 1000000},  {0x0008, 0x0201, 1500000},
    {0x0006, 0x0201, 2000000}, {0x0004, 0x0201, 3000000}, {0x0003, 0x0201, 4000000},  {0x0002, 0x0301, 5052631},
    {0x0002, 0x0201, 6000000}, {0x0001, 0x0201, 8000000}, {0x0000, 0x0201, 12000000},
};

START_TEST(divisors_of_fast_chips) {
  for (int type = FTDI_CHIP_2232H; type <= FTDI_CHIP_232H; type++) {
    make((ftdi_chip_type)type, 0);
    for (size_t i = 0; i < sizeof fast_rates / sizeof *fast_rates; i++) {
      ck_assert_int_eq(out(0x03, fast_rates[i].value, fast_rates[i].index), 0);
      const ftdi_chip_line line = ftdi_chip_line_of(chip, 0);
      ck_assert_int_eq(line.baud_num / line.baud_den, fast_rates[i].baud);
    }
  }
  make(FTDI_CHIP_2232H, 0);
  ck_assert_int_eq(out(0x03, 0x0001, 0x0202), 0); /* channel B alone */
  ck_assert_int_eq(ftdi_chip_line_of(chip, 1).baud_num / ftdi_chip_line_of(chip, 1).baud_den, 8000000);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).baud_num / ftdi_chip_line_of(chip, 0).baud_den, 9600);
  ck_assert_int_eq(out(0x03, 0x4001, 0x0201), FTDI_CHIP_STALL); /* n = 1.5 or 1, nothing between */
}
END_TEST

START_TEST(divisors_of_the_ft231x) {
  static const struct {
    int value, index, baud;
  } rates[] = {{0x0000, 0, 3000000},
               {0x0001, 0, 2000000},
               {0x0002, 0, 1500000},
               {0x4138, 0, 9600},
               {0x001a, 0, 115384},
               /* eighths: code 0..3 in the value, 4..7 with a bit in the index; the channel beside it, or not */
               {0x4002, 0, 1200000},
               {0x8002, 0, 1333333},
               {0xc002, 0, 1411764},
               {0x0002, 0x100, 1263157},
               {0x4002, 0x101, 1142857},
               {0x8002, 0x101, 1090909},
               {0xc002, 0x100, 1043478},
               {0x0002, 1, 1500000}};
  make(FTDI_CHIP_231X, 0);
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    ck_assert_int_eq(out(0x03, rates[i].value, rates[i].index), 0);
    const ftdi_chip_line line = ftdi_chip_line_of(chip, 0);
    ck_assert_int_eq(line.baud_num / line.baud_den, rates[i].baud);
  }
}
END_TEST

START_TEST(requests) {
  uint8_t data[64];
  make(FTDI_CHIP_2232H, 0);
  ck_assert_int_eq(in(0x0a, 1, data, 1), 1);
  ck_assert_int_eq(data[0], 16);
  ck_assert_int_eq(out(0x09, 2, 2), 0); /* channel B */
  ck_assert_int_eq(in(0x0a, 2, data, 1), 1);
  ck_assert_int_eq(data[0], 2);
  in(0x0a, 0, data, 1); /* 0 is channel A, as ftdi_sio says it */
  ck_assert_int_eq(data[0], 16);
  ck_assert_int_eq(out(0x09, 0, 1), FTDI_CHIP_STALL);
  ck_assert_int_eq(out(0x09, 256, 1), FTDI_CHIP_STALL);
  ck_assert_int_eq(out(0x09, 2, 3), FTDI_CHIP_STALL); /* no such channel */
  ck_assert_int_eq(in(0x05, 1, data, 2), 2);
  ck_assert_int_eq(data[0], 0x32);
  ck_assert_int_eq(data[1], 0x60);
  ck_assert_int_eq(out(0x02, 0, 0x0101), 0);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).rts_cts, 1);
  ck_assert_int_eq(out(0x02, 0, 0x0001), 0);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).rts_cts, 0);
  ck_assert_int_eq(out(0x01, 0x0303, 1), 0);
  ck_assert_int_eq(out(0x01, 0x0100, 1), 0); /* DTR alone */
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).dtr, 0);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).rts, 1);
  ck_assert_int_eq(out(0x04, 8, 1), 0);
  ck_assert_int_eq(out(0x07, 0x100, 1), 0);
  ck_assert_int_eq(in(0x0c, 1, data, 1), 1);
  static const int unknown[] = {0x08, 0x0d, 0x20, 0x8f, 0x93, 0xff};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    ck_assert_int_eq(out(unknown[i], 0, 1), FTDI_CHIP_STALL);
    ck_assert_int_eq(in(unknown[i], 1, data, 2), FTDI_CHIP_STALL);
  }
  ck_assert_int_eq(out(0x00, 3, 1), FTDI_CHIP_STALL);
  ck_assert_int_eq(ftdi_chip_control(chip, 0x21, 0x20, 0, 0, data, 7, 0), FTDI_CHIP_STALL); /* class request */
}
END_TEST

START_TEST(descriptors) {
  static const struct {
    ftdi_chip_type type;
    int product, release, interfaces, packet;
  } chips[] = {{FTDI_CHIP_2232H, 0x6010, 0x0700, 2, 512},
               {FTDI_CHIP_232H, 0x6014, 0x0900, 1, 512},
               {FTDI_CHIP_231X, 0x6015, 0x1000, 1, 64}};
  for (size_t i = 0; i < 3; i++) {
    uint8_t d[256];
    make(chips[i].type, 0);
    ck_assert_int_eq(ftdi_chip_product(chip), chips[i].product);
    ck_assert_int_eq(ftdi_chip_max_packet(chip), chips[i].packet);
    ck_assert_int_eq(ftdi_chip_control(chip, 0x80, 6, 0x0100, 0, d, 8, 0), 8); /* the first look of a host */
    ck_assert_int_eq(ftdi_chip_control(chip, 0x80, 6, 0x0100, 0, d, 64, 0), 18);
    ck_assert_int_eq(d[8] | d[9] << 8, 0x0403);
    ck_assert_int_eq(d[10] | d[11] << 8, chips[i].product);
    ck_assert_int_eq(d[12] | d[13] << 8, chips[i].release);
    const int n = ftdi_chip_control(chip, 0x80, 6, 0x0200, 0, d, 255, 0);
    ck_assert_int_eq(n, 9 + 23 * chips[i].interfaces);
    ck_assert_int_eq(d[2] | d[3] << 8, n);
    for (int k = 0; k < chips[i].interfaces; k++) {
      const uint8_t *interface = d + 9 + 23 * k;
      ck_assert_int_eq(interface[5], 0xff);
      ck_assert_int_eq(interface[9 + 2], 0x81 + 2 * k);
      ck_assert_int_eq(interface[16 + 2], 0x02 + 2 * k);
      ck_assert_int_eq(interface[9 + 4] | interface[9 + 5] << 8, chips[i].packet);
    }
    ck_assert_int_eq(ftdi_chip_control(chip, 0x80, 6, 0x0303, 0x0409, d, 255, 0), 2 + 2 * 6);
    ck_assert_mem_eq(d + 2, "P\0L\0\0\0\0\0", 4);
    ck_assert_int_eq(ftdi_chip_control(chip, 0x80, 6, 0x0304, 0x0409, d, 255, 0), FTDI_CHIP_STALL);
    ck_assert_int_eq(ftdi_chip_control(chip, 0x00, 9, 1, 0, NULL, 0, 0), 0);
    ck_assert_int_eq(ftdi_chip_control(chip, 0x80, 8, 0, 0, d, 1, 0), 1);
    ck_assert_int_eq(d[0], 1);
    ck_assert_int_eq(ftdi_chip_control(chip, 0x00, 9, 2, 0, NULL, 0, 0), FTDI_CHIP_STALL);
  }
}
END_TEST

START_TEST(packets_end_transfers) {
  static uint8_t buf[16384];
  make(FTDI_CHIP_2232H, 0);
  for (int n = 0; n <= 1100; n += n < 505 ? 101 : 1) {
    ftdi_chip_power_up(chip);
    uint64_t now = 1000000ull * (uint64_t)(n + 1);
    int got = 0;
    ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, now), 1); /* the timer has long run out */
    ck_assert_int_eq(got, 2);
    for (int i = 0; i < n; i++) ftdi_chip_pin_write(chip, 0, (uint8_t)i, now);
    got = 0;
    const uint64_t due = ftdi_chip_bulk_in_due(chip, 0x81);
    ck_assert_int_eq(due, now + 16000);
    ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, due - 1), 0);
    ck_assert_int_eq(got, n / 510 * 512); /* full packets do not wait */
    const uint64_t next = ftdi_chip_bulk_in_due(chip, 0x81);
    ck_assert_int_eq(next, n < 510 ? due : due - 1 + 16000);
    ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, next), 1);
    ck_assert_int_eq(got, n + 2 * (n / 510 + 1));
    for (int i = 0, at = 0; i < n; i++, at++) {
      if (at % 512 == 0) at += 2;
      ck_assert_int_eq(buf[at], (uint8_t)i);
    }
  }
}
END_TEST

START_TEST(a_full_transfer_is_complete) {
  uint8_t buf[1024];
  int got = 0;
  make(FTDI_CHIP_2232H, 0);
  for (int i = 0; i < 1500; i++) ftdi_chip_pin_write(chip, 0, (uint8_t)i, 0);
  ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, 0), 1);
  ck_assert_int_eq(got, 1024);
  ck_assert_int_eq(ftdi_chip_pin_space(chip, 0), 4096 - 1500 + 1020);
}
END_TEST

START_TEST(the_event_character_does_not_wait) {
  uint8_t buf[512];
  int got = 0;
  make(FTDI_CHIP_2232H, 0);
  ftdi_chip_bulk_in(chip, 0x83, buf, sizeof buf, &got, 50000);
  board_sends(1, "ab.cd");
  got = 0;
  ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x83, buf, sizeof buf, &got, 50001), 0); /* not switched on */
  ck_assert_int_eq(out(0x06, 0x100 | '.', 2), 0);
  board_sends(1, "ef.gh");
  ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x83, buf, sizeof buf, &got, 50002), 1);
  ck_assert_int_eq(got, 2 + 10); /* the packet takes what else is there */
  got = 0;
  board_sends(1, "ij");
  ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x83, buf, sizeof buf, &got, 50003), 0);
  /* A FIFO waits for its timer all the same. */
  make(FTDI_CHIP_2232H, 1);
  ck_assert_int_eq(out(0x06, 0x100 | '.', 1), 0);
  ck_assert_int_eq(out(0x0b, 0x40ff, 1), 0);
  ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, 100000);
  board_sends(0, "ab.");
  got = 0;
  ck_assert_int_eq(ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, 100001), 0);
}
END_TEST

START_TEST(buffers_are_finite) {
  static const int size[] = {4096, 1024, 512}, packet[] = {512, 512, 64};
  static uint8_t data[8192];
  for (int type = 0; type < 3; type++) {
    make((ftdi_chip_type)type, 0);
    ck_assert_int_eq(ftdi_chip_bulk_out(chip, 0x02, data, 8192, 0), size[type]);
    ck_assert_int_eq(ftdi_chip_bulk_out(chip, 0x02, data, 1, 0), 0);
    uint8_t byte;
    for (int i = 0; i < packet[type] - 1; i++) ck_assert_int_eq(ftdi_chip_pin_read(chip, 0, &byte, 0), 1);
    ck_assert_int_eq(ftdi_chip_bulk_out(chip, 0x02, data, packet[type], 0), 0); /* whole or not at all */
    ck_assert_int_eq(ftdi_chip_pin_read(chip, 0, &byte, 0), 1);
    ck_assert_int_eq(ftdi_chip_bulk_out(chip, 0x02, data, packet[type], 0), packet[type]);
    ck_assert_int_eq(ftdi_chip_pin_space(chip, 0), size[type]);
    for (int i = 0; i < size[type]; i++) ck_assert_int_eq(ftdi_chip_pin_write(chip, 0, 1, 0), 1);
    ck_assert_int_eq(ftdi_chip_pin_write(chip, 0, 1, 0), 0);
    uint8_t status[2];
    in(0x05, 1, status, 2);
    ck_assert_int_eq(status[1] & FTDI_LINE_OVERRUN, FTDI_LINE_OVERRUN);
  }
}
END_TEST

START_TEST(line_errors_are_told_once) {
  uint8_t buf[512];
  int got = 0;
  make(FTDI_CHIP_231X, 0);
  ftdi_chip_line_error(chip, 0, FTDI_LINE_FRAMING);
  ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, 100000);
  ck_assert_int_eq(buf[0], 0x31);
  ck_assert_int_eq(buf[1], 0x60 | FTDI_LINE_FRAMING);
  got = 0;
  ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, 200000);
  ck_assert_int_eq(buf[1], 0x60);
  /* A full FIFO is no error: the board waits. */
  make(FTDI_CHIP_232H, 1);
  out(0x0b, 0x40ff, 1);
  while (ftdi_chip_pin_write(chip, 0, 1, 0)) continue;
  got = 0;
  ftdi_chip_bulk_in(chip, 0x81, buf, sizeof buf, &got, 100000);
  ck_assert_int_eq(buf[1] & FTDI_LINE_OVERRUN, 0);
}
END_TEST

START_TEST(flushes) {
  make(FTDI_CHIP_2232H, 0);
  const uint8_t data[4] = {1, 2, 3, 4};
  for (int what = 0; what < 3; what++) {
    out(0x00, 0, 2);
    ftdi_chip_bulk_out(chip, 0x04, data, 4, 0);
    board_sends(1, "abc");
    ck_assert_int_eq(out(0x00, what, 2), 0);
    ck_assert_int_eq(ftdi_chip_pin_waiting(chip, 1), what == 2 ? 4 : 0); /* 1: tcoflush */
    ck_assert_int_eq(ftdi_chip_pin_space(chip, 1), what == 1 ? 4093 : 4096);
  }
}
END_TEST

START_TEST(a_synchronous_fifo_needs_mode_and_eeprom) {
  make(FTDI_CHIP_2232H, 0);
  ck_assert_int_eq(out(0x0b, 0x40ff, 1), 0);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 0);
  make(FTDI_CHIP_2232H, 1);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 0);
  ck_assert_int_eq(out(0x0b, 0x40ff, 2), FTDI_CHIP_STALL); /* channel A only */
  const uint8_t data[2] = {1, 2};
  ftdi_chip_bulk_out(chip, 0x04, data, 2, 0);
  ck_assert_int_eq(out(0x0b, 0x40ff, 1), 0);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 1);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 1).sync_fifo, 0);
  ck_assert_int_eq(ftdi_chip_pin_waiting(chip, 1), 0); /* B stands still meanwhile */
  ck_assert_int_eq(ftdi_chip_pin_space(chip, 1), 0);
  ck_assert_int_eq(ftdi_chip_bulk_out(chip, 0x04, data, 2, 0), 0);
  ck_assert_int_eq(out(0x0b, 0, 1), 0);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 0);
  ck_assert_int_eq(ftdi_chip_pin_waiting(chip, 1), 2);
  out(0x0b, 0x40ff, 1);
  ftdi_chip_power_up(chip);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 0);
  make(FTDI_CHIP_231X, 1);
  ck_assert_int_eq(out(0x0b, 0x40ff, 1), FTDI_CHIP_STALL);
  ck_assert_int_eq(out(0x0b, 0x20ff, 1), 0); /* CBUS bit-bang it has */
}
END_TEST

START_TEST(eeprom) {
  make(FTDI_CHIP_232H, 0);
  uint8_t word[2];
  ck_assert_int_eq(in(0x90, 0, word, 2), 2);
  ck_assert_int_eq(word[0], 0);
  ck_assert_int_eq(in(0x90, 128, word, 2), FTDI_CHIP_STALL);
  ck_assert_int_eq(out(0x91, 0x0001, 0), 0); /* cha_type=FIFO */
  out(0x0b, 0x40ff, 1);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 1);
  ck_assert_int_eq(out(0x92, 0, 0), 0);
  in(0x90, 5, word, 2);
  ck_assert_int_eq(word[0] & word[1], 0xff);
  ck_assert_int_eq(ftdi_chip_line_of(chip, 0).sync_fifo, 0);
  ck_assert_int_eq(out(0x90, 0, 0), FTDI_CHIP_STALL); /* wrong direction */
  ck_assert_int_eq(in(0x91, 0, word, 2), FTDI_CHIP_STALL);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ftdi_chip");
  TCase *all = tcase_create("chip");
  tcase_add_checked_fixture(all, NULL, teardown);
  tcase_add_test(all, divisors_of_fast_chips);
  tcase_add_test(all, divisors_of_the_ft231x);
  tcase_add_test(all, requests);
  tcase_add_test(all, descriptors);
  tcase_add_test(all, packets_end_transfers);
  tcase_add_test(all, a_full_transfer_is_complete);
  tcase_add_test(all, the_event_character_does_not_wait);
  tcase_add_test(all, buffers_are_finite);
  tcase_add_test(all, line_errors_are_told_once);
  tcase_add_test(all, flushes);
  tcase_add_test(all, a_synchronous_fifo_needs_mode_and_eeprom);
  tcase_add_test(all, eeprom);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
