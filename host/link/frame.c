/* frame.c: see frame.h. COBS is of Cheshire and Baker, IEEE/ACM Trans. Networking 7 (1999); the CRC is zlib's. */
#include "link/frame.h"

#include <string.h>
#include <zlib.h>

#include "photolane/registers.h"

enum { VERSION_SHIFT = 4, BLOCK_MAX = 255 };

size_t pl_frame_encode(const pl_frame *frame, uint32_t session, uint8_t *wire) {
  uint8_t raw[PL_FRAME_RAW_MAX];
  raw[0] = (uint8_t)(frame->flags | PL_PROTOCOL_VERSION << VERSION_SHIFT);
  pl_put16(raw + 1, frame->seq);
  pl_put16(raw + 3, frame->ack);
  pl_put16(raw + 5, frame->limit);
  if (frame->size) memcpy(raw + PL_FRAME_HEADER, frame->payload, frame->size);
  size_t size = PL_FRAME_HEADER + frame->size;
  pl_put32(raw + size, (uint32_t)crc32(session, raw, (uInt)size));
  size += PL_FRAME_CRC;

  uint8_t *code = wire, *out = wire + 1; /* code: the length byte of the block that is being filled */
  for (size_t i = 0; i < size; i++) {
    if (out - code == BLOCK_MAX) { /* full without a zero */
      *code = BLOCK_MAX;
      code = out++;
    }
    if (raw[i]) {
      *out++ = raw[i];
    } else {
      *code = (uint8_t)(out - code);
      code = out++;
    }
  }
  *code = (uint8_t)(out - code);
  *out++ = 0;
  return (size_t)(out - wire);
}

static void append(pl_frame_decoder *d, uint8_t byte) {
  if (d->size == sizeof d->raw)
    d->broken = 1;
  else
    d->raw[d->size++] = byte;
}

/* The frame that a zero byte has just ended. */
static pl_frame_result check(pl_frame_decoder *d, uint32_t session, pl_frame *frame) {
  if (!d->code) return PL_FRAME_NONE;
  if (d->broken || d->left || d->size < PL_FRAME_HEADER + PL_FRAME_CRC) return PL_FRAME_BAD;
  const size_t covered = d->size - PL_FRAME_CRC;
  const int flags = d->raw[0];
  if (crc32(flags & PL_FRAME_HELLO ? 0 : session, d->raw, (uInt)covered) != pl_get32(d->raw + covered))
    return PL_FRAME_BAD;
  d->version = (uint8_t)(flags >> VERSION_SHIFT);
  if (d->version != PL_PROTOCOL_VERSION) return PL_FRAME_VERSION;
  *frame = (pl_frame){.flags = flags & ((1 << VERSION_SHIFT) - 1),
                      .seq = pl_get16(d->raw + 1),
                      .ack = pl_get16(d->raw + 3),
                      .limit = pl_get16(d->raw + 5),
                      .size = covered - PL_FRAME_HEADER,
                      .payload = d->raw + PL_FRAME_HEADER};
  return PL_FRAME_GOOD;
}

pl_frame_result pl_frame_push(pl_frame_decoder *d, uint8_t byte, uint32_t session, pl_frame *frame) {
  if (!byte) {
    const pl_frame_result result = check(d, session, frame);
    d->size = 0;
    d->code = d->left = d->broken = 0;
    return result;
  }
  if (d->left) {
    append(d, byte);
    d->left--;
  } else { /* a new block; the one before it stood for a zero too, unless it was of full length */
    if (d->code && d->code != BLOCK_MAX) append(d, 0);
    d->code = byte;
    d->left = (uint8_t)(byte - 1);
  }
  return PL_FRAME_NONE;
}
