/* fake_libusb.c: see fake_libusb.h. The functions are those that libftdi1 1.5 and port_ftdi.c call. */
#include "fake_libusb.h"

#include <libusb.h>
#include <stdlib.h>
#include <string.h>

#include "link/clock.h"

enum { MAX_DEVICES = 8, MAX_TRANSFERS = 64, CONTROL_US = 250, PIN_STEP_US = 100 };

struct libusb_device {
  ftdi_chip *chip;
  int number, present, generation, references, denied, occupied;
};
struct libusb_context {
  int generation[MAX_DEVICES]; /* what was plugged in when the context began; 0: nothing */
};
struct libusb_device_handle {
  libusb_device *device;
  int claimed;
};

/* A transfer with what libusb would keep beside it. */
typedef struct {
  int flying, cancelled, failed;
  struct libusb_transfer transfer;
} own_transfer;

static struct libusb_device devices[MAX_DEVICES];
static int device_count, contexts, handles, transfers_alive, unreleased;
static struct libusb_context default_context;
static own_transfer *flying[MAX_TRANSFERS]; /* oldest first */
static int flying_count;

void (*fake_pins)(ftdi_chip *chip, int number, uint64_t now_us);
int fake_refused_request = -1;
uint64_t fake_now_us;
int fake_control_requests;

uint64_t pl_clock_us(void) { return fake_now_us; }

/* ---- What tests call ---- */

int fake_plug(ftdi_chip *chip) {
  devices[device_count] = (struct libusb_device){.chip = chip, .number = device_count, .present = 1, .generation = 1};
  return device_count++;
}
void fake_unplug(int number) {
  devices[number].present = 0;
  ftdi_chip_power_up(devices[number].chip);
}
void fake_replug(int number) {
  devices[number].present = 1;
  devices[number].generation++;
}
void fake_deny(int number, int denied) { devices[number].denied = denied; }
void fake_occupy(int number, int occupied) { devices[number].occupied = occupied; }
void fake_break_transfers(int number) {
  for (int i = 0; i < flying_count; i++)
    if (flying[i]->transfer.dev_handle->device->number == number) flying[i]->failed = 1;
}
int fake_left_open(void) {
  int count = contexts + handles + transfers_alive + flying_count + unreleased;
  for (int i = 0; i < device_count; i++) count += devices[i].references;
  return count;
}

/* ---- Contexts and devices ---- */

int LIBUSB_CALL libusb_init(libusb_context **context) {
  *context = calloc(1, sizeof **context);
  for (int i = 0; i < device_count; i++) (*context)->generation[i] = devices[i].present ? devices[i].generation : 0;
  contexts++;
  return 0;
}
void LIBUSB_CALL libusb_exit(libusb_context *context) {
  free(context);
  contexts--;
}
ssize_t LIBUSB_CALL libusb_get_device_list(libusb_context *context, libusb_device ***list) {
  int n = 0;
  if (!context) context = &default_context;
  *list = calloc(MAX_DEVICES + 1, sizeof **list);
  for (int i = 0; i < device_count; i++)
    if (devices[i].present && context->generation[i] == devices[i].generation)
      (*list)[n++] = libusb_ref_device(&devices[i]);
  return n;
}
void LIBUSB_CALL libusb_free_device_list(libusb_device **list, int unref) {
  for (int i = 0; unref && list[i]; i++) libusb_unref_device(list[i]);
  free(list);
}
libusb_device *LIBUSB_CALL libusb_ref_device(libusb_device *device) {
  device->references++;
  return device;
}
void LIBUSB_CALL libusb_unref_device(libusb_device *device) { device->references--; }
uint8_t LIBUSB_CALL libusb_get_bus_number(libusb_device *device) {
  (void)device;
  return 1;
}
uint8_t LIBUSB_CALL libusb_get_device_address(libusb_device *device) { return (uint8_t)(device->number + 2); }

