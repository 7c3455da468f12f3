/* front.c: what both front ends on a socket do alike: listen, take one peer at a time, unplug and plug in again. */
#define _GNU_SOURCE
#include "front_state.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int ftdi_front_listen(ftdi_front *front, const ftdi_front_ops *ops, ftdi_chip *chip, const char *path, char *why,
                      size_t why_size) {
  front->ops = ops;
  front->chip = chip;
  front->peer = front->listener = -1;
  front->unplug_at = UINT64_MAX;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    snprintf(why, why_size, "the path '%s' of the socket is longer than %zu bytes", path, sizeof address.sun_path - 1);
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path));
  memcpy(front->path, address.sun_path, sizeof front->path);
  front->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  unlink(path);
  if (front->listener < 0 || bind(front->listener, (struct sockaddr *)&address, sizeof address) ||
      listen(front->listener, 1)) {
    snprintf(why, why_size, "cannot listen on '%s': %s", path, strerror(errno));
    if (front->listener >= 0) close(front->listener);
    return -1;
  }
  return 0;
}

void ftdi_front_hang_up(ftdi_front *front) {
  if (front->peer < 0) return;
  close(front->peer);
  front->peer = -1;
  front->hung_up = 1;
  front->ops->dropped(front);
  ftdi_chip_power_up(front->chip);
}

void ftdi_front_close(ftdi_front *front) {
  if (!front) return;
  ftdi_front_hang_up(front);
  close(front->listener);
  unlink(front->path);
  front->ops->free(front);
}

int ftdi_front_read(ftdi_front *front, uint8_t *buf, int n) {
  const ssize_t got = recv(front->peer, buf, (size_t)n, MSG_DONTWAIT);
  if (got > 0) return (int)got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}
int ftdi_front_write(ftdi_front *front, const uint8_t *buf, int n) {
  const ssize_t sent = send(front->peer, buf, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return (int)sent;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

int ftdi_front_fd(const ftdi_front *front) { return front->peer >= 0 ? front->peer : front->listener; }
short ftdi_front_events(const ftdi_front *front) {
  if (front->peer < 0) return front->away ? 0 : POLLIN;
  return front->ops->events(front);
}
uint64_t ftdi_front_due(const ftdi_front *front) {
  if (front->away) return front->back_at_us;
  return front->peer < 0 ? UINT64_MAX : front->ops->due(front);
}
int ftdi_front_state(const ftdi_front *front) {
  if (front->peer >= 0 && !front->away) return 1;
  return front->hung_up && !front->away ? 2 : 0;
}

void ftdi_front_unplug_after(ftdi_front *front, uint64_t bytes, uint64_t away_us) {
  front->unplug_at = bytes;
  front->away_us = away_us;
}

static void unplug(ftdi_front *front, uint64_t now_us) {
  front->unplug_at = UINT64_MAX;
  front->away = 1;
  front->back_at_us = now_us + front->away_us;
  if (front->peer >= 0 && !front->ops->unplug(front)) ftdi_front_hang_up(front);
  ftdi_chip_power_up(front->chip);
}

void ftdi_front_step(ftdi_front *front, uint64_t now_us) {
  if (front->away && now_us >= front->back_at_us) {
    front->away = front->hung_up = 0;
    if (front->peer >= 0) front->ops->plug(front);
  }
  if (front->peer < 0 && !front->away) {
    front->peer = accept4(front->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (front->peer < 0) return;
    front->hung_up = 0;
    if (!front->ops->connected(front)) ftdi_front_hang_up(front);
  }
  if (front->peer >= 0) front->ops->serve(front, now_us);
  if (!front->away && front->bytes >= front->unplug_at) unplug(front, now_us);
}
