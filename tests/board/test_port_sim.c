/* test_port_sim.c: host/link/port_sim.c and the simulated board behind it, down to the pins, with chips that only echo
 * (tests/board/rtl): no frames, no protocol, so that every byte that a fault touches shows.
 *
 * Times are simulated: a time-out costs nothing. PL_SEED=N draws other bytes and faults. */
#define _GNU_SOURCE
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device/backend.h"
#include "link/port.h"

static uint64_t seed, state;
static uint64_t draw(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

enum { MANY = 20000 };
static uint8_t out[MANY], in[2 * MANY];
static void fill(void) {
  state = seed;
  for (size_t i = 0; i < MANY; i++) out[i] = (uint8_t)draw();
}

static pl_sim_options plain(const char *board) {
  return (pl_sim_options){.board = board, .shape = "", .kind = "", .chip = "", .seed = seed};
}

/* The boards: the first byte tells echo-ft245 which rule to break; none, if not said otherwise. */
static const char *const boards[] = {"echo-uart", "echo-ft245"};
static int is_fifo(const char *board) { return strstr(board, "ft245") != NULL; }

static pl_port *open_board(const pl_sim_options *options) {
  pl_port *port;
  pl_error err;
  fill();
  ck_assert_msg(!pl_port_sim_open(options, &port, &err), "%s", err.text);
  return port;
}

static pl_status break_rule(pl_port *port, uint8_t rule, pl_error *err) {
  size_t taken, got;
  pl_status status = port->ops->write(port, &rule, 1, &taken, err);
  return status ? status : port->ops->read(port, in, sizeof in, 1000, &got, err);
}

typedef struct {
  size_t sent, got;
  pl_status status;
  pl_error err;
} result;

/* Sends n bytes while it reads what comes, until `size` have come, or nothing has for 6 ms, or something fails. */
static result echo(pl_port *port, size_t n, size_t size) {
  result r = {0};
  uint64_t last_us = port->ops->now_us(port);
  for (;;) {
    size_t taken = 0, came = 0;
    if ((r.status = port->ops->write(port, out + r.sent, n - r.sent, &taken, &r.err))) return r;
    r.sent += taken;
    if ((r.status = port->ops->read(port, in + r.got, size - r.got, 3000, &came, &r.err))) return r;
    r.got += came;
    const uint64_t now_us = port->ops->now_us(port);
    if (came || taken) last_us = now_us;
    if (r.got == size || (r.sent == n && now_us - last_us > 6000)) return r;
  }
}

static void check_echo(pl_port *port) {
  const result r = echo(port, MANY, MANY);
  ck_assert_msg(!r.status, "%s", r.err.text);
  ck_assert_uint_eq(r.got, MANY);
  ck_assert_mem_eq(in, out, MANY);
}

static pl_port *open_echo(const pl_sim_options *options) {
  pl_port *port = open_board(options);
  pl_error err;
  if (is_fifo(options->board)) ck_assert_msg(!break_rule(port, 0, &err), "%s", err.text);
  return port;
}

/* Every byte comes back, whatever the chip, several times in one session, at the rate of the wire. */
START_TEST(test_all_bytes_come_back) {
  static const char *const chips[] = {"ft2232h", "ft232h", "ft231x"};
  pl_sim_options options = plain(boards[_i / 3]);
  options.chip = chips[_i % 3];
  if (_i == 5) { /* an FT231X has no FIFO */
    pl_port *none;
    pl_error err;
    ck_assert_int_eq(pl_port_sim_open(&options, &none, &err), PL_E_INPUT);
    ck_assert_msg(strstr(err.text, "FT231X"), "%s", err.text);
    ck_assert_ptr_null(none);
    return;
  }
  pl_port *port = open_echo(&options);
  for (int round = 0; round < 3; round++) {
    const uint64_t begin_us = port->ops->now_us(port);
    check_echo(port);
    const double rate = MANY / (double)(port->ops->now_us(port) - begin_us) * 1e6;
    const double part = rate / port->bytes_per_second * (is_fifo(options.board) ? 2 : 1); /* one direction at a time */
    printf("%s, %s: %.0f bytes/s each way, %.1f %% of the wire\n", options.board, options.chip, rate, 100 * part);
    ck_assert_double_ge(part, 0.9);
  }
  ck_assert_uint_eq(port->receive_faults, 0);
  port->ops->close(port);
}
END_TEST

/* Pauses of TXE#, RXF#, CLKOUT or CTS cost time and nothing else. */
START_TEST(test_stalls) {
  pl_sim_options options = plain(boards[_i]);
  options.stalls = 1;
  pl_port *port = open_echo(&options);
  for (int round = 0; round < 3; round++) check_echo(port);
  ck_assert_uint_eq(port->receive_faults, 0);
  port->ops->close(port);
}
END_TEST

/* One fault at a time: how many bytes fail is what the chance says, both ways together. */
START_TEST(test_faults) {
  const char *board = boards[_i % 2];
  pl_sim_options options = plain(board);
  const double chance = 0.01;
  if (_i / 2 == 0) options.drop = chance;
  if (_i / 2 == 1) options.duplicate = chance;
  if (_i / 2 == 2) options.corrupt = chance;
  pl_port *port = open_echo(&options);
  const result r = echo(port, MANY, sizeof in);
  ck_assert_msg(!r.status, "%s", r.err.text);
  const double expected = 2 * chance * MANY, six_sigma = 6 * 20;
  double seen = 0;
  if (_i / 2 == 0) seen = MANY - (double)r.got;
  if (_i / 2 == 1) seen = (double)r.got - MANY;
  if (_i / 2 == 2) {
    ck_assert_uint_eq(r.got, MANY);
    for (int i = 0; i < MANY; i++) seen += in[i] != out[i];
  }
  printf("%s, fault %d: %.0f bytes, expected %.0f\n", board, _i / 2, seen, expected);
  ck_assert_double_ge(seen, expected - six_sigma);
  ck_assert_double_le(seen, expected + six_sigma);
  port->ops->close(port);
}
END_TEST

/* The same seed gives the same faults and times, another one others. */
START_TEST(test_reproducible) {
  static uint8_t first[sizeof in];
  result r[3];
  uint64_t us[3];
  for (int run = 0; run < 3; run++) {
    pl_sim_options options = plain(boards[_i]);
    options.drop = options.corrupt = options.duplicate = 0.003;
    options.stalls = 1;
    options.seed = seed + (run == 2);
    pl_port *port = open_echo(&options);
    r[run] = echo(port, MANY, sizeof in);
    us[run] = port->ops->now_us(port);
    port->ops->close(port);
    if (!run) memcpy(first, in, sizeof in);
    if (run == 1) ck_assert_mem_eq(in, first, r[0].got);
  }
  ck_assert_uint_eq(r[0].got, r[1].got);
  ck_assert_uint_eq(us[0], us[1]);
  ck_assert(r[2].got != r[0].got || memcmp(in, first, r[0].got));
}
END_TEST

/* Every broken rule is found, and named with its time. */
START_TEST(test_rules) {
  static const char *const said[] = {NULL, "OE# must be low a clock before RD#", "WR# went low before TXE# had been low",
                                     "D is driven by both", "no idle clock", "nothing drives D", "WR# is low while OE# is low"};
  pl_sim_options options = plain("echo-ft245");
  options.stalls = 1; /* so that TXE# is high now and then */
  pl_port *port = open_board(&options);
  result r = {0};
  r.status = break_rule(port, (uint8_t)_i, &r.err);
  if (!r.status) r = echo(port, MANY, MANY);
  ck_assert_int_eq(r.status, PL_E_IO);
  ck_assert_msg(strstr(r.err.text, said[_i]) && strstr(r.err.text, " ns: "), "%s", r.err.text);
  size_t got;
  ck_assert_int_eq(port->ops->read(port, in, 1, 0, &got, &r.err), PL_E_IO); /* the board is gone */
  port->ops->close(port);
}
END_TEST

START_TEST(test_rule_before_clkout) {
  pl_sim_options options = plain("echo-ft245-at-once");
  pl_port *port;
  pl_error err;
  pl_status status = pl_port_sim_open(&options, &port, &err);
  if (!status) {
    status = break_rule(port, 0, &err);
    port->ops->close(port);
  }
  ck_assert_int_eq(status, PL_E_IO);
  ck_assert_msg(strstr(err.text, "before CLKOUT runs"), "%s", err.text);
}
END_TEST

/* No rule is broken by a chip that takes a refused byte as written; but the pauses make it lose bytes. */
START_TEST(test_lost_at_txe) {
  pl_sim_options options = plain("echo-ft245");
  options.stalls = 1;
  pl_port *port = open_board(&options);
  pl_error err;
  ck_assert(!break_rule(port, 7, &err));
  const result r = echo(port, MANY, sizeof in);
  ck_assert_msg(!r.status, "%s", r.err.text);
  ck_assert_uint_lt(r.got, MANY);
  port->ops->close(port);
}
END_TEST

/* ---- A board with more options: a script of the same name in another folder. ---- */

static char folder[64];
static void with_options(const char *name, const char *board, const char *arguments) {
  pl_search_path path;
  pl_search_dirs(PL_SEARCH_BOARDS, &path);
  snprintf(folder, sizeof folder, "/tmp/photolane-boards-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  char file[200];
  snprintf(file, sizeof file, "%s/photolane-board-%s", folder, name);
  FILE *script = fopen(file, "w");
  ck_assert_ptr_nonnull(script);
  fprintf(script, "#!/bin/sh\nexec '%s/photolane-board-%s' %s \"$@\"\n", path.dir[0], board, arguments);
  fclose(script);
  ck_assert(!chmod(file, 0755));
  setenv("PHOTOLANE_BOARDS", folder, 1);
}
static void without_options(void) {
  unsetenv("PHOTOLANE_BOARDS");
  char command[100];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  ck_assert(!system(command));
}

/* Running ahead of the simulation kernel changes nothing: not a byte, not the time of one. */
START_TEST(test_exact) {
  static uint8_t first[sizeof in];
  size_t got[2];
  uint64_t us[2];
  for (int exact = 0; exact < 2; exact++) {
    if (exact) with_options(boards[_i % 2], boards[_i % 2], "--exact");
    pl_sim_options options = plain(boards[_i % 2]);
    options.stalls = _i / 2;
    options.corrupt = options.drop = _i / 2 ? 0.002 : 0;
    pl_port *port = open_echo(&options);
    const result r = echo(port, MANY / 8, sizeof in);
    got[exact] = r.got;
    us[exact] = port->ops->now_us(port);
    port->ops->close(port);
    if (!exact) memcpy(first, in, sizeof in);
    else without_options();
  }
  ck_assert_uint_eq(got[0], got[1]);
  ck_assert_uint_eq(us[0], us[1]);
  ck_assert_mem_eq(first, in, got[0]);
}
END_TEST

/* Outputs that come too late for CLKOUT: 16.67 ns less 7.5 ns of set-up leave 9.17 ns. */
START_TEST(test_clock_to_out) {
  with_options("echo-ft245", "echo-ft245", _i ? "--clock-to-out 9200" : "--clock-to-out 9100");
  pl_sim_options options = plain("echo-ft245");
  pl_port *port = open_board(&options);
  result r = {0};
  r.status = break_rule(port, 0, &r.err);
  if (!r.status) r = echo(port, MANY, MANY);
  without_options();
  ck_assert_int_eq(r.status, _i ? PL_E_IO : PL_OK);
  if (_i) ck_assert_msg(strstr(r.err.text, "7.5 ns"), "%s", r.err.text);
  port->ops->close(port);
}
END_TEST

/* ---- Lost boards and hosts ---- */

/* Unplugged once: PL_E_NODEV until the board is there again; its clock goes on, and what was under way is gone. */
START_TEST(test_unplug) {
  pl_sim_options options = plain(boards[_i]);
  options.unplug_after = 7000;
  pl_port *port = open_echo(&options);
  result r = echo(port, MANY, MANY);
  ck_assert_int_eq(r.status, PL_E_NODEV);
  const uint64_t before_us = port->ops->now_us(port);
  size_t n;
  pl_error err;
  ck_assert_int_eq(port->ops->write(port, out, 1, &n, &err), PL_E_NODEV);
  ck_assert_int_eq(port->ops->read(port, in, 1, 0, &n, &err), PL_E_NODEV);
  int tries = 0;
  pl_status status;
  while ((status = port->ops->reopen(port, &err)) == PL_E_NODEV && ++tries < 100) {}
  ck_assert_msg(!status, "%s", err.text);
  ck_assert_int_gt(tries, 0);
  ck_assert_uint_gt(port->ops->now_us(port), before_us);
  if (_i) ck_assert(!break_rule(port, 0, &err));
  check_echo(port);
  port->ops->close(port);
}
END_TEST

/* The children of this process that have not been waited for: none may stay. */
static int children(pid_t *child) {
  char file[100];
  snprintf(file, sizeof file, "/proc/self/task/%d/children", getpid());
  FILE *list = fopen(file, "r");
  ck_assert_ptr_nonnull(list);
  int count = 0;
  for (int pid; fscanf(list, "%d", &pid) == 1; count++) *child = pid;
  fclose(list);
  return count;
}

START_TEST(test_killed_board) {
  pl_sim_options options = plain(boards[_i]);
  pl_port *port = open_echo(&options);
  pid_t board = 0;
  ck_assert_int_eq(children(&board), 1);
  kill(board, SIGKILL);
  const result r = echo(port, MANY, MANY);
  ck_assert_int_eq(r.status, PL_E_IO);
  ck_assert_msg(strstr(r.err.text, "killed by signal 9"), "%s", r.err.text);
  ck_assert_int_eq(children(&board), 0);
  port->ops->close(port);
}
END_TEST

START_TEST(test_closed_board_is_no_zombie) {
  pl_sim_options options = plain(boards[_i]);
  pl_port *port = open_echo(&options);
  port->ops->close(port);
  pid_t board;
  ck_assert_int_eq(children(&board), 0);
}
END_TEST

/* A host that is killed in the middle of a long wait takes its board with it. */
START_TEST(test_killed_host) {
  int pipe_to_us[2];
  ck_assert(!pipe(pipe_to_us));
  const pid_t host = fork();
  if (!host) {
    pl_sim_options options = plain(boards[_i]);
    pl_port *port = open_board(&options);
    pid_t board = 0;
    children(&board);
    if (write(pipe_to_us[1], &board, sizeof board) != sizeof board) _exit(1);
    size_t got;
    pl_error err;
    port->ops->read(port, in, 1, UINT64_MAX, &got, &err); /* nothing will ever come */
    _exit(0);
  }
  pid_t board = 0;
  ck_assert_int_eq(read(pipe_to_us[0], &board, sizeof board), sizeof board);
  ck_assert_int_gt(board, 0);
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  ck_assert(!kill(board, 0));
  kill(host, SIGKILL);
  waitpid(host, NULL, 0);
  char file[64], text[200] = "";
  snprintf(file, sizeof file, "/proc/%d/stat", board);
  int ms = 0; /* it may stay a zombie of init for a while */
  for (; ms < 10000; ms += 10) {
    FILE *stat = fopen(file, "r");
    if (!stat) break;
    if (!fgets(text, sizeof text, stat)) text[0] = 0;
    fclose(stat);
    if (strstr(text, ") Z ")) break;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
  ck_assert_int_lt(ms, 10000);
}
END_TEST

START_TEST(test_no_such_board) {
  pl_sim_options options = plain("uart");
  options.kind = "coherent";
  options.shape = "63x63x4";
  pl_port *port;
  pl_error err;
  ck_assert_int_eq(pl_port_sim_open(&options, &port, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, "make boards BOARDS=uart KINDS=coherent SHAPES=63x63x4"), "%s", err.text);
}
END_TEST

START_TEST(test_no_such_waveform) {
  static const char *const file[] = {"x.wlf", "x.fst"}, *const said[] = {"ends in .vcd", "make boards TRACED=1"};
  pl_sim_options options = plain("echo-uart");
  options.trace = file[_i];
  if (_i) options.board = "echo-ft245-at-once"; /* never traced */
  pl_port *port;
  pl_error err;
  ck_assert_int_eq(pl_port_sim_open(&options, &port, &err), PL_E_INPUT);
  ck_assert_msg(strstr(err.text, said[_i]), "%s", err.text);
}
END_TEST

/* A waveform of the pins: a VCD in which TXD moves. */
START_TEST(test_vcd) {
  char file[] = "/tmp/photolane-XXXXXX.vcd";
  const int fd = mkstemps(file, 4);
  ck_assert_int_ge(fd, 0);
  close(fd);
  pl_sim_options options = plain(boards[_i]);
  options.trace = file;
  pl_port *port = open_echo(&options);
  const result r = echo(port, 100, 100);
  ck_assert_uint_eq(r.got, 100);
  port->ops->close(port);
  FILE *vcd = fopen(file, "r");
  char line[200], id[20] = "";
  int changes = 0;
  while (fgets(line, sizeof line, vcd)) {
    if (strstr(line, _i ? " wr_n " : " txd ")) sscanf(line, "$var wire 1 %19s", id);
    if ((*line == '0' || *line == '1') && *id && !strncmp(line + 1, id, strlen(id))) changes++;
  }
  fclose(vcd);
  unlink(file);
  ck_assert_int_gt(changes, _i ? 2 : 200);
}
END_TEST

int main(void) {
  const char *text = getenv("PL_SEED");
  seed = text ? strtoull(text, NULL, 0) : 1;
  printf("PL_SEED=%llu\n", (unsigned long long)seed);
  Suite *suite = suite_create("port_sim");
  TCase *tc = tcase_create("port_sim");
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, test_all_bytes_come_back, 0, 6);
  tcase_add_loop_test(tc, test_stalls, 0, 2);
  tcase_add_loop_test(tc, test_faults, 0, 6);
  tcase_add_loop_test(tc, test_reproducible, 0, 2);
  tcase_add_loop_test(tc, test_rules, 1, 7);
  tcase_add_test(tc, test_rule_before_clkout);
  tcase_add_test(tc, test_lost_at_txe);
  tcase_add_loop_test(tc, test_exact, 0, 4);
  tcase_add_loop_test(tc, test_clock_to_out, 0, 2);
  tcase_add_loop_test(tc, test_unplug, 0, 2);
  tcase_add_loop_test(tc, test_killed_board, 0, 2);
  tcase_add_loop_test(tc, test_closed_board_is_no_zombie, 0, 2);
  tcase_add_loop_test(tc, test_killed_host, 0, 2);
  tcase_add_test(tc, test_no_such_board);
  tcase_add_loop_test(tc, test_no_such_waveform, 0, 2);
  tcase_add_loop_test(tc, test_vcd, 0, 2);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
