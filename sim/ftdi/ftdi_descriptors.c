/* ftdi_descriptors.c: what the chip tells of itself: USB descriptors, standard requests, and the image in its EEPROM.
 *
 * Vendor class ff/ff/ff, two bulk endpoints per channel: A 0x81 IN and 0x02 OUT, B 0x83 and 0x04. The EEPROM holds 128
 * words (93LC56B), with the checksum that FTDI's tools and libftdi expect; channel A's mode is read from its first word
 * at any time, as if the board had been plugged in anew after programming.
 */
#include "ftdi_chip_state.h"

#include <string.h>

enum {
  DEVICE = 1,
  CONFIGURATION = 2,
  STRING = 3,
  DEVICE_BYTES = 18,
  CONFIGURATION_BYTES = 9,
  INTERFACE_BYTES = 9 + 7 + 7
};
enum { LANGUAGES, MANUFACTURER, PRODUCT, SERIAL };
enum { MILLIAMPERES_HALVED = 250 };

static const char *const product_name[] = {[FTDI_CHIP_2232H] = "Photolane FT2232H",
                                           [FTDI_CHIP_232H] = "Photolane FT232H",
                                           [FTDI_CHIP_231X] = "Photolane FT231X"};
static const uint16_t release[] = {[FTDI_CHIP_2232H] = 0x0700, [FTDI_CHIP_232H] = 0x0900, [FTDI_CHIP_231X] = 0x1000};

static const char *string_of(const ftdi_chip *chip, int number) {
  return number == MANUFACTURER ? "Photolane"
         : number == PRODUCT    ? product_name[chip->type]
         : number == SERIAL     ? chip->serial
                                : NULL;
}

static int device_descriptor(const ftdi_chip *chip, uint8_t *d) {
  const uint16_t product = ftdi_chip_product(chip);
  const uint8_t bytes[DEVICE_BYTES] = {DEVICE_BYTES,
                                       DEVICE,
                                       0x00,
                                       0x02,
                                       0,
                                       0,
                                       0,
                                       64,
                                       0x03,
                                       0x04,
                                       (uint8_t)product,
                                       (uint8_t)(product >> 8),
                                       (uint8_t)release[chip->type],
                                       (uint8_t)(release[chip->type] >> 8),
                                       MANUFACTURER,
                                       PRODUCT,
                                       SERIAL,
                                       1};
  memcpy(d, bytes, sizeof bytes);
  return DEVICE_BYTES;
}

static int configuration_descriptor(const ftdi_chip *chip, uint8_t *d) {
  const int total = CONFIGURATION_BYTES + chip->channels * INTERFACE_BYTES;
  const uint8_t low = (uint8_t)chip->max_packet, high = (uint8_t)(chip->max_packet >> 8);
  const uint8_t head[CONFIGURATION_BYTES] = {
      CONFIGURATION_BYTES, CONFIGURATION, (uint8_t)total, 0, (uint8_t)chip->channels, 1, 0, 0x80, MILLIAMPERES_HALVED};
  memcpy(d, head, sizeof head);
  d += sizeof head;
  for (int i = 0; i < chip->channels; i++) {
    const uint8_t in = (uint8_t)(0x81 + 2 * i), out = (uint8_t)(0x02 + 2 * i);
    const uint8_t bytes[INTERFACE_BYTES] = {9, 4, (uint8_t)i, 0, 2,   0xff, 0xff, 0xff, PRODUCT, /* interface */
                                            7, 5, in,         2, low, high, 0,                   /* endpoints */
                                            7, 5, out,        2, low, high, 0};
    memcpy(d, bytes, sizeof bytes);
    d += sizeof bytes;
  }
  return total;
}

static int string_descriptor(const ftdi_chip *chip, int number, uint8_t *d) {
  d[1] = STRING;
  if (number == LANGUAGES) {
    d[2] = 0x09, d[3] = 0x04; /* English */
    return d[0] = 4;
  }
  const char *text = string_of(chip, number);
  if (!text) return FTDI_CHIP_STALL;
  int n = 2;
  for (; *text; text++) {
    d[n++] = (uint8_t)*text;
    d[n++] = 0;
  }
  return d[0] = (uint8_t)n;
}

static int get_descriptor(const ftdi_chip *chip, uint16_t value, uint8_t *data, int length) {
  uint8_t bytes[256];
  int n;
  switch (value >> 8) {
    case DEVICE: n = device_descriptor(chip, bytes); break;
    case CONFIGURATION: n = (value & 0xff) ? FTDI_CHIP_STALL : configuration_descriptor(chip, bytes); break;
    case STRING: n = string_descriptor(chip, value & 0xff, bytes); break;
    default: return FTDI_CHIP_STALL;
  }
  if (n < 0) return n;
  if (n > length) n = length;
  memcpy(data, bytes, (size_t)n);
  return n;
}

