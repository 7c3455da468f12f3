/* test_front.c: the chip on a unix socket, without QEMU: usbredir with its own parser as the other end, and bare bytes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "sim/ftdi/front.h"

static ftdi_chip *chip;
static ftdi_front *front;
static char path[64];
static uint64_t now_us = 1000000;

/* ---- The guest's end ---- */

static int wire = -1;
static struct usbredirparser *guest;
static int connects, disconnects, unexpected;
static struct usb_redir_device_connect_header device;
static struct usb_redir_ep_info_header endpoints;
static struct usb_redir_interface_info_header interfaces;
static struct {
  int count, status, length;
  uint64_t id;
  uint8_t data[70000];
} answer;

static void log_line(void *priv, int level, const char *text) {
  (void)priv;
  if (level <= usbredirparser_warning) {
    unexpected++;
    printf("guest: %s\n", text);
  }
}
static int guest_read(void *priv, uint8_t *data, int n) {
  (void)priv;
  const ssize_t got = recv(wire, data, (size_t)n, MSG_DONTWAIT);
  return got < 0 ? 0 : got == 0 ? -1 : (int)got;
}
static int guest_write(void *priv, uint8_t *data, int n) {
  (void)priv;
  const ssize_t sent = send(wire, data, (size_t)n, MSG_NOSIGNAL);
  return sent < 0 ? -1 : (int)sent;
}
static void hello(void *priv, struct usb_redir_hello_header *h) { (void)priv, (void)h; }
static void device_connect(void *priv, struct usb_redir_device_connect_header *h) {
  (void)priv;
  connects++;
  device = *h;
}
static void device_disconnect(void *priv) {
  (void)priv;
  disconnects++;
}
static void interface_info(void *priv, struct usb_redir_interface_info_header *h) {
  (void)priv;
  interfaces = *h;
}
static void ep_info(void *priv, struct usb_redir_ep_info_header *h) {
  (void)priv;
  endpoints = *h;
}
static void take_answer(uint64_t id, int status, int length, uint8_t *data, int data_len) {
  answer.count++;
  answer.id = id;
  answer.status = status;
  answer.length = length;
  if (data) {
    memcpy(answer.data, data, (size_t)data_len);
    usbredirparser_free_packet_data(guest, data);
  }
}
static void control_packet(void *priv, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int n) {
  (void)priv;
  take_answer(id, h->status, h->length, data, n);
}
static void bulk_packet(void *priv, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int n) {
  (void)priv;
  take_answer(id, h->status, h->length | h->length_high << 16, data, n);
}
static void configuration_status(void *priv, uint64_t id, struct usb_redir_configuration_status_header *h) {
  (void)priv;
  take_answer(id, h->status, h->configuration, NULL, 0);
}

static void connect_wire(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  wire = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(wire, (struct sockaddr *)&address, sizeof address), 0);
}

static void exchange(void) {
  for (int i = 0; i < 4; i++) {
    while (usbredirparser_has_data_to_write(guest)) usbredirparser_do_write(guest);
    ftdi_front_step(front, now_us);
    usbredirparser_do_read(guest);
  }
}

static void connect_guest(void) {
  connect_wire();
  guest = usbredirparser_create();
  guest->log_func = log_line;
  guest->read_func = guest_read;
  guest->write_func = guest_write;
  guest->hello_func = hello;
  guest->device_connect_func = device_connect;
  guest->device_disconnect_func = device_disconnect;
  guest->interface_info_func = interface_info;
  guest->ep_info_func = ep_info;
  guest->control_packet_func = control_packet;
  guest->bulk_packet_func = bulk_packet;
  guest->configuration_status_func = configuration_status;
  uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
  usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
  usbredirparser_init(guest, "test", caps, USB_REDIR_CAPS_SIZE, 0);
  exchange();
}

