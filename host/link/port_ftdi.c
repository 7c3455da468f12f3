/* port_ftdi.c: an FTDI chip as a port: libftdi1 opens and sets it up, own asynchronous libusb transfers carry the data.
 *
 * libftdi's data calls are not used: its reads throw away what came before a time-out and the status bytes with it, its
 * writes do not say how much went out, and it has one transfer at a time. Here six IN transfers of 16 KiB are always
 * queued, so the chip's small buffer empties while the program computes, and up to four OUT transfers. A filled IN
 * transfer stays as it is until read() has taken all its bytes; then it is queued again. Each packet begins with two
 * status bytes, which are checked for overruns and framing errors and left out.
 *
 * After any error of a transfer the chip counts as unplugged (PL_E_NODEV), which the bytes that came before it precede.
 * reopen begins with a new libusb context, because without udev an old one never sees a device that came back.
 */
#include <ftdi.h>
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/clock.h"
#include "link/ftdi_chips.h"
#include "link/port.h"

enum {
  IN_TRANSFERS = 6,
  OUT_TRANSFERS = 4,
  TRANSFER_BYTES = 16384,
  STATUS_BYTES = 2,
  LATENCY_MS = 2,     /* 1 is reported to lose bytes */
  CLOSE_US = 100000,  /* close waits so long for what was written */
  DRAIN_US = 2000000, /* and so long for libusb to give cancelled transfers back */
  SYNC_FIFO_BYTES_PER_S = 40000000,
};

typedef enum { IDLE, FLYING, FILLED } slot_state;

typedef struct {
  struct libusb_transfer *transfer;
  struct transfers *all;
  slot_state state;
  int taken; /* IN: bytes of the buffer that read() has dealt with */
  uint8_t buf[TRANSFER_BYTES];
} slot;

/* Apart from the port, because libusb may still hold it when the port has to go. */
typedef struct transfers {
  int lost;   /* one has failed: unplugged */
  int oldest; /* of `in` */
  slot in[IN_TRANSFERS], out[OUT_TRANSFERS];
} transfers;

typedef struct {
  pl_port base;
  pl_ftdi_options options; /* serial points to `serial` */
  char serial[64];
  struct ftdi_context *ftdi; /* NULL: could not be reopened */
  transfers *transfers;
  int max_packet;
  int was_full; /* write has taken less than it was given */
  uint64_t opened_us;
} port_ftdi;

static void stop(port_ftdi *port);

/* ---- Opening ---- */

static pl_status refused(port_ftdi *port, const char *what, pl_error *err) {
  return pl_fail(err, PL_E_IO, "%s does not take the %s (%s); plug it in anew", port->base.name, what,
                 ftdi_get_error_string(port->ftdi));
}

/* The first word of the EEPROM holds channel A's mode. A chip whose EEPROM cannot be read may be right. */
static pl_status check_fifo(port_ftdi *port, const pl_ftdi_chip *chip, pl_error *err) {
  unsigned short word;
  const int mode_mask = chip->channels == 1 ? 0x0f : 0x07, mode_fifo = 1;
  if (!chip->sync_fifo)
    return pl_fail(err, PL_E_INPUT, "an %s has no synchronous FIFO; use an FT2232H or FT232H, or the UART", chip->name);
  if (ftdi_read_eeprom_location(port->ftdi, 0, &word) == 0 && (word & mode_mask) != mode_fifo)
    return pl_fail(err, PL_E_INPUT,
                   "the EEPROM of %s says that channel A is no 245 FIFO; set cha_type=FIFO with ftdi_eeprom and "
                   "plug it in anew",
                   port->base.name);
  return PL_OK;
}

