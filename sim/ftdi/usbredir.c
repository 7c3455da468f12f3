/* usbredir.c: the chip as the USB device at the end of a usbredir connection (the "usb-host" end), for QEMU's
 * usb-redir.
 *
 * The protocol's parser is libusbredirparser's. Requests are answered at once; bulk transfers wait in one queue per
 * endpoint until the chip completes the oldest. bulk_receiving is not offered: QEMU would then switch FTDI chips to
 * buffered input.
 */
#include "front_state.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <usbredirparser.h>

enum { ENDPOINTS = 32 };

typedef struct transfer {
  struct transfer *next;
  uint64_t id;
  struct usb_redir_bulk_packet_header header;
  int length, done;
  uint8_t *data; /* OUT: the parser's; IN: ours */
} transfer;

typedef struct {
  ftdi_front front;
  struct usbredirparser *parser;
  transfer *queue[ENDPOINTS]; /* oldest first; index as in ep_info: 0-15 OUT, 16-31 IN */
  uint64_t now_us;
  int gone;
} usbredir;

static int index_of(int endpoint) { return (endpoint & 0x0f) | (endpoint & 0x80) >> 3; }

static void free_transfer(usbredir *u, transfer *t) {
  if (t->header.endpoint & 0x80) free(t->data);
  else if (t->data) usbredirparser_free_packet_data(u->parser, t->data);
  free(t);
}

static void drop_transfers(usbredir *u) {
  for (int e = 0; e < ENDPOINTS; e++)
    while (u->queue[e]) {
      transfer *t = u->queue[e];
      u->queue[e] = t->next;
      free_transfer(u, t);
    }
}

/* ---- What the parser calls ---- */

static void log_line(void *priv, int level, const char *text) { (void)priv, (void)level, (void)text; }
static int read_bytes(void *priv, uint8_t *data, int count) {
  usbredir *u = priv;
  const int n = ftdi_front_read(&u->front, data, count);
  if (n < 0) u->gone = 1;
  return n;
}
static int write_bytes(void *priv, uint8_t *data, int count) {
  usbredir *u = priv;
  const int n = ftdi_front_write(&u->front, data, count);
  if (n < 0) u->gone = 1;
  return n;
}

static void plug(ftdi_front *front) {
  usbredir *u = (usbredir *)front;
  uint8_t device[18], configuration[64];
  const int bytes = ftdi_chip_control(front->chip, 0x80, 6, 0x0200, 0, configuration, sizeof configuration, u->now_us);
  ftdi_chip_control(front->chip, 0x80, 6, 0x0100, 0, device, sizeof device, u->now_us);
  struct usb_redir_interface_info_header interfaces = {0};
  struct usb_redir_ep_info_header endpoints = {0};
  memset(endpoints.type, usb_redir_type_invalid, sizeof endpoints.type);
  endpoints.type[0] = endpoints.type[16] = usb_redir_type_control;
  endpoints.max_packet_size[0] = endpoints.max_packet_size[16] = 64;
  for (int at = 0; at < bytes; at += configuration[at]) {
    const uint8_t *d = configuration + at;
    if (d[1] == 4) {
      const uint32_t i = interfaces.interface_count++;
      interfaces.interface[i] = d[2];
      interfaces.interface_class[i] = d[5];
      interfaces.interface_subclass[i] = d[6];
      interfaces.interface_protocol[i] = d[7];
    } else if (d[1] == 5) {
      const int e = index_of(d[2]);
      endpoints.type[e] = d[3];
      endpoints.interface[e] = (uint8_t)(interfaces.interface_count - 1);
      endpoints.max_packet_size[e] = (uint16_t)(d[4] | d[5] << 8);
    }
  }
  struct usb_redir_device_connect_header connect = {
      .speed = ftdi_chip_max_packet(front->chip) == 512 ? usb_redir_speed_high : usb_redir_speed_full,
      .vendor_id = (uint16_t)(device[8] | device[9] << 8),
      .product_id = (uint16_t)(device[10] | device[11] << 8),
      .device_version_bcd = (uint16_t)(device[12] | device[13] << 8),
  };
  usbredirparser_send_interface_info(u->parser, &interfaces);
  usbredirparser_send_ep_info(u->parser, &endpoints);
  usbredirparser_send_device_connect(u->parser, &connect);
}