static void request(int type, int number, int value, int index, int length) {
  struct usb_redir_control_packet_header h = {.endpoint = (uint8_t)(type & 0x80), .request = (uint8_t)number,
                                              .requesttype = (uint8_t)type, .value = (uint16_t)value,
                                              .index = (uint16_t)index, .length = (uint16_t)length};
  answer.count = 0;
  usbredirparser_send_control_packet(guest, 7, &h, NULL, 0);
  exchange();
  ck_assert_int_eq(answer.count, 1);
}
static void bulk(int endpoint, uint64_t id, uint8_t *data, int length) {
  struct usb_redir_bulk_packet_header h = {.endpoint = (uint8_t)endpoint, .length = (uint16_t)length,
                                           .length_high = (uint16_t)(length >> 16)};
  usbredirparser_send_bulk_packet(guest, id, &h, endpoint & 0x80 ? NULL : data, endpoint & 0x80 ? 0 : length);
  exchange();
}

static void listen_usbredir(ftdi_chip_type type) {
  char why[200] = "";
  chip = ftdi_chip_new(type, "PL1", 0);
  front = ftdi_usbredir_listen(chip, path, why, sizeof why);
  ck_assert_msg(front != NULL, "%s", why);
}

static void setup(void) { snprintf(path, sizeof path, "/tmp/photolane-front-%d", (int)getpid()); }
static void teardown(void) {
  ck_assert_int_eq(unexpected, 0);
  if (guest) usbredirparser_destroy(guest);
  if (wire >= 0) close(wire);
  ftdi_front_close(front);
  ftdi_chip_free(chip);
  ck_assert_int_ne(access(path, F_OK), 0); /* the socket is gone */
}

START_TEST(plugging_in) {
  listen_usbredir(FTDI_CHIP_2232H);
  ck_assert_int_eq(ftdi_front_state(front), 0);
  connect_guest();
  ck_assert_int_eq(ftdi_front_state(front), 1);
  ck_assert_int_eq(connects, 1);
  ck_assert_int_eq(device.vendor_id, 0x0403);
  ck_assert_int_eq(device.product_id, 0x6010);
  ck_assert_int_eq(device.device_version_bcd, 0x0700);
  ck_assert_int_eq(device.speed, usb_redir_speed_high);
  ck_assert_int_eq(interfaces.interface_count, 2);
  ck_assert_int_eq(endpoints.type[2], usb_redir_type_bulk);
  ck_assert_int_eq(endpoints.type[16 + 3], usb_redir_type_bulk);
  ck_assert_int_eq(endpoints.interface[16 + 3], 1);
  ck_assert_int_eq(endpoints.max_packet_size[16 + 1], 512);
  ck_assert_int_eq(endpoints.type[5], usb_redir_type_invalid);
}
END_TEST

START_TEST(requests) {
  listen_usbredir(FTDI_CHIP_231X);
  connect_guest();
  request(0x80, 6, 0x0100, 0, 18);
  ck_assert_int_eq(answer.status, usb_redir_success);
  ck_assert_int_eq(answer.length, 18);
  ck_assert_int_eq(answer.data[10], 0x15);
  request(0x40, 0x09, 5, 0, 0);
  ck_assert_int_eq(answer.status, usb_redir_success);
  request(0xc0, 0x0a, 0, 0, 1);
  ck_assert_int_eq(answer.length, 1);
  ck_assert_int_eq(answer.data[0], 5);
  request(0x40, 0x55, 0, 0, 0);
  ck_assert_int_eq(answer.status, usb_redir_stall);
  struct usb_redir_set_configuration_header set = {.configuration = 1};
  answer.count = 0;
  usbredirparser_send_set_configuration(guest, 8, &set);
  exchange();
  ck_assert_int_eq(answer.count, 1);
  ck_assert_int_eq(answer.status, usb_redir_success);
}
END_TEST

