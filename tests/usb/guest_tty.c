/* guest_tty.c: the chip model in the eyes of Linux' own driver, ftdi_sio: runs in the virtual machine of `make
 * check-usb`.
 *
 * /dev/ttyUSB0 is a loop-back: rates, the latency timer by sysfs, an echo. The driver's divisors are checked by what
 * the model makes of them, which the other side of the socket prints. Closes with "N passed, N failed".
 */
#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int passed, failed;
static void check(int ok, const char *what) {
  if (ok) passed++;
  else failed++;
  if (!ok) printf("FAILED %s\n", what);
}

static int set_rate(int tty, unsigned baud) {
  struct termios2 t;
  if (ioctl(tty, TCGETS2, &t)) return -1;
  t.c_iflag = t.c_oflag = t.c_lflag = 0;
  t.c_cflag = CS8 | CREAD | CLOCAL | BOTHER;
  t.c_cc[VMIN] = 0;
  t.c_cc[VTIME] = 0;
  t.c_ispeed = t.c_ospeed = baud;
  return ioctl(tty, TCSETS2, &t);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  int tty = -1;
  for (int i = 0; i < 200 && tty < 0; i++) {
    tty = open("/dev/ttyUSB0", O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (tty < 0) usleep(50000);
  }
  check(tty >= 0, "opening /dev/ttyUSB0");
  check(set_rate(tty, argc > 1 ? (unsigned)atoi(argv[1]) : 3000000) == 0, "setting the rate");
  FILE *f = fopen("/sys/bus/usb-serial/devices/ttyUSB0/latency_timer", "r+");
  int latency = 0;
  check(f && fscanf(f, "%d", &latency) == 1 && latency > 0, "reading the latency timer");
  if (f) {
    rewind(f);
    fprintf(f, "3\n");
    fflush(f);
    rewind(f);
    check(fscanf(f, "%d", &latency) == 1 && latency == 3, "setting the latency timer");
    fclose(f);
  }
  enum { N = 200000 };
  static unsigned char sent[N], back[N];
  for (int i = 0; i < N; i++) sent[i] = (unsigned char)(i * 31 + i / 256);
  int written = 0, got = 0;
  for (int idle = 0; got < N && idle < 100;) {
    struct pollfd p = {tty, (short)(POLLIN | (written < N && written - got < 4000 ? POLLOUT : 0)), 0};
    if (poll(&p, 1, 100) <= 0) {
      idle++;
      continue;
    }
    if (p.revents & POLLOUT) {
      const int room = N - written < 1000 ? N - written : 1000;
      const ssize_t n = write(tty, sent + written, (size_t)room);
      if (n > 0) written += (int)n;
    }
    if (p.revents & POLLIN) {
      const ssize_t n = read(tty, back + got, (size_t)(N - got));
      if (n > 0) got += (int)n;
    }
  }
  check(got == N, "all bytes come back");
  check(memcmp(sent, back, N) == 0, "the bytes come back as they were");
  if (tty >= 0) close(tty);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