int LIBUSB_CALL libusb_get_device_descriptor(libusb_device *device, struct libusb_device_descriptor *d) {
  uint8_t b[18];
  ftdi_chip_control(device->chip, 0x80, 6, 0x0100, 0, b, sizeof b, fake_now_us);
  *d = (struct libusb_device_descriptor){.bLength = b[0],
                                         .bDescriptorType = b[1],
                                         .bcdUSB = (uint16_t)(b[2] | b[3] << 8),
                                         .bMaxPacketSize0 = b[7],
                                         .idVendor = (uint16_t)(b[8] | b[9] << 8),
                                         .idProduct = (uint16_t)(b[10] | b[11] << 8),
                                         .bcdDevice = (uint16_t)(b[12] | b[13] << 8),
                                         .iManufacturer = b[14],
                                         .iProduct = b[15],
                                         .iSerialNumber = b[16],
                                         .bNumConfigurations = b[17]};
  return 0;
}

int LIBUSB_CALL libusb_get_config_descriptor(libusb_device *device, uint8_t index,
                                             struct libusb_config_descriptor **out) {
  struct whole {
    struct libusb_config_descriptor configuration;
    struct libusb_interface interface[2];
    struct libusb_interface_descriptor setting[2];
    struct libusb_endpoint_descriptor endpoint[2][2];
  } *w = calloc(1, sizeof *w);
  uint8_t b[255];
  const int n = ftdi_chip_control(device->chip, 0x80, 6, (uint16_t)(0x0200 | index), 0, b, sizeof b, fake_now_us);
  int interface = -1, endpoint = 0;
  for (int at = 0; at < n; at += b[at]) {
    const uint8_t *d = b + at;
    if (d[1] == LIBUSB_DT_CONFIG) {
      w->configuration = (struct libusb_config_descriptor){.bLength = d[0],
                                                           .bDescriptorType = d[1],
                                                           .bNumInterfaces = d[4],
                                                           .bConfigurationValue = d[5],
                                                           .interface = w->interface};
    } else if (d[1] == LIBUSB_DT_INTERFACE) {
      interface++;
      endpoint = 0;
      w->setting[interface] = (struct libusb_interface_descriptor){.bLength = d[0],
                                                                   .bDescriptorType = d[1],
                                                                   .bInterfaceNumber = d[2],
                                                                   .bNumEndpoints = d[4],
                                                                   .endpoint = w->endpoint[interface]};
      w->interface[interface] = (struct libusb_interface){.altsetting = &w->setting[interface], .num_altsetting = 1};
    } else {
      w->endpoint[interface][endpoint++] =
          (struct libusb_endpoint_descriptor){.bLength = d[0],
                                              .bDescriptorType = d[1],
                                              .bEndpointAddress = d[2],
                                              .bmAttributes = d[3],
                                              .wMaxPacketSize = (uint16_t)(d[4] | d[5] << 8)};
    }
  }
  *out = &w->configuration;
  return 0;
}
void LIBUSB_CALL libusb_free_config_descriptor(struct libusb_config_descriptor *d) { free(d); }

/* ---- Handles and requests ---- */

static void serve_pins(void) {
  for (int i = 0; i < device_count; i++)
    if (devices[i].present && fake_pins) fake_pins(devices[i].chip, i, fake_now_us);
}

