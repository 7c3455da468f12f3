/* stream.h: two byte streams over a wire that loses, damages and repeats bytes (docs/protocol.md). Private.
 *
 * A state machine without input and output of its own: the caller moves bytes, and says what time it is.
 *
 *   pl_stream_init(s, &setup);
 *   pl_stream_hello(s, id, now);                       host: begin a session
 *   for (;;) {
 *     n = pl_stream_compose(s, now, wire);             a frame for the wire, or 0: nothing to send
 *     pl_stream_receive(s, bytes, n, now);             what came from the wire
 *     pl_stream_tick(s, now);                          host: at pl_stream_due at the latest
 *     pl_stream_write, pl_stream_read                  what the streams carry
 *   }
 *
 * The host has all the clocks. A device (setup.is_device) never acts by itself: it is the other end of the tests,
 * written against the same document as rtl/link. It takes the session that a host begins; `restarted` tells.
 */
#ifndef PHOTOLANE_LINK_STREAM_H
#define PHOTOLANE_LINK_STREAM_H

#include "link/frame.h"

enum {
  PL_STREAM_RING_MAX = 1 << 15, /* numbers are modulo 2^16 */
  PL_STREAM_TRIES = 5,          /* time-outs without a good frame until the link is lost */
  PL_STREAM_COMPOSED_MAX = PL_FRAME_WIRE_MAX + 2,
};

typedef struct {
  int is_device;
  uint32_t send_ring;        /* bytes, a power of two, at most PL_STREAM_RING_MAX */
  uint32_t receive_ring;     /* the same */
  uint32_t window;           /* bytes that may come unread, at most receive_ring */
  uint32_t payload_max;      /* of a frame, 1..PL_FRAME_PAYLOAD_MAX */
  uint32_t bytes_per_second; /* of the wire; at least 1 */
} pl_stream_setup;

typedef enum {
  PL_STREAM_CLOSED,  /* no session */
  PL_STREAM_OPENING, /* host: HELLO is not answered yet */
  PL_STREAM_OPEN,
  PL_STREAM_SILENT,  /* host: no good frame after PL_STREAM_TRIES time-outs */
  PL_STREAM_TAKEN,   /* host: another host has begun a session */
  PL_STREAM_FOREIGN, /* host: the device speaks another version of the protocol */
} pl_stream_state;

/* Since pl_stream_init. */
typedef struct {
  uint64_t frames_sent, frames_good, frames_bad;
  uint64_t gaps, repetitions, naks_sent, naks_got;
  uint64_t timeouts, early; /* early: questions before the time-out */
  uint64_t payload_sent, payload_resent, payload_taken; /* bytes */
} pl_stream_counters;

typedef struct {
  pl_stream_setup setup;
  pl_stream_state state;
  uint32_t session;
  uint8_t other_version; /* with PL_STREAM_FOREIGN */
  int restarted;         /* device: a new session has begun; whoever has seen it sets it back */
  pl_stream_counters counters;

  pl_frame_decoder decoder;
  /* Numbers of the stream that is sent: acknowledged <= next <= furthest <= end; the other side takes those below
   * limit. */
  uint16_t acknowledged, next, furthest, end, limit;
  uint32_t cut;          /* payload that a frame may have now, at most setup.payload_max */
  uint32_t peer_ring;    /* bytes of the other side's receive buffer, by its first limit */
  uint16_t expected, consumed, told_limit; /* of the stream that is received */
  int hello_due, answer_due, nak_due;
  int nak_told; /* a NAK for `expected` has been asked for; host: until the time-out, device: until a good frame */
  uint16_t went_back_to; /* host: NAKs for this number are echoes of what was on its way until ... */
  uint64_t echo_until_us;

  uint64_t awaited;      /* host: bytes of answers that must still come */
  uint64_t since_us;     /* host: of the last progress or time-out while something was outstanding */
  int waiting, tries;
  int early;             /* the early question has been asked since the last progress */
  int heard;             /* a good frame since the last time-out */

  uint8_t send[PL_STREAM_RING_MAX], receive[PL_STREAM_RING_MAX];
} pl_stream;

void pl_stream_init(pl_stream *s, const pl_stream_setup *setup);

/* Host: begins a session: drops what was in the streams. id: random, not 0. */
void pl_stream_hello(pl_stream *s, uint32_t id, uint64_t now_us);

/* Host: ends the session. Returns the bytes of a last frame for the wire. */
size_t pl_stream_bye(pl_stream *s, uint8_t wire[PL_STREAM_COMPOSED_MAX]);

/* Takes n bytes from the wire. */
void pl_stream_receive(pl_stream *s, const uint8_t *bytes, size_t n, uint64_t now_us);

/* The next frame for the wire; returns its bytes, or 0. What it returns must go out, in order, before the next. */
size_t pl_stream_compose(pl_stream *s, uint64_t now_us, uint8_t wire[PL_STREAM_COMPOSED_MAX]);

/* Host: when pl_stream_tick must be called, UINT64_MAX: not before something changes; and the call. */
uint64_t pl_stream_due(const pl_stream *s);
void pl_stream_tick(pl_stream *s, uint64_t now_us);

/* Puts bytes into the stream; returns how many found room. */
size_t pl_stream_write(pl_stream *s, const uint8_t *bytes, size_t n);
size_t pl_stream_room(const pl_stream *s);

/* Host: n more bytes of answers are awaited. */
void pl_stream_await(pl_stream *s, uint64_t n);

/* Takes bytes out of the stream; returns how many there were, at most n. */
size_t pl_stream_read(pl_stream *s, uint8_t *bytes, size_t n);
size_t pl_stream_available(const pl_stream *s);

/* 1: all that was written has been acknowledged. */
static inline int pl_stream_delivered(const pl_stream *s) { return s->acknowledged == s->end; }

/* The time-out of the host, microseconds. */
uint64_t pl_stream_timeout_us(const pl_stream *s);

#endif