START_TEST(transfers_wait_their_turn) {
  listen_usbredir(FTDI_CHIP_232H);
  connect_guest();
  static uint8_t data[3000];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 5);
  answer.count = 0;
  bulk(0x02, 20, data, 3000); /* the buffer has room for 1024 */
  ck_assert_int_eq(answer.count, 0);
  uint8_t byte;
  for (int i = 0; i < 3000; i++) {
    if (!ftdi_chip_pin_read(chip, 0, &byte, now_us)) {
      ftdi_front_step(front, now_us);
      ck_assert_int_eq(ftdi_chip_pin_read(chip, 0, &byte, now_us), 1);
    }
    ck_assert_int_eq(byte, data[i]);
  }
  exchange();
  ck_assert_int_eq(answer.count, 1);
  ck_assert_int_eq(answer.length, 3000);
  ck_assert_uint_eq(answer.id, 20);

  answer.count = 0;
  bulk(0x81, 30, NULL, 65536); /* completes at once: the timer ran out long ago */
  ck_assert_int_eq(answer.count, 1);
  ck_assert_int_eq(answer.length, 2);
  bulk(0x81, 31, NULL, 65536);
  bulk(0x81, 32, NULL, 65536);
  ck_assert_int_eq(answer.count, 1);
  ck_assert_uint_eq(ftdi_front_due(front), now_us + 16000);
  for (int i = 0; i < 600; i++) ftdi_chip_pin_write(chip, 0, (uint8_t)i, now_us);
  exchange();
  ck_assert_int_eq(answer.count, 1);
  now_us += 16000;
  exchange();
  ck_assert_int_eq(answer.count, 2); /* 510 went at once and began the timer anew */
  ck_assert_uint_eq(answer.id, 31);
  ck_assert_int_eq(answer.length, 512 + 2 + 90);
  ck_assert_int_eq(answer.data[2 + 509], (uint8_t)509);
  ck_assert_int_eq(answer.data[512 + 2], (uint8_t)510);
  /* The next is cancelled, a stranger's is not there. */
  usbredirparser_send_cancel_data_packet(guest, 99);
  usbredirparser_send_cancel_data_packet(guest, 32);
  exchange();
  ck_assert_int_eq(answer.count, 3);
  ck_assert_uint_eq(answer.id, 32);
  ck_assert_int_eq(answer.status, usb_redir_cancelled);
}
END_TEST

START_TEST(unplugged_and_back) {
  listen_usbredir(FTDI_CHIP_2232H);
  ftdi_front_unplug_after(front, 100, 500000);
  connect_guest();
  static uint8_t data[200];
  request(0x40, 0x09, 5, 1, 0);
  bulk(0x02, 1, data, 99);
  ck_assert_int_eq(disconnects, 0);
  bulk(0x81, 2, NULL, 512);
  bulk(0x81, 3, NULL, 512);
  bulk(0x02, 4, data, 1);
  ck_assert_int_eq(disconnects, 1);
  ck_assert_int_eq(ftdi_front_state(front), 0);
  ck_assert_uint_eq(ftdi_front_due(front), now_us + 500000);
  ck_assert_int_eq(ftdi_chip_pin_waiting(chip, 0), 0);
  now_us += 499999;
  exchange();
  ck_assert_int_eq(connects, 1);
  now_us += 1;
  exchange();
  ck_assert_int_eq(connects, 2);
  ck_assert_int_eq(ftdi_front_state(front), 1);
  request(0xc0, 0x0a, 0, 1, 1);
  ck_assert_int_eq(answer.data[0], 16); /* what it was set to is gone */
  bulk(0x02, 5, data, 200);
  ck_assert_int_eq(disconnects, 1); /* once */
}
END_TEST

START_TEST(a_guest_that_goes) {
  listen_usbredir(FTDI_CHIP_2232H);
  connect_guest();
  bulk(0x81, 1, NULL, 512);
  bulk(0x81, 2, NULL, 512);
  close(wire);
  wire = -1;
  ftdi_front_step(front, now_us);
  ck_assert_int_eq(ftdi_front_state(front), 2);
  usbredirparser_destroy(guest);
  connect_guest(); /* the next one may come */
  ck_assert_int_eq(connects, 2);
  ck_assert_int_eq(ftdi_front_state(front), 1);
}
END_TEST

