/* stream.c: see stream.h. All comparisons of stream numbers are of differences modulo 2^16. */
#include "link/stream.h"

#include <string.h>

/* A frame that is lost costs less if it was short, so losses halve the payload, and what arrives lets it grow again. */
enum { CUT_LEAST = 64, CUT_GROWTH = 8 };

enum { TIMEOUT_BASE_US = 20000, TIMEOUT_BUFFERS = 4, EARLY = 5, HELLO_WINDOW = 2048, ID_BYTES = 4 };

static uint16_t distance(uint16_t from, uint16_t to) { return (uint16_t)(to - from); }

/* ---- Sessions ---- */

static void reset_numbers(pl_stream *s) {
  s->acknowledged = s->next = s->furthest = s->end = s->limit = 0;
  s->expected = s->consumed = 0;
  s->told_limit = (uint16_t)s->setup.window;
  s->hello_due = s->answer_due = s->nak_due = s->nak_told = 0;
  s->echo_until_us = 0;
  s->awaited = 0;
  s->waiting = s->tries = s->heard = 0;
}

void pl_stream_init(pl_stream *s, const pl_stream_setup *setup) {
  memset(s, 0, sizeof *s);
  s->setup = *setup;
  s->cut = PL_FRAME_PAYLOAD_MAX;
  reset_numbers(s);
}

void pl_stream_hello(pl_stream *s, uint32_t id, uint64_t now_us) {
  reset_numbers(s);
  s->session = id;
  s->state = PL_STREAM_OPENING;
  s->peer_ring = 0;
  s->hello_due = 1;
  s->waiting = 1;
  s->since_us = now_us;
}

static uint16_t window_end(const pl_stream *s) { return (uint16_t)(s->consumed + s->setup.window); }

static size_t compose_hello(pl_stream *s, uint32_t id, uint8_t *wire) {
  uint8_t payload[ID_BYTES];
  pl_put32(payload, id);
  const pl_frame frame = {.flags = PL_FRAME_HELLO, .limit = window_end(s), .size = ID_BYTES, .payload = payload};
  wire[0] = wire[1] = 0; /* ends whatever was on the wire before */
  s->counters.frames_sent++;
  s->told_limit = window_end(s);
  return 2 + pl_frame_encode(&frame, 0, wire + 2);
}

size_t pl_stream_bye(pl_stream *s, uint8_t wire[PL_STREAM_COMPOSED_MAX]) {
  reset_numbers(s);
  s->state = PL_STREAM_CLOSED;
  s->session = 0;
  return compose_hello(s, 0, wire);
}

/* ---- What is sent ---- */

uint64_t pl_stream_timeout_us(const pl_stream *s) {
  const uint32_t window = s->state == PL_STREAM_OPENING && s->setup.window > HELLO_WINDOW ? HELLO_WINDOW : s->setup.window;
  const uint64_t bytes = (uint64_t)TIMEOUT_BUFFERS * (window + s->peer_ring);
  return TIMEOUT_BASE_US + bytes * 1000000 / s->setup.bytes_per_second;
}

size_t pl_stream_room(const pl_stream *s) { return s->setup.send_ring - distance(s->acknowledged, s->end); }

size_t pl_stream_write(pl_stream *s, const uint8_t *bytes, size_t n) {
  const size_t room = pl_stream_room(s), ring = s->setup.send_ring;
  if (n > room) n = room;
  const size_t at = s->end & (ring - 1), first = n < ring - at ? n : ring - at;
  memcpy(s->send + at, bytes, first);
  memcpy(s->send, bytes + first, n - first);
  s->end = (uint16_t)(s->end + n);
  return n;
}

void pl_stream_await(pl_stream *s, uint64_t n) { s->awaited += n; }

/* Bytes of payload that the next frame may carry. Not a few only because there is credit for no more: such crumbs would
 * come back as crumbs of credit. What waits in the other side's buffer then, half of it at least, brings credit. */
static size_t payload_now(const pl_stream *s) {
  size_t wanted = distance(s->next, s->end);
  const size_t most = s->cut < s->setup.payload_max ? s->cut : s->setup.payload_max;
  if (wanted > most) wanted = most;
  const uint16_t credit = distance(s->next, s->limit);
  if (credit > PL_STREAM_RING_MAX) return 0;
  if (credit >= wanted) return wanted;
  return credit < s->peer_ring / 4 ? 0 : credit;
}

static void progress(pl_stream *s, uint64_t now_us) {
  s->since_us = now_us;
  s->early = 0;
}

static void go_back(pl_stream *s) {
  if (s->next != s->acknowledged && s->cut > CUT_LEAST) s->cut /= 2;
  s->next = s->acknowledged;
}