int ftdi_standard_request(ftdi_chip *chip, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data,
                          int length) {
  enum {
    GET_STATUS,
    CLEAR_FEATURE,
    SET_ADDRESS = 5,
    GET_DESCRIPTOR,
    GET_CONFIGURATION = 8,
    SET_CONFIGURATION,
    GET_INTERFACE,
    SET_INTERFACE
  };
  switch (type << 8 | request) {
    case 0x8000 | GET_STATUS:
    case 0x8100 | GET_STATUS:
    case 0x8200 | GET_STATUS:
      if (length < 2) return FTDI_CHIP_STALL;
      data[0] = data[1] = 0;
      return 2;
    case 0x0200 | CLEAR_FEATURE: return 0;
    case 0x0000 | SET_ADDRESS: return 0;
    case 0x8000 | GET_DESCRIPTOR: return get_descriptor(chip, value, data, length);
    case 0x8000 | GET_CONFIGURATION:
      if (length < 1) return FTDI_CHIP_STALL;
      data[0] = (uint8_t)chip->configuration;
      return 1;
    case 0x0000 | SET_CONFIGURATION:
      if (value > 1) return FTDI_CHIP_STALL;
      chip->configuration = value;
      return 0;
    case 0x8100 | GET_INTERFACE:
      if (length < 1 || index >= chip->channels) return FTDI_CHIP_STALL;
      data[0] = 0;
      return 1;
    case 0x0100 | SET_INTERFACE: return value || index >= chip->channels ? FTDI_CHIP_STALL : 0;
    default: return FTDI_CHIP_STALL;
  }
}

/* ---- EEPROM ---- */

enum { EEPROM_BYTES = 2 * FTDI_EEPROM_WORDS, CHANNEL_FIFO = 1, CHANNEL_MODE = 7, STRINGS_AT = 0x9a };

int ftdi_eeprom_says_fifo(const ftdi_chip *chip) {
  return chip->type != FTDI_CHIP_231X && (chip->eeprom[0] & CHANNEL_MODE) == CHANNEL_FIFO;
}

void ftdi_eeprom_image(ftdi_chip *chip, int fifo) {
  uint8_t image[EEPROM_BYTES] = {0};
  const uint16_t product = ftdi_chip_product(chip);
  image[0x00] = (uint8_t)(fifo ? CHANNEL_FIFO : 0);
  image[0x02] = 0x03, image[0x03] = 0x04;
  image[0x04] = (uint8_t)product, image[0x05] = (uint8_t)(product >> 8);
  image[0x06] = (uint8_t)release[chip->type], image[0x07] = (uint8_t)(release[chip->type] >> 8);
  image[0x08] = 0x80;
  image[0x09] = MILLIAMPERES_HALVED;
  image[0x0a] = 0x08;                                       /* has a serial number */
  image[chip->type == FTDI_CHIP_232H ? 0x1e : 0x18] = 0x56; /* a 93LC56B */
  int at = STRINGS_AT + (chip->type != FTDI_CHIP_2232H ? 6 : 0);
  for (int number = MANUFACTURER; number <= SERIAL; number++) {
    uint8_t text[256];
    int n = string_descriptor(chip, number, text);
    if (at + n > EEPROM_BYTES - 2) n = 0; /* a name too long for the EEPROM: the descriptor has it */
    image[0x0e + 2 * (number - 1)] = (uint8_t)at;
    image[0x0f + 2 * (number - 1)] = (uint8_t)n;
    memcpy(image + at, text, (size_t)n);
    at += n;
  }
  uint16_t sum = 0xaaaa;
  for (int i = 0; i < FTDI_EEPROM_WORDS; i++) {
    const uint16_t word = (uint16_t)(image[2 * i] | image[2 * i + 1] << 8);
    if (i == FTDI_EEPROM_WORDS - 1) {
      chip->eeprom[i] = sum;
      break;
    }
    chip->eeprom[i] = word;
    /* The FT-X keeps factory data in words 0x12 to 0x3f, which the sum leaves out. */
    if (chip->type == FTDI_CHIP_231X && i >= 0x12 && i < 0x40) continue;
    sum ^= word;
    sum = (uint16_t)(sum << 1 | sum >> 15);
  }
}
