/* session.h: what device.c (sessions, the pump) and commands.c (commands, answers) share of a pl_link. Private to
 * host/link. */
#ifndef PHOTOLANE_LINK_SESSION_H
#define PHOTOLANE_LINK_SESSION_H

#include "link/device.h"

enum { ANSWERS_MAX = 64, COUNTER_WORDS = PL_DEVICE_FRAMES - PL_DEVICE_RUN_CYCLES };

enum pl_link_command {
  PL_CMD_ECHO = 1,
  PL_CMD_WRITE,
  PL_CMD_READ,
  PL_CMD_LOAD,
  PL_CMD_RUN,
  PL_CMD_CLEAR,
  PL_CMD_REFUSED = 0xee
};

/* An answer that must still come. */
typedef struct {
  uint8_t command;
  uint64_t left;     /* bytes behind its number */
  uint64_t clocks;   /* of the array, posted up to here */
  uint32_t *words;   /* READ: where the next one goes */
  const uint8_t *bytes; /* ECHO: what must come next */
  int32_t *c;        /* RUN: results, of rows x cols, in groups */
  ptrdiff_t ldc;
  int rows, cols, i, j, group_i, group_j;
  void (*done)(void *);
  void (*counted)(void *, const pl_link_counts *);
  void *context;
} pl_answer;

struct pl_link {
  pl_port *port;
  pl_link_info info;
  pl_stream stream;
  pl_error failure;  /* status PL_OK: the session goes on */
  int unplugged;     /* the port wants to be opened again */
  uint64_t bytes_out, bytes_in, sessions;

  uint8_t out[PL_STREAM_COMPOSED_MAX]; /* a frame on its way into the port */
  size_t out_size, out_at;

  pl_answer answer[ANSWERS_MAX];
  unsigned first, count;      /* of those that must still come */
  int begun;                  /* the number of the first has come */
  uint8_t partial[4];         /* bytes of a word */
  unsigned have;
  uint64_t clocks, clocks_done; /* of the array: posted, and answered */
  uint64_t moved_us;          /* when the link last got on */
  uint16_t moved_ack, moved_expected;

  pl_image held;              /* the registers of the device, as far as known */
  uint8_t known[PL_REG_WORDS];
  pl_model_regs regs;         /* of `held` */
  uint32_t counter_words[COUNTER_WORDS];
  pl_link_counts counted;     /* at the last READ of the counters */
};

/* Ends the session with a sentence; returns its status. */
pl_status pl_link_lose(pl_link *l, pl_error *err, pl_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Moves bytes both ways and serves answers; waits at most wait_us for something to come. */
pl_status pl_link_pump(pl_link *l, uint64_t wait_us, pl_error *err);

/* Puts what has come where it belongs. */
pl_status pl_link_serve(pl_link *l, pl_error *err);

/* Puts bytes of a command into the stream. */
pl_status pl_link_post(pl_link *l, const uint8_t *bytes, size_t n, pl_error *err);

#endif