static pl_status set_up(port_ftdi *port, const pl_ftdi_chip *chip, pl_error *err) {
  struct ftdi_context *ftdi = port->ftdi;
  /* Left over from a program before. QEMU's emulator does not know the request, and needs it not. */
  (void)ftdi_set_bitmode(ftdi, 0, BITMODE_RESET);
  if (ftdi_set_latency_timer(ftdi, LATENCY_MS) < 0) return refused(port, "latency timer", err);
  if (port->options.fifo) {
    const pl_status status = check_fifo(port, chip, err);
    if (status) return status;
    if (ftdi_set_bitmode(ftdi, 0xff, BITMODE_SYNCFF) < 0) return refused(port, "bit mode of the FIFO", err);
    if (ftdi_setflowctrl(ftdi, SIO_RTS_CTS_HS) < 0) return refused(port, "flow control", err);
  } else {
    if (ftdi_set_baudrate(ftdi, (int)port->options.baud) < 0) return refused(port, "baud rate", err);
    if (ftdi_set_line_property(ftdi, BITS_8, STOP_BIT_1, NONE) < 0) return refused(port, "data format", err);
    if (ftdi_setflowctrl(ftdi, port->options.rts_cts ? SIO_RTS_CTS_HS : SIO_DISABLE_FLOW_CTRL) < 0)
      return refused(port, "flow control", err);
    if (ftdi_setdtr_rts(ftdi, 1, 1) < 0) return refused(port, "modem lines", err);
    /* A frame ends with 00: then the chip does not wait for its latency timer. */
    if (ftdi_set_event_char(ftdi, 0x00, 1) < 0) return refused(port, "event character", err);
  }
  if (ftdi_tcioflush(ftdi) < 0) return refused(port, "flush", err);
  return PL_OK;
}

static pl_status start_transfers(port_ftdi *port, pl_error *err);

/* Finds, opens, sets up. On error port->ftdi is NULL. */
static pl_status start(port_ftdi *port, pl_error *err) {
  struct libusb_device *device = NULL;
  pl_ftdi_found found = {0};
  uint32_t num = 0, den = 1;
  port->was_full = 0;
  port->ftdi = ftdi_new();
  if (!port->ftdi) return pl_fail(err, PL_E_IO, "cannot use the USB: libusb does not start; is /dev/bus/usb there?");
  pl_status status = pl_ftdi_find(port->ftdi, port->options.serial, &device, &found, err);
  if (!status && !port->options.fifo) status = pl_ftdi_rate(found.chip, port->options.baud, &num, &den, err);
  if (status) goto failed;

  const int channel = port->options.fifo          ? 0
                      : port->options.channel < 0 ? found.chip->channels - 1
                                                  : port->options.channel;
  if (channel >= found.chip->channels) {
    status = pl_fail(err, PL_E_INPUT, "an %s has no channel %c", found.chip->name, 'A' + channel);
    goto failed;
  }
  const char *space = found.serial[0] ? " " : "";
  char rate[32] = "synchronous FIFO", letter[16] = "";
  if (!port->options.fifo) snprintf(rate, sizeof rate, "%g Mbaud", port->options.baud / 1e6);
  if (found.chip->channels > 1) snprintf(letter, sizeof letter, " channel %c,", 'A' + channel);
  snprintf(port->base.name, sizeof port->base.name, "%s%s%s,%s %s", found.chip->name, space, found.serial, letter,
           rate);
  if (!port->serial[0]) strcpy(port->serial, found.serial);
  port->options.serial = port->serial;

  ftdi_set_interface(port->ftdi, (enum ftdi_interface)(INTERFACE_A + channel));
  port->ftdi->module_detach_mode = AUTO_DETACH_REATACH_SIO_MODULE; /* the tty comes back at close */
  const int rc = ftdi_usb_open_dev(port->ftdi, device);
  if (rc < 0) {
    /* -5: claiming failed. Permission was there when the serial number was read. */
    status = rc == -5 ? pl_fail(err, PL_E_NODEV, "%s is in use by another program; end that first", port->base.name)
                      : pl_fail(err, PL_E_NODEV, "cannot open %s: %s; plug it in anew", port->base.name,
                                ftdi_get_error_string(port->ftdi));
    goto failed;
  }
  port->max_packet = (int)port->ftdi->max_packet_size;
  port->base.bytes_per_second = port->options.fifo ? SYNC_FIFO_BYTES_PER_S : num / den / 10;
  port->base.chip_buffer = port->options.fifo || port->options.rts_cts ? 0 : found.chip->to_host;
  status = set_up(port, found.chip, err);
  if (!status) status = start_transfers(port, err);

failed:
  if (device) libusb_unref_device(device);
  if (status) stop(port);
  return status;
}

/* ---- Transfers ---- */

static void LIBUSB_CALL completed(struct libusb_transfer *transfer) {
  slot *s = transfer->user_data;
  s->state = (transfer->endpoint & LIBUSB_ENDPOINT_IN) ? FILLED : IDLE;
  /* What has come counts whatever the status is; a time-out is no error. */
  if (transfer->status != LIBUSB_TRANSFER_COMPLETED && transfer->status != LIBUSB_TRANSFER_TIMED_OUT) s->all->lost = 1;
}

