/* device.h: a Photolane device at the other end of a port: its words, its commands, their answers (docs/protocol.md).
 * Private.
 *
 *   pl_link *link;
 *   if (pl_link_open(port, &link, err)) ...            HELLO, device words, checks
 *   pl_link_write, _load, _run, _read                   posted: they return before the device has done them
 *   pl_link_wait(link, err)                             until all answers have come
 *   pl_link_close(link)
 *
 * Commands are posted as fast as the link takes them, answers are put where they belong as they come. So several tiles
 * are under way at once. After an error other than PL_E_INPUT the session is over: what was posted may have been done
 * or not, and nothing is written to its places any more; pl_link_resume begins a new session with the same device,
 * whose registers and operands count as unknown.
 */
#ifndef PHOTOLANE_LINK_DEVICE_H
#define PHOTOLANE_LINK_DEVICE_H

#include "link/port.h"
#include "link/stream.h"
#include "model/model.h"

/* The words of a device, unpacked. */
typedef struct {
  uint32_t build;       /* of the RTL */
  uint32_t kind;        /* PL_KIND_* */
  int rows, columns, width, elements; /* elements: codes per beat of LOAD */
  int a_words, b_words;
  uint32_t receive_buffer, transmit_buffer; /* bytes, of its link */
  uint32_t payload_max;                     /* of its frames */
  int ft245;            /* 0: UART */
  uint32_t clock_khz;
} pl_link_info;

/* Counters of a device, since its CLEAR or as differences. */
typedef struct {
  uint64_t run_cycles, load_cycles, reads, clipped, detected, corrected;
} pl_link_counts;

/* What a link has carried since it was opened. */
typedef struct {
  uint64_t bytes_out, bytes_in;   /* on the wire */
  uint64_t sessions;
  pl_stream_counters stream;
} pl_link_traffic;

typedef struct pl_link pl_link;

/* Begins a session on the port, which belongs to the link from now on, also on error. PL_E_NODEV: nothing answers.
 * PL_E_INPUT: what answers is no device of this library: another protocol, another register description, nonsense. */
pl_status pl_link_open(pl_port *port, pl_link **link, pl_error *err);

/* Ends the session, if the port still works, and closes it. NULL is fine. */
void pl_link_close(pl_link *link);

/* After an error: looks for the port again if it was unplugged (PL_E_NODEV: not there yet), then begins a new session.
 * PL_E_INPUT: it is another device now. */
pl_status pl_link_resume(pl_link *link, pl_error *err);

/* PL_OK, or the error that ended the session. */
pl_status pl_link_state(const pl_link *link);

const pl_link_info *pl_link_info_of(const pl_link *link);
const pl_port *pl_link_port(const pl_link *link);
uint64_t pl_link_now_us(const pl_link *link); /* the port's clock */
pl_link_traffic pl_link_traffic_of(const pl_link *link);

/* ---- Commands. Each may wait until the link takes more, and in the meantime serves the answers of earlier ones. ----
 */

/* Writes those of the PL_REG_WORDS registers that the device does not hold already. They must have passed
 * pl_image_check, and describe the tile of the next loads and run. */
pl_status pl_link_configure(pl_link *link, const pl_image *words, pl_error *err);

/* WRITE of any words; for measurements. */
pl_status pl_link_write(pl_link *link, uint16_t address, const uint32_t *words, uint16_t count, pl_error *err);

/* Encodes codes[i*ld + k], i < rows or cols of the tile, k < depth, as its operand A (0) or B (1). Copies them. */
pl_status pl_link_load(pl_link *link, int operand, const int8_t *codes, ptrdiff_t ld, pl_error *err);

/* Runs the tile. c[i*ldc + j] are filled one by one; they must stay until the answer of a later command. */
pl_status pl_link_run(pl_link *link, int32_t *c, ptrdiff_t ldc, pl_error *err);

/* READ; done(context) is called when the words are there. done may be NULL. It must not call the link. */
pl_status pl_link_read(pl_link *link, uint16_t address, uint16_t count, uint32_t *words, void (*done)(void *),
                       void *context, pl_error *err);

/* READ of the counters: done(context, counts) gets what came since the last such answer of this session. */
pl_status pl_link_count(pl_link *link, void (*done)(void *, const pl_link_counts *), void *context, pl_error *err);

/* ECHO of `count` bytes, waits for them and compares. PL_E_IO: they differ. */
pl_status pl_link_echo(pl_link *link, const uint8_t *bytes, uint16_t count, pl_error *err);

/* Sends what has been posted, and takes what has come, without waiting. */
pl_status pl_link_push(pl_link *link, pl_error *err);

/* Until every answer has come and everything was acknowledged. */
pl_status pl_link_wait(pl_link *link, pl_error *err);

/* Clocks of the array for the tile in the registers r, if nothing waits: its words, or for kind rns the passes of its
 * moduli where those are more. */
uint64_t pl_link_ideal_clocks(const pl_link_info *info, const pl_model_regs *r);

/* Beats of a LOAD of `rows` rows. */
uint64_t pl_link_beats(const pl_link_info *info, const pl_model_regs *r, int rows);

#endif
