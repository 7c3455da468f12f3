/* front_state.h: what the two front ends on a socket share. Private to front.c, usbredir.c and chardev.c. */
#ifndef PHOTOLANE_FTDI_FRONT_STATE_H
#define PHOTOLANE_FTDI_FRONT_STATE_H

#include "front.h"

typedef struct {
  int (*connected)(ftdi_front *);            /* a peer has come; 0: refuse it */
  void (*dropped)(ftdi_front *);             /* the peer has gone: forget what it had under way */
  void (*serve)(ftdi_front *, uint64_t now); /* reads, answers; calls ftdi_front_hang_up when the peer has gone */
  int (*unplug)(ftdi_front *);               /* 1: tells the peer; 0: it cannot be told, hang up */
  void (*plug)(ftdi_front *);
  short (*events)(const ftdi_front *);
  uint64_t (*due)(const ftdi_front *);
  void (*free)(ftdi_front *);
} ftdi_front_ops;

struct ftdi_front {
  const ftdi_front_ops *ops;
  ftdi_chip *chip;
  int listener, peer;                      /* descriptors; peer -1: none */
  int hung_up;                             /* the last peer has gone */
  int away;                                /* unplugged */
  uint64_t bytes;                          /* data bytes so far, both ways */
  uint64_t unplug_at, away_us, back_at_us; /* unplug_at: UINT64_MAX never */
  char path[108];
};

/* Fills *front and listens. 0, or -1 and `why`. */
int ftdi_front_listen(ftdi_front *front, const ftdi_front_ops *ops, ftdi_chip *chip, const char *path, char *why,
                      size_t why_size);
void ftdi_front_hang_up(ftdi_front *);

/* Bytes read or written without waiting, 0: not now, -1: the peer has gone. */
int ftdi_front_read(ftdi_front *, uint8_t *buf, int n);
int ftdi_front_write(ftdi_front *, const uint8_t *buf, int n);

#endif
