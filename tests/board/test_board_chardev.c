/* test_board_chardev.c: a board beside real time, its UART's bytes on a unix socket: what QEMU's usb-serial talks to. Behind it a chip that
 * echoes. Bytes come back at the rate of the UART in real time, and the board ends with its peer.
 */
#define _GNU_SOURCE
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device/backend.h"

enum { BYTES = 4000, BAUD = 120000, CLOCK_KHZ = 480 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Connects to the socket as soon as it is there. */
static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  for (int ms = 0; ms < 10000; ms += 10) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (!connect(fd, (struct sockaddr *)&address, sizeof address)) return fd;
    close(fd);
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
  return -1;
}

START_TEST(test_echo_in_real_time) {
  char folder[] = "/tmp/photolane-XXXXXX", path[100], program[PL_PATH_MAX + 40], clock[20];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/s", folder);
  pl_search_path boards;
  pl_search_dirs(PL_SEARCH_BOARDS, &boards);
  snprintf(program, sizeof program, "%s/photolane-board-echo-uart", boards.dir[0]);
  snprintf(clock, sizeof clock, "%d", CLOCK_KHZ);
  const pid_t board = fork();
  if (!board) {
    execl(program, program, "--chardev", path, "--clock-khz", clock, (char *)NULL);
    _exit(127);
  }
  const int fd = connect_to(path);
  ck_assert_int_ge(fd, 0);
  static uint8_t out[BYTES], in[BYTES];
  for (int i = 0; i < BYTES; i++) out[i] = (uint8_t)rand();
  const double begin = seconds();
  ck_assert_int_eq(write(fd, out, BYTES), BYTES);
  for (int got = 0; got < BYTES;) {
    const ssize_t n = read(fd, in + got, (size_t)(BYTES - got));
    ck_assert_int_gt(n, 0);
    got += (int)n;
  }
  const double took = seconds() - begin, least = BYTES * 10.0 / BAUD;
  ck_assert_mem_eq(in, out, BYTES);
  printf("%d bytes at %d baud: %.2f s, of the wire %.2f s\n", BYTES, BAUD, took, least);
  ck_assert_double_ge(took, 0.9 * least); /* a busy machine may make it longer */
  close(fd);
  int status = -1;
  ck_assert_int_eq(waitpid(board, &status, 0), board);
  ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_assert(!rmdir(folder));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("board_chardev");
  TCase *tc = tcase_create("board_chardev");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, test_echo_in_real_time);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