static void hello(void *priv, struct usb_redir_hello_header *header) {
  (void)header;
  usbredir *u = priv;
  if (!u->front.away) plug(&u->front);
}

static void no_reply(void *priv) { (void)priv; }

static void set_configuration(void *priv, uint64_t id, struct usb_redir_set_configuration_header *set) {
  usbredir *u = priv;
  const int ok = ftdi_chip_control(u->front.chip, 0x00, 9, set->configuration, 0, NULL, 0, u->now_us) >= 0;
  struct usb_redir_configuration_status_header reply = {.status = ok ? usb_redir_success : usb_redir_stall,
                                                        .configuration = set->configuration};
  usbredirparser_send_configuration_status(u->parser, id, &reply);
}
static void get_configuration(void *priv, uint64_t id) {
  usbredir *u = priv;
  uint8_t now = 0;
  ftdi_chip_control(u->front.chip, 0x80, 8, 0, 0, &now, 1, u->now_us);
  struct usb_redir_configuration_status_header reply = {.status = usb_redir_success, .configuration = now};
  usbredirparser_send_configuration_status(u->parser, id, &reply);
}
static void set_alternate(void *priv, uint64_t id, struct usb_redir_set_alt_setting_header *set) {
  usbredir *u = priv;
  const int ok = ftdi_chip_control(u->front.chip, 0x01, 11, set->alt, set->interface, NULL, 0, u->now_us) >= 0;
  struct usb_redir_alt_setting_status_header reply = {
      .status = ok ? usb_redir_success : usb_redir_stall, .interface = set->interface, .alt = set->alt};
  usbredirparser_send_alt_setting_status(u->parser, id, &reply);
}
static void get_alternate(void *priv, uint64_t id, struct usb_redir_get_alt_setting_header *get) {
  usbredir *u = priv;
  struct usb_redir_alt_setting_status_header reply = {.status = usb_redir_success, .interface = get->interface};
  usbredirparser_send_alt_setting_status(u->parser, id, &reply);
}

static void control(void *priv, uint64_t id, struct usb_redir_control_packet_header *header, uint8_t *data,
                    int data_len) {
  usbredir *u = priv;
  struct usb_redir_control_packet_header reply = *header;
  const int in = header->endpoint & 0x80;
  uint8_t answer[512];
  const int room = header->length < sizeof answer ? header->length : (int)sizeof answer;
  const int n = ftdi_chip_control(u->front.chip, header->requesttype, header->request, header->value, header->index,
                                  in ? answer : data, in ? room : data_len, u->now_us);
  reply.status = n < 0 ? usb_redir_stall : usb_redir_success;
  reply.length = (uint16_t)(n < 0 ? 0 : in ? n : data_len);
  /* An answer to an OUT request with data would be "unexpected extra data" to the parser of the other side. */
  usbredirparser_send_control_packet(u->parser, id, &reply, in && n > 0 ? answer : NULL, in && n > 0 ? n : 0);
  if (data) usbredirparser_free_packet_data(u->parser, data);
}

static void bulk(void *priv, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *data, int data_len) {
  usbredir *u = priv;
  const int in = header->endpoint & 0x80;
  transfer *t = calloc(1, sizeof *t);
  if (t) {
    t->id = id;
    t->header = *header;
    t->length = in ? header->length | header->length_high << 16 : data_len;
    t->data = in ? malloc((size_t)t->length + 1) : data;
  }
  if (!t || !t->data) {
    struct usb_redir_bulk_packet_header reply = *header;
    reply.status = usb_redir_ioerror;
    reply.length = reply.length_high = 0;
    usbredirparser_send_bulk_packet(u->parser, id, &reply, NULL, 0);
    if (data) usbredirparser_free_packet_data(u->parser, data);
    free(t);
    return;
  }
  transfer **end = &u->queue[index_of(header->endpoint)];
  while (*end) end = &(*end)->next;
  *end = t;
}

static void complete(usbredir *u, transfer *t, int status) {
  const int in = t->header.endpoint & 0x80;
  t->header.status = (uint8_t)status;
  t->header.length = (uint16_t)t->done;
  t->header.length_high = (uint16_t)(t->done >> 16);
  usbredirparser_send_bulk_packet(u->parser, t->id, &t->header, in && t->done ? t->data : NULL, in ? t->done : 0);
  free_transfer(u, t);
}

