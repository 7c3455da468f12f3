/* test_port_sim.c: host/link/port_sim.c and the simulated board behind it, down to the pins, with chips that only echo
 * (tests/board/rtl): no frames, no protocol, so that every byte that a fault touches shows.
 *
 * Times are simulated: a time-out costs nothing. PL_SEED=N draws other bytes. */
#define _GNU_SOURCE /* environ */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/port.h"

static uint64_t seed;
static uint64_t draw(void) {
  uint64_t z = seed += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static pl_sim_options plain(const char *board) {
  return (pl_sim_options){.board = board, .shape = "", .kind = "", .chip = "", .seed = 1};
}

static pl_port *open_board(pl_sim_options options) {
  pl_port *port;
  pl_error err;
  ck_assert_msg(!pl_port_sim_open(&options, &port, &err), "%s", err.text);
  return port;
}

/* Sends n bytes while it reads what comes; until nothing has come for 50 ms. Returns how many came. */
static size_t echo(pl_port *port, const uint8_t *out, size_t n, uint8_t *in, size_t size) {
  size_t sent = 0, got = 0;
  uint64_t last_us = port->ops->now_us(port);
  pl_error err;
  for (;;) {
    size_t taken = 0, came = 0;
    ck_assert_msg(!port->ops->write(port, out + sent, n - sent, &taken, &err), "%s", err.text);
    sent += taken;
    ck_assert_msg(!port->ops->read(port, in + got, size - got, 5000, &came, &err), "%s", err.text);
    got += came;
    const uint64_t now_us = port->ops->now_us(port);
    if (came || taken) last_us = now_us;
    if (got == size || (sent == n && now_us - last_us > 50000)) return got;
  }
}

static void fill(uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)draw();
}

enum { MANY = 20000 };
static uint8_t out[MANY], in[2 * MANY];

static const char *const boards[] = {"echo-uart", "echo-ft245"};
static const char *const chips[] = {"ft2232h", "ft232h", "ft231x"};

/* Every byte comes back, whatever the chip, several times in one session; the FT245 has no FT231X. */
START_TEST(test_all_bytes_come_back) {
  const char *board = boards[_i / 3];
  pl_sim_options options = plain(board);
  options.chip = chips[_i % 3];
  if (_i == 5) return;
  pl_port *port = open_board(options);
  for (int round = 0; round < 3; round++) {
    fill(out, MANY);
    const uint64_t begin_us = port->ops->now_us(port);
    const size_t got = echo(port, out, MANY, in, MANY);
    const double us = (double)(port->ops->now_us(port) - begin_us);
    ck_assert_uint_eq(got, MANY);
    ck_assert_mem_eq(in, out, MANY);
    ck_assert_uint_eq(port->receive_faults, 0);
    const double rate = MANY / us * 1e6;
    printf("%s %s: %.0f bytes/s each way, %.1f %% of the wire\n", board, options.chip, rate, 100 * rate / port->bytes_per_second);
  }
  port->ops->close(port);
}
END_TEST

int sc_unused;
int main(void) {
  const char *text = getenv("PL_SEED");
  seed = text ? strtoull(text, NULL, 0) : 1;
  printf("PL_SEED=%llu\n", (unsigned long long)seed);
  Suite *suite = suite_create("port_sim");
  TCase *tc = tcase_create("echo");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, test_all_bytes_come_back, 0, 3);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