size_t pl_stream_compose(pl_stream *s, uint64_t now_us, uint8_t wire[PL_STREAM_COMPOSED_MAX]) {
  if (s->hello_due) {
    s->hello_due = 0;
    return compose_hello(s, s->session, wire);
  }
  if (s->state != PL_STREAM_OPEN) return 0;
  uint8_t payload[PL_FRAME_PAYLOAD_MAX];
  const size_t n = payload_now(s), ring = s->setup.send_ring;
  if (!n && !s->answer_due && !s->nak_due) return 0;
  const size_t at = s->next & (ring - 1), first = n < ring - at ? n : ring - at;
  memcpy(payload, s->send + at, first);
  memcpy(payload + first, s->send, n - first);
  const pl_frame frame = {.flags = s->nak_due ? PL_FRAME_NAK : 0, .seq = s->next, .ack = s->expected,
                          .limit = window_end(s), .size = n, .payload = payload};
  s->counters.frames_sent++;
  s->counters.naks_sent += (uint64_t)s->nak_due;
  s->told_limit = frame.limit;
  s->answer_due = s->nak_due = 0;
  if (n) {
    const uint16_t fresh_from = distance(s->next, s->furthest); /* what has been sent before */
    s->counters.payload_sent += n;
    s->counters.payload_resent += fresh_from < n ? fresh_from : n;
    s->next = (uint16_t)(s->next + n);
    if (fresh_from < n) s->furthest = s->next;
    if (!s->waiting) progress(s, now_us);
    s->waiting = 1;
  }
  return pl_frame_encode(&frame, s->session, wire);
}

/* ---- What is received ---- */

size_t pl_stream_available(const pl_stream *s) { return distance(s->consumed, s->expected); }

size_t pl_stream_read(pl_stream *s, uint8_t *bytes, size_t n) {
  const size_t there = pl_stream_available(s), ring = s->setup.receive_ring;
  if (n > there) n = there;
  const size_t at = s->consumed & (ring - 1), first = n < ring - at ? n : ring - at;
  memcpy(bytes, s->receive + at, first);
  memcpy(bytes + first, s->receive, n - first);
  s->consumed = (uint16_t)(s->consumed + n);
  if (distance(s->told_limit, window_end(s)) > s->setup.window / 4) s->answer_due = 1;
  return n;
}

/* Something is missing: says so, but a host only once for each byte until its time-out: what is on its way behind the
 * gap would make the device go back again and again. */
static void miss(pl_stream *s) {
  if (s->setup.is_device || !s->nak_told) s->nak_due = 1;
  s->nak_told = 1;
}

/* The other side's ack and limit; those that go backwards or name what was never sent are ignored. */
static void take_ack(pl_stream *s, const pl_frame *f, uint64_t now_us) {
  const uint16_t forward = distance(s->acknowledged, f->ack);
  if (forward > distance(s->acknowledged, s->furthest)) return;
  if (forward) {
    if (distance(s->acknowledged, s->next) < forward) s->next = f->ack; /* came before we went back */
    s->acknowledged = f->ack;
    s->cut += forward / CUT_GROWTH;
    if (s->cut > PL_FRAME_PAYLOAD_MAX) s->cut = PL_FRAME_PAYLOAD_MAX;
    progress(s, now_us);
  }
  const uint16_t room = distance(s->acknowledged, f->limit);
  if (room <= PL_STREAM_RING_MAX && room > distance(s->acknowledged, s->limit)) s->limit = f->limit;
}

static void take_nak(pl_stream *s, uint64_t now_us) {
  s->counters.naks_got++;
  s->answer_due = 1;
  if (!s->setup.is_device) {
    if (s->went_back_to == s->acknowledged && now_us < s->echo_until_us) return;
    s->went_back_to = s->acknowledged;
    s->echo_until_us = now_us + TIMEOUT_BASE_US +
                       (uint64_t)distance(s->acknowledged, s->furthest) * 1000000 / s->setup.bytes_per_second;
  }
  go_back(s);
}

static void take_payload(pl_stream *s, const pl_frame *f, uint64_t now_us) {
  const uint16_t ahead = distance(s->expected, f->seq);
  if (!f->size) { /* seq is the next byte that would come: one further on tells of a gap */
    if (ahead && ahead < PL_STREAM_RING_MAX) s->counters.gaps++, miss(s);
    return;
  }
  if (ahead && ahead < PL_STREAM_RING_MAX) {
    s->counters.gaps++;
    miss(s);
  } else if (ahead) {
    s->counters.repetitions++;
    s->answer_due = 1;
  } else if (f->size > distance(s->expected, window_end(s))) { /* beyond the limit: not our doing */
    s->counters.gaps++;
    miss(s);
  } else {
    const size_t ring = s->setup.receive_ring, at = s->expected & (ring - 1);
    const size_t first = f->size < ring - at ? f->size : ring - at;
    memcpy(s->receive + at, f->payload, first);
    memcpy(s->receive, f->payload + first, f->size - first);
    s->expected = (uint16_t)(s->expected + f->size);
    s->awaited = s->awaited > f->size ? s->awaited - f->size : 0;
    s->counters.payload_taken += f->size;
    s->answer_due = 1;
    s->nak_told = 0;
    if (s->acknowledged == s->furthest) progress(s, now_us);
  }
}