static int submit(slot *s, int length) {
  s->transfer->length = length;
  s->taken = 0;
  if (s->all->lost || libusb_submit_transfer(s->transfer)) {
    s->state = IDLE;
    s->all->lost = 1;
    return -1;
  }
  s->state = FLYING;
  return 0;
}

static pl_status start_transfers(port_ftdi *port, pl_error *err) {
  struct ftdi_context *ftdi = port->ftdi;
  transfers *t = port->transfers = calloc(1, sizeof *t);
  for (int i = 0; t && i < IN_TRANSFERS + OUT_TRANSFERS; i++) {
    slot *s = i < IN_TRANSFERS ? &t->in[i] : &t->out[i - IN_TRANSFERS];
    s->all = t;
    s->transfer = libusb_alloc_transfer(0);
    if (!s->transfer) return pl_fail(err, PL_E_MEMORY, "no memory for the transfers of %s", port->base.name);
    /* libftdi names its endpoints as seen from the chip: out_ep is the IN endpoint. */
    libusb_fill_bulk_transfer(s->transfer, ftdi->usb_dev,
                              (unsigned char)(i < IN_TRANSFERS ? ftdi->out_ep : ftdi->in_ep), s->buf, TRANSFER_BYTES,
                              completed, s, 0);
    if (i < IN_TRANSFERS && submit(s, TRANSFER_BYTES))
      return pl_fail(err, PL_E_IO, "%s does not take transfers; plug it in anew", port->base.name);
  }
  return t ? PL_OK : pl_fail(err, PL_E_MEMORY, "no memory for the transfers of %s", port->base.name);
}

/* Lets libusb work for at most wait_us. */
static void handle_events(port_ftdi *port, uint64_t wait_us) {
  const uint64_t slice = wait_us < 500000 ? wait_us : 500000; /* libusb refuses a tv_usec of 1000000 */
  struct timeval t = {.tv_sec = 0, .tv_usec = (suseconds_t)slice};
  const int rc = libusb_handle_events_timeout_completed(port->ftdi->usb_ctx, &t, NULL);
  if (rc && rc != LIBUSB_ERROR_INTERRUPTED && rc != LIBUSB_ERROR_TIMEOUT) port->transfers->lost = 1;
}

static int flying(const slot *slots, int n) {
  int count = 0;
  for (int i = 0; i < n; i++) count += slots[i].state == FLYING;
  return count;
}

static void cancel(slot *slots, int n) {
  for (int i = 0; i < n; i++)
    if (slots[i].state == FLYING) libusb_cancel_transfer(slots[i].transfer);
}

/* Ends everything under way and forgets the chip; harmless if nothing is open. */
static void stop(port_ftdi *port) {
  transfers *t = port->transfers;
  if (t) {
    cancel(t->in, IN_TRANSFERS);
    cancel(t->out, OUT_TRANSFERS);
    const uint64_t begin = pl_clock_us();
    while (flying(t->in, IN_TRANSFERS) + flying(t->out, OUT_TRANSFERS) && pl_clock_us() - begin < DRAIN_US)
      handle_events(port, 10000);
    port->transfers = NULL;
    if (flying(t->in, IN_TRANSFERS) + flying(t->out, OUT_TRANSFERS)) {
      port->ftdi = NULL; /* the kernel keeps a transfer: what it writes to must stay, so this memory is given up */
      return;
    }
    for (int i = 0; i < IN_TRANSFERS; i++) libusb_free_transfer(t->in[i].transfer);
    for (int i = 0; i < OUT_TRANSFERS; i++) libusb_free_transfer(t->out[i].transfer);
    free(t);
  }
  /* ftdi_free alone would not release the interface, and the kernel's driver would not come back. */
  if (port->ftdi && port->ftdi->usb_dev) ftdi_usb_close(port->ftdi);
  if (port->ftdi) ftdi_free(port->ftdi);
  port->ftdi = NULL;
}

/* ---- The port ---- */

static pl_status unplugged(port_ftdi *port, pl_error *err) {
  return pl_fail(err, PL_E_NODEV, "%s is unplugged, or its USB connection has failed; plug it in again",
                 port->base.name);
}