START_TEST(garbage_on_the_wire) {
  listen_usbredir(FTDI_CHIP_2232H);
  connect_wire();
  srand(1);
  for (int i = 0; i < 2000; i++) {
    uint8_t noise[64];
    for (size_t k = 0; k < sizeof noise; k++) noise[k] = (uint8_t)(rand() >> 7);
    if (send(wire, noise, sizeof noise, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
    ftdi_front_step(front, now_us);
  }
}
END_TEST

START_TEST(bare_bytes) {
  char why[200] = "";
  chip = ftdi_chip_new(FTDI_CHIP_231X, "PL1", 0);
  ck_assert_ptr_null(ftdi_chardev_listen(chip, path, 12000000, why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "300 to 3000000"));
  ck_assert_ptr_null(ftdi_chardev_listen(chip, path, 2500000, why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "no rate near 2500000"));
  front = ftdi_chardev_listen(chip, path, 250000, why, sizeof why);
  ck_assert_msg(front != NULL, "%s", why);
  connect_wire();
  static uint8_t sent[5000], back[5000];
  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)(i * 3);
  ck_assert_int_eq(send(wire, sent, sizeof sent, 0), sizeof sent);
  size_t got = 0;
  for (int i = 0; i < 1000 && got < sizeof back; i++) {
    ftdi_front_step(front, now_us);
    ck_assert_int_eq(ftdi_chip_line_of(chip, 0).baud_num / ftdi_chip_line_of(chip, 0).baud_den, 250000);
    uint8_t byte;
    while (ftdi_chip_pin_space(chip, 0) && ftdi_chip_pin_read(chip, 0, &byte, now_us))
      ftdi_chip_pin_write(chip, 0, byte, now_us);
    const ssize_t n = recv(wire, back + got, sizeof back - got, MSG_DONTWAIT);
    if (n > 0) got += (size_t)n;
  }
  ck_assert_uint_eq(got, sizeof back);
  ck_assert_mem_eq(sent, back, sizeof back);
  /* Unplugging is hanging up. */
  ftdi_front_unplug_after(front, 0, 1000);
  ftdi_front_step(front, now_us);
  ck_assert_int_eq(recv(wire, back, 1, 0), 0);
  ck_assert_int_eq(ftdi_front_state(front), 0);
  close(wire);
  now_us += 1000;
  ftdi_front_step(front, now_us);
  connect_wire();
  ftdi_front_step(front, now_us);
  ck_assert_int_eq(ftdi_front_state(front), 1);
}
END_TEST

START_TEST(paths_of_sockets) {
  char why[300] = "", longer[200];
  memset(longer, 'x', sizeof longer);
  longer[sizeof longer - 1] = 0;
  chip = ftdi_chip_new(FTDI_CHIP_231X, "PL1", 0);
  ck_assert_ptr_null(ftdi_usbredir_listen(chip, longer, why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "longer than 107"));
  ck_assert_ptr_null(ftdi_usbredir_listen(chip, "/nowhere/socket", why, sizeof why));
  ck_assert_ptr_nonnull(strstr(why, "cannot listen"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("front");
  TCase *all = tcase_create("front");
  tcase_add_checked_fixture(all, setup, teardown);
  tcase_set_timeout(all, 60);
  tcase_add_test(all, plugging_in);
  tcase_add_test(all, requests);
  tcase_add_test(all, transfers_wait_their_turn);
  tcase_add_test(all, unplugged_and_back);
  tcase_add_test(all, a_guest_that_goes);
  tcase_add_test(all, garbage_on_the_wire);
  tcase_add_test(all, bare_bytes);
  tcase_add_test(all, paths_of_sockets);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
