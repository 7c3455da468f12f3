/* test_board_rates.c: payload of commands over the pins of simulated boards, in simulated time: at least 90 % of what the wire can
 * carry, in either direction and, where they share it, in both together. Prints a table.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "link/device.h"

static const char *const boards[] = {"uart", "ft245"};

typedef struct {
  pl_link *link;
  uint64_t begin_us;
} bench;

static double part_of_wire(bench *b, const char *what, double bytes) {
  const pl_port *port = pl_link_port(b->link);
  const double us = (double)(pl_link_now_us(b->link) - b->begin_us), part = bytes / us * 1e6 / port->bytes_per_second;
  printf("%s, %s: %.0f bytes in %.0f us, %.3f MB/s, %.1f %% of the wire\n", port->name, what, bytes, us, bytes / us, 100 * part);
  b->begin_us = pl_link_now_us(b->link);
  return part;
}

START_TEST(test_rates) {
  enum { WORDS = 4000, DEPTH = 1024, LANES = 8, ECHO = 20000 };
  static uint32_t words[WORDS];
  static uint8_t bytes[ECHO];
  static int8_t codes[LANES * DEPTH];
  const pl_sim_options options = {.board = boards[_i], .shape = "", .kind = "coherent", .chip = "", .seed = 1};
  const int fifo = _i, repeat = fifo ? 20 : 1;
  pl_port *port;
  pl_error err;
  bench b = {0};
  ck_assert_msg(!pl_port_sim_open(&options, &port, &err), "%s", err.text);
  ck_assert_msg(!pl_link_open(port, &b.link, &err), "%s", err.text);
  for (int i = 0; i < ECHO; i++) bytes[i] = (uint8_t)rand();
  for (int i = 0; i < WORDS; i++) words[i] = (uint32_t)rand();
  for (int i = 0; i < LANES * DEPTH; i++) codes[i] = (int8_t)rand();
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_ROWS] = image.reg[PL_REG_COLS] = LANES;
  image.reg[PL_REG_DEPTH] = DEPTH;
  image.reg[PL_REG_CHANNELS] = 64;
  ck_assert(!pl_link_configure(b.link, &image, &err) && !pl_link_wait(b.link, &err));
  b.begin_us = pl_link_now_us(b.link);

  for (int i = 0; i < repeat; i++) ck_assert(!pl_link_echo(b.link, bytes, ECHO, &err));
  /* A UART carries both ways at once, a FIFO in turns. */
  ck_assert_double_ge(part_of_wire(&b, "echo, both ways", (fifo ? 2.0 : 1.0) * ECHO * repeat), 0.9);
  for (int i = 0; i < repeat; i++) ck_assert(!pl_link_read(b.link, 0x8000, WORDS, words, NULL, NULL, &err));
  ck_assert(!pl_link_wait(b.link, &err));
  ck_assert_double_ge(part_of_wire(&b, "read, to the host", 4.0 * WORDS * repeat), 0.9);
  for (int i = 0; i < repeat; i++) ck_assert(!pl_link_write(b.link, 0x4000, words, WORDS, &err));
  ck_assert(!pl_link_wait(b.link, &err));
  ck_assert_double_ge(part_of_wire(&b, "write, to the board", 4.0 * WORDS * repeat), 0.9);
  for (int i = 0; i < 2 * repeat; i++) ck_assert(!pl_link_load(b.link, 0, codes, DEPTH, &err));
  ck_assert(!pl_link_wait(b.link, &err));
  ck_assert_double_ge(part_of_wire(&b, "load of an operand", 2.0 * LANES * DEPTH * repeat), 0.9);
  pl_link_close(b.link);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("board_rates");
  TCase *tc = tcase_create("board_rates");
  tcase_set_timeout(tc, 120);
  tcase_add_loop_test(tc, test_rates, 0, 2);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