int LIBUSB_CALL libusb_open(libusb_device *device, libusb_device_handle **handle) {
  if (!device->present) return LIBUSB_ERROR_NO_DEVICE;
  if (device->denied) return LIBUSB_ERROR_ACCESS;
  *handle = calloc(1, sizeof **handle);
  (*handle)->device = libusb_ref_device(device);
  handles++;
  return 0;
}
void LIBUSB_CALL libusb_close(libusb_device_handle *handle) {
  if (handle->claimed) unreleased++;
  libusb_unref_device(handle->device);
  free(handle);
  handles--;
}
int LIBUSB_CALL libusb_claim_interface(libusb_device_handle *handle, int interface) {
  if (!handle->device->present) return LIBUSB_ERROR_NO_DEVICE;
  if (handle->device->occupied) return LIBUSB_ERROR_BUSY;
  handle->claimed |= 1 << interface;
  return 0;
}
int LIBUSB_CALL libusb_release_interface(libusb_device_handle *handle, int interface) {
  if (!(handle->claimed & 1 << interface)) return LIBUSB_ERROR_NOT_FOUND;
  handle->claimed &= ~(1 << interface);
  return handle->device->present ? 0 : LIBUSB_ERROR_NO_DEVICE;
}
int LIBUSB_CALL libusb_detach_kernel_driver(libusb_device_handle *handle, int interface) {
  (void)handle, (void)interface;
  return LIBUSB_ERROR_NOT_FOUND;
}
int LIBUSB_CALL libusb_set_auto_detach_kernel_driver(libusb_device_handle *handle, int enable) {
  (void)handle, (void)enable;
  return 0;
}

int LIBUSB_CALL libusb_control_transfer(libusb_device_handle *handle, uint8_t type, uint8_t request, uint16_t value,
                                        uint16_t index, unsigned char *data, uint16_t length, unsigned timeout) {
  (void)timeout;
  fake_now_us += CONTROL_US;
  fake_control_requests++;
  serve_pins();
  if (!handle->device->present) return LIBUSB_ERROR_NO_DEVICE;
  if ((type & 0x40) && request == fake_refused_request) return LIBUSB_ERROR_PIPE;
  const int n = ftdi_chip_control(handle->device->chip, type, request, value, index, data, length, fake_now_us);
  return n == FTDI_CHIP_STALL ? LIBUSB_ERROR_PIPE : n;
}
int LIBUSB_CALL libusb_get_configuration(libusb_device_handle *handle, int *configuration) {
  uint8_t now = 0;
  const int rc = libusb_control_transfer(handle, 0x80, 8, 0, 0, &now, 1, 1000);
  *configuration = now;
  return rc < 0 ? rc : 0;
}
int LIBUSB_CALL libusb_set_configuration(libusb_device_handle *handle, int configuration) {
  return libusb_control_transfer(handle, 0x00, 9, (uint16_t)configuration, 0, NULL, 0, 1000);
}
int LIBUSB_CALL libusb_get_string_descriptor_ascii(libusb_device_handle *handle, uint8_t index, unsigned char *text,
                                                   int size) {
  uint8_t b[255];
  const int n = libusb_control_transfer(handle, 0x80, 6, (uint16_t)(0x0300 | index), 0x0409, b, sizeof b, 1000);
  if (n < 0) return n;
  int length = 0;
  for (int i = 2; i < n && length < size - 1; i += 2) text[length++] = b[i];
  text[length] = 0;
  return length;
}

/* Synchronous transfers are what the port must not use. */
int LIBUSB_CALL libusb_bulk_transfer(libusb_device_handle *handle, unsigned char endpoint, unsigned char *data,
                                     int length, int *done, unsigned timeout) {
  (void)handle, (void)endpoint, (void)data, (void)length, (void)done, (void)timeout;
  return LIBUSB_ERROR_NOT_SUPPORTED;
}

/* ---- Transfers ---- */

static own_transfer *own(struct libusb_transfer *transfer) {
  return (own_transfer *)(void *)((char *)transfer - offsetof(own_transfer, transfer));
}

