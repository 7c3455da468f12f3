/* roofline.h: what bounds a job on a device behind a link: the link, the operand buffers or the array.
 *
 * Rates of the link are measured (WRITE, READ, ECHO), in the time of the port: simulated time for `sim:`. What the
 * array and the loader can do at most follows from geometry and clock. A job needs each of them for some time; the
 * longest of these bounds it, as far as they work side by side.
 */
#ifndef PHOTOLANE_CLI_ROOFLINE_H
#define PHOTOLANE_CLI_ROOFLINE_H

#include "cli/cli.h"
#include "device/board.h"

/* The link of a device. Bytes per second; those of the wire count frames, the others payload alone. */
typedef struct {
  double wire;         /* what it can carry each way */
  double out, in;      /* to the device (WRITE), from it (READ) */
  double both;         /* each way, both ways at once (ECHO) */
  double delay_us;     /* of one byte there and back */
} roofline_link;

/* One job. */
typedef struct {
  double macs;
  double bytes_out, bytes_in;          /* payload */
  double cycles, load_cycles;
  double us;                           /* that it took */
} roofline_job;

/* An FT245 has one bus for both directions (BOUND_BUS), a UART a wire for each. */
typedef enum { BOUND_BUS, BOUND_OUT, BOUND_IN, BOUND_LOAD, BOUND_ARRAY, BOUNDS } roofline_bound;

typedef struct {
  roofline_link link;
  roofline_job job;
  double peak_macs, word_codes, load_codes; /* per second: products, codes out of the buffers, codes into them */
  double us[BOUNDS];                        /* that the job needs each of them; 0: there is no such thing */
  roofline_bound bound;
} roofline;

/* Measures the link; takes some 10 ms of the port's time for each figure. */
pl_status roofline_measure(pl_link *link, roofline_link *figures, pl_error *err);

/* Fills the rest of *r from r->link and r->job. */
void roofline_compute(const pl_link_info *info, roofline *r);

void roofline_print(const pl_link *link, const roofline *r);
cJSON *roofline_json(const roofline *r); /* NULL when out of memory */

#endif
