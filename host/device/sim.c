/* sim.c: the `sim:` backend: jobs on the simulated board (sim/systemc), over the same link as to a real one.
 *
 *   sim:BOARD?shape=RxCxW&chip=CHIP&drop=P&corrupt=P&duplicate=P&stalls=1&unplug=BYTES&seed=N&wait=S
 *     &trace=FILE&trace-from=US&trace-to=US
 *
 * BOARD: uart, ft245, or one that `make board-from` has made. The first two are of any kind of core: configured as
 * another kind, the board of that kind is started. drop, corrupt, duplicate: chance per byte, each way; stalls: the
 * wire pauses at random; unplug: the board is unplugged once after so many bytes; seed: of these faults; wait: seconds
 * that a job waits for an unplugged board; trace: a waveform (VCD, FST) of the simulated microseconds from..to-1.
 */
#include <stdlib.h>
#include <string.h>

#include "device/board.h"

enum { WAIT_MAX_S = 86400 };

typedef struct {
  pl_uri uri; /* storage of the strings */
  pl_sim_options options;
} sim_context;

static pl_status open_port(void *context, uint32_t kind, pl_port **port, pl_error *err) {
  sim_context *sim = context;
  sim->options.kind = pl_kind_name(kind);
  return pl_port_sim_open(&sim->options, port, err);
}

static pl_status read_options(sim_context *sim, uint64_t *wait_s, pl_error *err) {
  const pl_uri *uri = &sim->uri;
  pl_sim_options *o = &sim->options;
  uint64_t stalls = 0;
  *o = (pl_sim_options){.board = uri->shape,
                        .shape = pl_uri_text(uri, "shape", ""),
                        .chip = pl_uri_text(uri, "chip", ""),
                        .seed = 1,
                        .trace = pl_uri_text(uri, "trace", NULL)};
  if (!*o->board)
    return pl_fail(err, PL_E_INPUT, "sim: wants a board: sim:uart, sim:ft245, or one that `make board-from` has made");
  pl_status status;
  if ((status = pl_uri_real(uri, "drop", 0, 1, &o->drop, err)) ||
      (status = pl_uri_real(uri, "corrupt", 0, 1, &o->corrupt, err)) ||
      (status = pl_uri_real(uri, "duplicate", 0, 1, &o->duplicate, err)) ||
      (status = pl_uri_number(uri, "stalls", 0, 1, &stalls, err)) ||
      (status = pl_uri_number(uri, "unplug", 1, UINT64_MAX, &o->unplug_after, err)) ||
      (status = pl_uri_number(uri, "seed", 0, UINT64_MAX, &o->seed, err)) ||
      (status = pl_uri_number(uri, "trace-from", 0, UINT64_MAX, &o->trace_from_us, err)) ||
      (status = pl_uri_number(uri, "trace-to", 0, UINT64_MAX, &o->trace_to_us, err)) ||
      (status = pl_uri_number(uri, "wait", 0, WAIT_MAX_S, wait_s, err)))
    return status;
  o->stalls = (int)stalls;
  if (!o->trace && (pl_uri_text(uri, "trace-from", NULL) || pl_uri_text(uri, "trace-to", NULL)))
    return pl_fail(err, PL_E_INPUT, "sim: trace-from and trace-to need trace=FILE");
  if (o->trace && !*o->trace) return pl_fail(err, PL_E_INPUT, "sim: option trace wants the name of a file");
  return PL_OK;
}

static pl_status sim_open(pl_device *dev, const pl_uri *uri, pl_error *err) {
  (void)uri; /* its strings go with the caller */
  sim_context *sim = calloc(1, sizeof *sim);
  if (!sim) return pl_fail(err, PL_E_MEMORY, "out of memory when opening sim:");
  uint64_t wait_s = 0;
  pl_status status = pl_uri_parse(dev->uri, &sim->uri, err);
  if (!status) status = read_options(sim, &wait_s, err);
  if (status) {
    free(sim);
    return status;
  }
  const pl_board_source source = {.open = open_port,
                                  .free = free,
                                  .context = sim,
                                  .wait_us = wait_s * 1000000,
                                  .any_kind =
                                      !strcmp(sim->options.board, "uart") || !strcmp(sim->options.board, "ft245")};
  return pl_board_open(dev, &source, err);
}

const pl_backend pl_backend_sim = {
    .scheme = "sim",
    .options = "shape chip drop corrupt duplicate stalls unplug seed wait trace trace-from trace-to",
    .has_shape = 1,
    .open = sim_open,
    .close = pl_board_close,
    .identify = pl_board_identify,
    .configure = pl_board_configure,
    .gemm = pl_board_gemm,
};