static void cancel(void *priv, uint64_t id) {
  usbredir *u = priv;
  for (int e = 0; e < ENDPOINTS; e++)
    for (transfer **at = &u->queue[e]; *at; at = &(*at)->next)
      if ((*at)->id == id) {
        transfer *t = *at;
        *at = t->next;
        complete(u, t, usb_redir_cancelled);
        return;
      }
}

/* ---- The front end ---- */

static int connected(ftdi_front *front) {
  usbredir *u = (usbredir *)front;
  u->gone = 0;
  u->parser = usbredirparser_create();
  if (!u->parser) return 0;
  struct usbredirparser *p = u->parser;
  p->priv = u;
  p->log_func = log_line;
  p->read_func = read_bytes;
  p->write_func = write_bytes;
  p->hello_func = hello;
  p->reset_func = no_reply;
  p->set_configuration_func = set_configuration;
  p->get_configuration_func = get_configuration;
  p->set_alt_setting_func = set_alternate;
  p->get_alt_setting_func = get_alternate;
  p->control_packet_func = control;
  p->bulk_packet_func = bulk;
  p->cancel_data_packet_func = cancel;
  p->device_disconnect_ack_func = no_reply;
  p->filter_reject_func = no_reply;
  uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
  usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
  usbredirparser_init(p, "photolane", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
  return 1;
}

static void dropped(ftdi_front *front) {
  usbredir *u = (usbredir *)front;
  if (!u->parser) return;
  drop_transfers(u);
  usbredirparser_destroy(u->parser);
  u->parser = NULL;
}

static void serve(ftdi_front *front, uint64_t now_us) {
  usbredir *u = (usbredir *)front;
  u->now_us = now_us;
  while (usbredirparser_do_read(u->parser) == usbredirparser_read_parse_error) continue;
  for (int e = 0; e < ENDPOINTS && !front->away; e++)
    while (u->queue[e]) {
      transfer *t = u->queue[e];
      const int before = t->done;
      int finished;
      if (t->header.endpoint & 0x80) {
        finished = ftdi_chip_bulk_in(front->chip, t->header.endpoint, t->data, t->length, &t->done, now_us);
      } else {
        t->done += ftdi_chip_bulk_out(front->chip, t->header.endpoint, t->data + t->done, t->length - t->done, now_us);
        finished = t->done == t->length;
      }
      const int moved = t->done - before, in = t->header.endpoint & 0x80;
      if (moved > 2 || !in) front->bytes += (uint64_t)moved; /* two are a status alone */
      if (!finished) break;
      u->queue[e] = t->next;
      complete(u, t, usb_redir_success);
    }
  while (!u->gone && usbredirparser_has_data_to_write(u->parser)) {
    const int before = usbredirparser_has_data_to_write(u->parser);
    usbredirparser_do_write(u->parser);
    if (usbredirparser_has_data_to_write(u->parser) >= before) break; /* the socket is full */
  }
  if (u->gone) ftdi_front_hang_up(front);
}

static int unplug(ftdi_front *front) {
  usbredir *u = (usbredir *)front;
  drop_transfers(u);
  usbredirparser_send_device_disconnect(u->parser);
  usbredirparser_do_write(u->parser);
  return 1;
}

static short events(const ftdi_front *front) {
  const usbredir *u = (const usbredir *)front;
  return (short)(POLLIN | (usbredirparser_has_data_to_write(u->parser) ? POLLOUT : 0));
}

static uint64_t due(const ftdi_front *front) {
  const usbredir *u = (const usbredir *)front;
  uint64_t first = UINT64_MAX;
  for (int e = 16; e < ENDPOINTS; e++)
    if (u->queue[e]) {
      const uint64_t at = ftdi_chip_bulk_in_due(front->chip, u->queue[e]->header.endpoint);
      if (at < first) first = at;
    }
  return first;
}

static void free_front(ftdi_front *front) { free(front); }

static const ftdi_front_ops ops = {connected, dropped, serve, unplug, plug, events, due, free_front};

ftdi_front *ftdi_usbredir_listen(ftdi_chip *chip, const char *path, char *why, size_t why_size) {
  usbredir *u = calloc(1, sizeof *u);
  if (u && ftdi_front_listen(&u->front, &ops, chip, path, why, why_size)) {
    free(u);
    return NULL;
  }
  return u ? &u->front : NULL;
}
