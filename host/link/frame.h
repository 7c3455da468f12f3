/* frame.h: frames of the link: header, payload and CRC-32, by COBS between zero bytes (docs/protocol.md, "Frames").
 * Private.
 *
 *   uint8_t wire[PL_FRAME_WIRE_MAX];
 *   size_t n = pl_frame_encode(&frame, session, wire);                to send
 *
 *   pl_frame_decoder d = {0};
 *   for each byte    switch (pl_frame_push(&d, byte, session, &frame)) ...
 *
 * Pure functions on memory. The decoder takes any bytes; what is damaged costs the frame that it touches.
 */
#ifndef PHOTOLANE_LINK_FRAME_H
#define PHOTOLANE_LINK_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
  PL_FRAME_HELLO = 1 << 0, /* begins, confirms or ends a session */
  PL_FRAME_NAK = 1 << 1,   /* something is missing */
  PL_FRAME_HEADER = 7,
  PL_FRAME_CRC = 4,
  PL_FRAME_PAYLOAD_MAX = 1024,
  PL_FRAME_RAW_MAX = PL_FRAME_HEADER + PL_FRAME_PAYLOAD_MAX + PL_FRAME_CRC,
  PL_FRAME_WIRE_MAX = PL_FRAME_RAW_MAX + (PL_FRAME_RAW_MAX + 253) / 254 + 1, /* with the zero at its end */
};

typedef struct {
  int flags; /* PL_FRAME_HELLO, PL_FRAME_NAK */
  uint16_t seq, ack, limit;
  size_t size;            /* of the payload, 0..PL_FRAME_PAYLOAD_MAX */
  const uint8_t *payload; /* decoded: in the decoder, good until its next push */
} pl_frame;

/* Writes the frame with the zero byte that ends it; returns the bytes, at most PL_FRAME_WIRE_MAX. session: 0 with
 * HELLO. */
size_t pl_frame_encode(const pl_frame *frame, uint32_t session, uint8_t *wire);

typedef enum {
  PL_FRAME_NONE,    /* no frame ends here, or an empty one */
  PL_FRAME_GOOD,    /* *frame is filled */
  PL_FRAME_BAD,     /* CRC, length or COBS is wrong, or it is of another session */
  PL_FRAME_VERSION, /* undamaged, but of another version of the protocol; nothing else is known of it */
} pl_frame_result;

/* All zero: at the beginning of a frame. */
typedef struct {
  uint8_t raw[PL_FRAME_RAW_MAX];
  size_t size;
  uint8_t code, left; /* of the COBS block: its length byte (0: none yet), bytes that are still to come */
  uint8_t broken;     /* longer than a frame can be */
  uint8_t version;    /* of the last PL_FRAME_VERSION */
} pl_frame_decoder;

/* Takes one byte of the wire. Frames with HELLO are checked with session 0, all others with `session`. */
pl_frame_result pl_frame_push(pl_frame_decoder *d, uint8_t byte, uint32_t session, pl_frame *frame);

/* Little-endian numbers. */
static inline void pl_put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8); }
static inline void pl_put32(uint8_t *p, uint32_t v) { pl_put16(p, v), pl_put16(p + 2, v >> 16); }
static inline uint16_t pl_get16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t pl_get32(const uint8_t *p) { return pl_get16(p) | (uint32_t)pl_get16(p + 2) << 16; }

#endif
