/* ftdi_control.c: the vendor requests of the chip: what libftdi's and ftdi_sio's set-up calls become.
 *
 * bmRequestType 0x40 (to the chip) or 0xc0. The low byte of wIndex is the channel: 0 or 1 is A, 2 is B; but the EEPROM
 * requests use wIndex as the address. A request that the chip does not have, or with a value out of range, is a STALL.
 *
 * Where an FT231X has bit 16 of its divisor is not documented: Linux puts it in bit 8 of wIndex, as for the fast chips,
 * and the channel below; libftdi 1.5 puts it in bit 0. The model follows Linux, whose driver more people use; the port
 * of the host library does not use divisors that need the bit.
 */
#include "ftdi_chip_state.h"

enum {
  RESET = 0x00,
  MODEM_CONTROL = 0x01,
  FLOW_CONTROL = 0x02,
  BAUD = 0x03,
  DATA_FORMAT = 0x04,
  POLL_STATUS = 0x05,
  EVENT_CHAR = 0x06,
  ERROR_CHAR = 0x07,
  SET_LATENCY = 0x09,
  GET_LATENCY = 0x0a,
  BITMODE = 0x0b,
  READ_PINS = 0x0c,
  EEPROM_READ = 0x90,
  EEPROM_WRITE = 0x91,
  EEPROM_ERASE = 0x92,
};

/* The divisor n is counted in eighths: 8 * (bits 13:0) + the code of the fraction. */
static int set_baud(const ftdi_chip *chip, ftdi_channel *channel, uint16_t value, uint16_t index) {
  static const uint8_t fraction[8] = {0, 4, 2, 1, 3, 5, 6, 7};
  const int fast = chip->type != FTDI_CHIP_231X;
  const unsigned high_bit = index >> 8 & 1;
  const uint32_t base_hz = fast && (index & 0x200) ? 12000000 : 3000000;
  const uint32_t integer = value & 0x3fff, eighths = fraction[(value >> 14 & 3) | high_bit << 2];
  uint32_t n8 = 8 * integer + eighths;
  if (integer == 1 && eighths) return FTDI_CHIP_STALL; /* not allowed by the data sheet */
  if (integer == 0 && eighths) return FTDI_CHIP_STALL;
  if (n8 == 0) n8 = 8;       /* code 0 is n = 1 */
  else if (n8 == 8) n8 = 12; /* code 1 is n = 1.5 */
  channel->line.baud_num = base_hz * 8;
  channel->line.baud_den = n8;
  return 0;
}

static int set_bitmode(const ftdi_chip *chip, ftdi_channel *channel, uint16_t value) {
  const uint8_t mode = (uint8_t)(value >> 8);
  const int modes = chip->type == FTDI_CHIP_231X ? 0x25 : 0x5f; /* an FT231X has no MPSSE, no host bus and no FIFO */
  if ((mode & ~modes) || (mode & (mode - 1))) return FTDI_CHIP_STALL;
  if (mode == FTDI_MODE_SYNC_FIFO && channel != &chip->channel[0]) return FTDI_CHIP_STALL;
  channel->bitmode = mode;
  channel->bitmask = (uint8_t)value;
  return 0;
}

static int reset(ftdi_channel *channel, uint16_t what) {
  switch (what) {
    case 0:
      ftdi_channel_flush_to_board(channel);
      ftdi_channel_flush_to_host(channel);
      channel->event_enabled = channel->error_enabled = 0;
      channel->line.rts_cts = channel->line.dtr = channel->line.rts = 0;
      channel->line_errors = 0;
      return 0;
    case 1: ftdi_channel_flush_to_board(channel); return 0;
    case 2: ftdi_channel_flush_to_host(channel); return 0;
    default: return FTDI_CHIP_STALL;
  }
}

static int to_chip(ftdi_chip *chip, ftdi_channel *channel, uint8_t request, uint16_t value, uint16_t index) {
  switch (request) {
    case RESET: return reset(channel, value);
    case MODEM_CONTROL:
      if (value & 0x100) channel->line.dtr = value & 1;
      if (value & 0x200) channel->line.rts = value >> 1 & 1;
      return 0;
    case FLOW_CONTROL: channel->line.rts_cts = index >> 8 & 1; return 0;
    case BAUD: return set_baud(chip, channel, value, index);
    case DATA_FORMAT: channel->data_format = value; return 0;
    case EVENT_CHAR:
      channel->event_char = (uint8_t)value;
      channel->event_enabled = value >> 8 & 1;
      return 0;
    case ERROR_CHAR:
      channel->error_char = (uint8_t)value;
      channel->error_enabled = value >> 8 & 1;
      return 0;
    case SET_LATENCY:
      if (value < 1 || value > 255) return FTDI_CHIP_STALL;
      channel->latency_ms = value;
      return 0;
    case BITMODE: return set_bitmode(chip, channel, value);
    default: return FTDI_CHIP_STALL;
  }
}

static int from_chip(ftdi_chip *chip, ftdi_channel *channel, uint8_t request, uint8_t *data, int length) {
  uint8_t answer[FTDI_STATUS_BYTES];
  int n = 1;
  switch (request) {
    case POLL_STATUS:
      ftdi_channel_status(chip, channel, answer);
      n = FTDI_STATUS_BYTES;
      break;
    case GET_LATENCY: answer[0] = (uint8_t)channel->latency_ms; break;
    case READ_PINS: answer[0] = 0xff; break; /* pulled up */
    default: return FTDI_CHIP_STALL;
  }
  for (int i = 0; i < n && i < length; i++) data[i] = answer[i];
  return n < length ? n : length;
}

static int eeprom(ftdi_chip *chip, uint8_t type, uint8_t request, uint16_t value, uint16_t address, uint8_t *data,
                  int length) {
  const int read = request == EEPROM_READ;
  if (read != (type >> 7) || (request != EEPROM_ERASE && address >= FTDI_EEPROM_WORDS)) return FTDI_CHIP_STALL;
  if (request == EEPROM_ERASE) {
    for (int i = 0; i < FTDI_EEPROM_WORDS; i++) chip->eeprom[i] = 0xffff;
  } else if (request == EEPROM_WRITE) {
    chip->eeprom[address] = value;
  } else {
    if (length < 2) return FTDI_CHIP_STALL;
    data[0] = (uint8_t)chip->eeprom[address];
    data[1] = (uint8_t)(chip->eeprom[address] >> 8);
    return 2;
  }
  return 0;
}

int ftdi_vendor_request(ftdi_chip *chip, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data,
                        int length, uint64_t now_us) {
  (void)now_us;
  if (request >= EEPROM_READ && request <= EEPROM_ERASE) return eeprom(chip, type, request, value, index, data, length);
  const int number = index & 0xff;
  if (number > chip->channels) return FTDI_CHIP_STALL;
  ftdi_channel *channel = &chip->channel[number ? number - 1 : 0];
  return (type & 0x80) ? from_chip(chip, channel, request, data, length)
                       : to_chip(chip, channel, request, value, index);
}