struct libusb_transfer *LIBUSB_CALL libusb_alloc_transfer(int iso_packets) {
  if (iso_packets) return NULL;
  own_transfer *t = calloc(1, sizeof *t);
  transfers_alive++;
  return &t->transfer;
}
void LIBUSB_CALL libusb_free_transfer(struct libusb_transfer *transfer) {
  if (!transfer) return;
  if (own(transfer)->flying) abort(); /* the kernel would write into freed memory */
  free(own(transfer));
  transfers_alive--;
}
int LIBUSB_CALL libusb_submit_transfer(struct libusb_transfer *transfer) {
  own_transfer *t = own(transfer);
  if (t->flying) return LIBUSB_ERROR_BUSY;
  if (!transfer->dev_handle->device->present) return LIBUSB_ERROR_NO_DEVICE;
  if (flying_count == MAX_TRANSFERS) return LIBUSB_ERROR_NO_MEM;
  t->flying = 1;
  t->cancelled = t->failed = 0;
  transfer->actual_length = 0;
  flying[flying_count++] = t;
  return 0;
}
int LIBUSB_CALL libusb_cancel_transfer(struct libusb_transfer *transfer) {
  if (!own(transfer)->flying) return LIBUSB_ERROR_NOT_FOUND;
  own(transfer)->cancelled = 1;
  return 0;
}

/* Is there an older one on the same endpoint? Then this one has to wait. */
static int is_oldest(int at) {
  for (int i = 0; i < at; i++)
    if (flying[i]->transfer.endpoint == flying[at]->transfer.endpoint &&
        flying[i]->transfer.dev_handle == flying[at]->transfer.dev_handle)
      return 0;
  return 1;
}

/* Works on one transfer: 1 if it is finished. */
static int work(int at) {
  own_transfer *t = flying[at];
  struct libusb_transfer *u = &t->transfer;
  ftdi_chip *chip = u->dev_handle->device->chip;
  u->status = LIBUSB_TRANSFER_COMPLETED;
  if (!u->dev_handle->device->present) u->status = LIBUSB_TRANSFER_NO_DEVICE;
  else if (t->cancelled) u->status = LIBUSB_TRANSFER_CANCELLED;
  else if (t->failed) u->status = LIBUSB_TRANSFER_ERROR;
  if (u->status) return 1;
  if (!is_oldest(at)) return 0;
  if (u->endpoint & LIBUSB_ENDPOINT_IN)
    return ftdi_chip_bulk_in(chip, u->endpoint, u->buffer, u->length, &u->actual_length, fake_now_us);
  u->actual_length +=
      ftdi_chip_bulk_out(chip, u->endpoint, u->buffer + u->actual_length, u->length - u->actual_length, fake_now_us);
  return u->actual_length == u->length;
}

/* Calls back for what is finished; how many. */
static int serve(void) {
  int finished = 0;
  serve_pins();
  for (int i = 0; i < flying_count;) {
    if (!work(i)) {
      i++;
      continue;
    }
    own_transfer *t = flying[i];
    memmove(flying + i, flying + i + 1, (size_t)(--flying_count - i) * sizeof *flying);
    t->flying = 0;
    finished++;
    t->transfer.callback(&t->transfer);
  }
  return finished;
}

int LIBUSB_CALL libusb_handle_events_timeout_completed(libusb_context *context, struct timeval *t, int *completed) {
  (void)context;
  if (t->tv_usec < 0 || t->tv_usec >= 1000000) return LIBUSB_ERROR_INVALID_PARAM;
  const uint64_t until = fake_now_us + (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
  for (;;) {
    if (serve() || (completed && *completed) || fake_now_us >= until) return 0;
    uint64_t next = fake_now_us + PIN_STEP_US;
    for (int i = 0; i < flying_count; i++) {
      const uint64_t due =
          ftdi_chip_bulk_in_due(flying[i]->transfer.dev_handle->device->chip, flying[i]->transfer.endpoint | 0x80);
      if (due > fake_now_us && due < next) next = due;
    }
    fake_now_us = next < until ? next : until;
  }
}
int LIBUSB_CALL libusb_handle_events_timeout(libusb_context *context, struct timeval *t) {
  return libusb_handle_events_timeout_completed(context, t, NULL);
}
