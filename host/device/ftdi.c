/* ftdi.c: the `ftdi:` backend: jobs on an FPGA board behind an FTDI chip.
 *
 *   ftdi:?serial=TEXT&baud=N&mode=uart|fifo&rts=1&channel=a|b&wait=S
 *
 * serial: which chip, if there are several. mode: uart (the default) or fifo, the FT245 synchronous FIFO of channel A.
 * baud: of the UART, 12000000 unless given; as the bitstream has it. rts: the board wires RTS# and CTS#. channel: of
 * the UART; the chip's last one unless given. wait: seconds that a job waits for an unplugged board.
 */
#include <stdlib.h>
#include <string.h>

#include "device/board.h"

enum { BAUD = 12000000, BAUD_MAX = 12000000, WAIT_MAX_S = 86400 };

typedef struct {
  pl_uri uri; /* storage of the strings */
  pl_ftdi_options options;
} ftdi_context;

/* The board is of the kind that its bitstream has. */
static pl_status open_port(void *context, uint32_t kind, pl_port **port, pl_error *err) {
  (void)kind;
  return pl_port_ftdi_open(&((ftdi_context *)context)->options, port, err);
}

static pl_status read_options(ftdi_context *ftdi, uint64_t *wait_s, pl_error *err) {
  const pl_uri *uri = &ftdi->uri;
  const char *mode = pl_uri_text(uri, "mode", "uart"), *channel = pl_uri_text(uri, "channel", NULL);
  uint64_t baud = BAUD, rts = 0;
  pl_status status;
  if ((status = pl_uri_number(uri, "baud", 1, BAUD_MAX, &baud, err)) ||
      (status = pl_uri_number(uri, "rts", 0, 1, &rts, err)) ||
      (status = pl_uri_number(uri, "wait", 0, WAIT_MAX_S, wait_s, err)))
    return status;
  if (strcmp(mode, "uart") && strcmp(mode, "fifo"))
    return pl_fail(err, PL_E_INPUT, "ftdi: option mode wants uart or fifo, not '%s'", mode);
  if (channel && strcmp(channel, "a") && strcmp(channel, "b"))
    return pl_fail(err, PL_E_INPUT, "ftdi: option channel wants a or b, not '%s'", channel);
  const int fifo = !strcmp(mode, "fifo");
  if (fifo && (pl_uri_text(uri, "baud", NULL) || rts))
    return pl_fail(err, PL_E_INPUT, "ftdi: options baud and rts are of the UART: leave them out with mode=fifo");
  ftdi->options = (pl_ftdi_options){.serial = pl_uri_text(uri, "serial", NULL), .baud = (uint32_t)baud, .fifo = fifo,
                                    .rts_cts = (int)rts, .channel = channel ? *channel - 'a' : fifo ? 0 : -1};
  return PL_OK;
}

static pl_status ftdi_open(pl_device *dev, const pl_uri *uri, pl_error *err) {
  (void)uri; /* its strings go with the caller */
  ftdi_context *ftdi = calloc(1, sizeof *ftdi);
  if (!ftdi) return pl_fail(err, PL_E_MEMORY, "out of memory when opening ftdi:");
  uint64_t wait_s = 0;
  pl_status status = pl_uri_parse(dev->uri, &ftdi->uri, err);
  if (!status) status = read_options(ftdi, &wait_s, err);
  if (status) {
    free(ftdi);
    return status;
  }
  const pl_board_source source = {.open = open_port, .free = free, .context = ftdi, .wait_us = wait_s * 1000000};
  return pl_board_open(dev, &source, err);
}

const pl_backend pl_backend_ftdi = {
    .scheme = "ftdi",
    .options = "serial baud mode rts channel wait",
    .open = ftdi_open,
    .close = pl_board_close,
    .identify = pl_board_identify,
    .configure = pl_board_configure,
    .gemm = pl_board_gemm,
};