static void take_hello(pl_stream *s, const pl_frame *f, uint64_t now_us) {
  if (f->size != ID_BYTES) return;
  const uint32_t id = pl_get32(f->payload);
  if (!s->setup.is_device) {
    if (id != s->session) {
      if (s->state == PL_STREAM_OPEN) s->state = PL_STREAM_TAKEN;
    } else if (s->state == PL_STREAM_OPENING) {
      s->state = PL_STREAM_OPEN;
      s->limit = f->limit;
      s->peer_ring = f->limit;
      s->hello_due = s->waiting = s->tries = 0;
      progress(s, now_us);
    }
    return;
  }
  if (id != s->session) {
    reset_numbers(s);
    s->session = id;
    s->state = id ? PL_STREAM_OPEN : PL_STREAM_CLOSED;
    s->limit = f->limit;
    s->peer_ring = f->limit;
    s->restarted = 1;
  }
  s->hello_due = id != 0;
}

void pl_stream_receive(pl_stream *s, const uint8_t *bytes, size_t n, uint64_t now_us) {
  pl_frame frame;
  for (size_t i = 0; i < n; i++) {
    const pl_frame_result result = pl_frame_push(&s->decoder, bytes[i], s->session, &frame);
    if (result == PL_FRAME_NONE) continue;
    if (result == PL_FRAME_VERSION && !s->setup.is_device && s->state == PL_STREAM_OPENING) {
      s->other_version = s->decoder.version;
      s->state = PL_STREAM_FOREIGN;
      s->hello_due = 0;
    }
    if (result != PL_FRAME_GOOD) {
      s->counters.frames_bad++;
      if (s->state == PL_STREAM_OPEN && !s->nak_told) miss(s);
    } else if (frame.flags & PL_FRAME_HELLO) {
      s->counters.frames_good++;
      take_hello(s, &frame, now_us);
    } else if (s->state == PL_STREAM_OPEN) {
      s->counters.frames_good++;
      s->heard = 1;
      if (s->setup.is_device) s->nak_told = 0;
      take_ack(s, &frame, now_us);
      if (frame.flags & PL_FRAME_NAK) take_nak(s, now_us);
      take_payload(s, &frame, now_us);
    }
  }
}

/* ---- The host's clock ---- */

/* Something should come: an acknowledgement, an answer, or credit for what waits. */
static int outstanding(const pl_stream *s) {
  if (s->setup.is_device) return 0;
  return s->state == PL_STREAM_OPENING || (s->state == PL_STREAM_OPEN && (s->acknowledged != s->end || s->awaited));
}

uint64_t pl_stream_due(const pl_stream *s) {
  if (!outstanding(s) || !s->waiting) return UINT64_MAX;
  const uint64_t timeout = pl_stream_timeout_us(s);
  return s->since_us + (s->early || s->state == PL_STREAM_OPENING ? timeout : timeout / EARLY);
}

/* What is missing is asked for and what may be missing is sent once more. */
static void ask_again(pl_stream *s) {
  s->hello_due = s->state == PL_STREAM_OPENING;
  s->nak_due = s->state == PL_STREAM_OPEN;
  s->echo_until_us = 0;
  s->nak_told = 0;
  s->early = 1;
  go_back(s);
}

void pl_stream_tick(pl_stream *s, uint64_t now_us) {
  if (!outstanding(s)) {
    s->waiting = s->tries = 0;
    return;
  }
  if (!s->waiting) {
    s->waiting = 1;
    progress(s, now_us);
  }
  if (now_us < pl_stream_due(s)) return;
  if (now_us < s->since_us + pl_stream_timeout_us(s)) { /* most likely something was lost twice */
    s->counters.early++;
    ask_again(s);
    return;
  }
  if (s->heard) s->tries = 0;
  if (s->tries == PL_STREAM_TRIES) {
    s->state = PL_STREAM_SILENT;
    return;
  }
  s->tries++;
  s->heard = 0;
  s->counters.timeouts++;
  s->since_us = now_us;
  ask_again(s);
}