/* Moves payload of filled IN transfers into buf, oldest first, and queues the emptied ones again. */
static size_t take(port_ftdi *port, uint8_t *buf, size_t size) {
  transfers *t = port->transfers;
  size_t got = 0;
  for (;;) {
    slot *s = &t->in[t->oldest];
    if (s->state != FILLED) return got;
    const int length = s->transfer->actual_length;
    while (s->taken < length) {
      const int in_packet = s->taken % port->max_packet;
      if (in_packet < STATUS_BYTES) {
        enum { OVERRUN = 0x02, PARITY = 0x04, FRAMING = 0x08 };
        if (in_packet == 1 && (s->buf[s->taken] & (OVERRUN | PARITY | FRAMING))) port->base.receive_faults++;
        s->taken++;
        continue;
      }
      const int packet_left = port->max_packet - in_packet, left = length - s->taken;
      size_t n = (size_t)(packet_left < left ? packet_left : left);
      if (n > size - got) n = size - got;
      if (n == 0) return got;
      memcpy(buf + got, s->buf + s->taken, n);
      got += n;
      s->taken += (int)n;
    }
    s->state = IDLE;
    t->oldest = (t->oldest + 1) % IN_TRANSFERS;
    submit(s, TRANSFER_BYTES);
  }
}

static slot *idle_out(transfers *t) {
  for (int i = 0; i < OUT_TRANSFERS; i++)
    if (t->out[i].state == IDLE) return &t->out[i];
  return NULL;
}

static pl_status port_write(pl_port *base, const uint8_t *bytes, size_t n, size_t *taken, pl_error *err) {
  port_ftdi *port = (port_ftdi *)base;
  *taken = 0;
  if (!port->ftdi) return unplugged(port, err);
  transfers *t = port->transfers;
  if (!idle_out(t)) handle_events(port, 0);
  slot *s;
  while (*taken < n && !t->lost && (s = idle_out(t))) {
    const size_t part = n - *taken < TRANSFER_BYTES ? n - *taken : TRANSFER_BYTES;
    memcpy(s->buf, bytes + *taken, part);
    if (submit(s, (int)part) == 0) *taken += part;
  }
  port->was_full = *taken < n;
  return t->lost ? unplugged(port, err) : PL_OK;
}

static pl_status port_read(pl_port *base, uint8_t *buf, size_t size, uint64_t wait_us, size_t *got, pl_error *err) {
  port_ftdi *port = (port_ftdi *)base;
  *got = 0;
  if (!port->ftdi) return unplugged(port, err);
  const uint64_t begin = pl_clock_us();
  handle_events(port, 0);
  for (;;) {
    *got = take(port, buf, size);
    if (*got) return PL_OK;
    if (port->transfers->lost) return unplugged(port, err);
    const uint64_t waited = pl_clock_us() - begin;
    if (port->was_full && idle_out(port->transfers)) {
      port->was_full = 0;
      return PL_OK;
    }
    if (waited >= wait_us) return PL_OK;
    handle_events(port, wait_us - waited);
  }
}

static uint64_t port_now(pl_port *base) { return pl_clock_us() - ((port_ftdi *)base)->opened_us; }

static pl_status port_reopen(pl_port *base, pl_error *err) {
  port_ftdi *port = (port_ftdi *)base;
  stop(port);
  const pl_status status = start(port, err);
  /* Just after the chip came back nobody may open it yet, or its requests fail: that is "not there yet" too. */
  if (status == PL_E_IO && err) err->status = PL_E_NODEV;
  return status == PL_E_IO ? PL_E_NODEV : status;
}

static void port_close(pl_port *base) {
  port_ftdi *port = (port_ftdi *)base;
  const uint64_t begin = pl_clock_us();
  const transfers *t = port->transfers;
  while (t && !t->lost && flying(t->out, OUT_TRANSFERS) && pl_clock_us() - begin < CLOSE_US) handle_events(port, 10000);
  stop(port);
  free(port);
}

static const pl_port_ops ops = {port_write, port_read, port_now, port_reopen, port_close};

pl_status pl_port_ftdi_open(const pl_ftdi_options *options, pl_port **out, pl_error *err) {
  *out = NULL;
  if (options->fifo && options->channel > 0)
    return pl_fail(err, PL_E_INPUT, "the synchronous FIFO is on channel A only");
  if (options->serial && strlen(options->serial) >= sizeof((port_ftdi *)0)->serial)
    return pl_fail(err, PL_E_INPUT, "'%.20s...' is no serial number of a chip", options->serial);
  port_ftdi *port = calloc(1, sizeof *port);
  if (!port) return pl_fail(err, PL_E_MEMORY, "no memory for an FTDI port");
  port->base.ops = &ops;
  port->options = *options;
  if (options->serial) strcpy(port->serial, options->serial);
  port->options.serial = port->serial;
  port->opened_us = pl_clock_us();
  const pl_status status = start(port, err);
  if (status) free(port);
  else *out = &port->base;
  return status;
}
