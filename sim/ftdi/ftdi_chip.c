/* ftdi_chip.c: the chip's buffers, its bulk packets with status bytes and latency timer, and its pins.
 *
 * Board to host: bytes wait in a buffer until a packet goes, which is when it is full (510 or 62 bytes), when the
 * latency timer has run since the last packet (then it may be empty but for its status), or at once when an event
 * character is in the buffer. A packet that is not full ends the host's transfer. Host to board: a packet is taken
 * whole or not at all (NAK).
 */
#include "ftdi_chip_state.h"

#include <stdlib.h>
#include <string.h>

static const int buffer_size[] = {[FTDI_CHIP_2232H] = 4096, [FTDI_CHIP_232H] = 1024, [FTDI_CHIP_231X] = 512};

static void put(ftdi_ring *ring, uint8_t byte) { ring->data[(ring->head + ring->count++) % ring->size] = byte; }
static uint8_t get(ftdi_ring *ring) {
  const uint8_t byte = ring->data[ring->head];
  ring->head = (ring->head + 1) % ring->size;
  ring->count--;
  return byte;
}

void ftdi_channel_flush_to_board(ftdi_channel *channel) { channel->to_board.head = channel->to_board.count = 0; }
void ftdi_channel_flush_to_host(ftdi_channel *channel) {
  channel->to_host.head = channel->to_host.count = 0;
  channel->flush = 0;
}

ftdi_chip *ftdi_chip_new(ftdi_chip_type type, const char *serial, int fifo) {
  ftdi_chip *chip = calloc(1, sizeof *chip);
  if (!chip) return NULL;
  chip->type = type;
  strncpy(chip->serial, serial, sizeof chip->serial - 1);
  chip->channels = type == FTDI_CHIP_2232H ? 2 : 1;
  chip->max_packet = type == FTDI_CHIP_231X ? 64 : 512;
  ftdi_eeprom_image(chip, fifo && type != FTDI_CHIP_231X);
  ftdi_chip_power_up(chip);
  return chip;
}

void ftdi_chip_free(ftdi_chip *chip) { free(chip); }

void ftdi_chip_power_up(ftdi_chip *chip) {
  chip->configuration = 0;
  for (int i = 0; i < FTDI_CHANNELS; i++) {
    ftdi_channel *channel = &chip->channel[i];
    const uint64_t packet_us = channel->packet_us;
    memset(channel, 0, sizeof *channel);
    channel->to_board.size = channel->to_host.size = buffer_size[chip->type];
    channel->packet_us = packet_us; /* time never goes backwards */
    channel->latency_ms = 16;
    channel->data_format = 8;
    channel->line = (ftdi_chip_line){.baud_num = 9600, .baud_den = 1};
  }
}

int ftdi_chip_max_packet(const ftdi_chip *chip) { return chip->max_packet; }
uint16_t ftdi_chip_product(const ftdi_chip *chip) {
  static const uint16_t product[] = {[FTDI_CHIP_2232H] = 0x6010, [FTDI_CHIP_232H] = 0x6014, [FTDI_CHIP_231X] = 0x6015};
  return product[chip->type];
}

int ftdi_chip_control(ftdi_chip *chip, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
                      uint8_t *data, int wLength, uint64_t now_us) {
  switch (bmRequestType & 0x60) {
    case 0x00: return ftdi_standard_request(chip, bmRequestType, bRequest, wValue, wIndex, data, wLength);
    case 0x40: return ftdi_vendor_request(chip, bmRequestType, bRequest, wValue, wIndex, data, wLength, now_us);
    default: return FTDI_CHIP_STALL;
  }
}

/* ---- The mode of the pins ---- */

static int sync_fifo(const ftdi_chip *chip) {
  return chip->channel[0].bitmode == FTDI_MODE_SYNC_FIFO && ftdi_eeprom_says_fifo(chip);
}

/* A synchronous FIFO on A takes the buffers of B with it. */
static int idle(const ftdi_chip *chip, int channel) { return channel == 1 && sync_fifo(chip); }

int ftdi_channel_is_fifo(const ftdi_chip *chip, int channel) {
  return channel == 0 ? ftdi_eeprom_says_fifo(chip) : idle(chip, channel);
}

ftdi_chip_line ftdi_chip_line_of(const ftdi_chip *chip, int channel) {
  ftdi_chip_line line = chip->channel[channel].line;
  line.sync_fifo = channel == 0 && sync_fifo(chip);
  return line;
}

/* ---- USB side ---- */

void ftdi_channel_status(const ftdi_chip *chip, const ftdi_channel *channel, uint8_t status[FTDI_STATUS_BYTES]) {
  enum { CTS = 0x10, DSR = 0x20, TRANSMITTER_EMPTY = 0x60, PACKET_64 = 0x01, PACKET_512 = 0x02 };
  status[0] = (uint8_t)(CTS | DSR | (chip->max_packet == 64 ? PACKET_64 : PACKET_512));
  status[1] = (uint8_t)((channel->to_board.count ? 0 : TRANSMITTER_EMPTY) | channel->line_errors);
}

/* The channel of endpoints 0x81 and 0x02 (A), 0x83 and 0x04 (B), or NULL. */
static ftdi_channel *channel_of(ftdi_chip *chip, int endpoint) {
  const int number = (endpoint & 0x80) ? ((endpoint & 0x7f) - 1) : endpoint - 2;
  if (number != 0 && number != 2) return NULL;
  return number / 2 < chip->channels ? &chip->channel[number / 2] : NULL;
}

int ftdi_chip_bulk_out(ftdi_chip *chip, int endpoint, const uint8_t *data, int n, uint64_t now_us) {
  (void)now_us;
  ftdi_channel *channel = channel_of(chip, endpoint);
  if (!channel || idle(chip, (int)(channel - chip->channel))) return 0;
  int taken = 0;
  while (taken < n) {
    const int packet = n - taken < chip->max_packet ? n - taken : chip->max_packet;
    if (packet > channel->to_board.size - channel->to_board.count) break;
    for (int i = 0; i < packet; i++) put(&channel->to_board, data[taken + i]);
    taken += packet;
  }
  return taken;
}

int ftdi_chip_bulk_in(ftdi_chip *chip, int endpoint, uint8_t *buf, int len, int *got, uint64_t now_us) {
  ftdi_channel *channel = channel_of(chip, endpoint);
  if (!channel) return 0;
  while (len - *got > FTDI_STATUS_BYTES) {
    const int room = (len - *got < chip->max_packet ? len - *got : chip->max_packet) - FTDI_STATUS_BYTES;
    const int expired = now_us >= channel->packet_us + (uint64_t)channel->latency_ms * 1000;
    if (channel->to_host.count < room && !channel->flush && !expired) return 0;
    ftdi_channel_status(chip, channel, buf + *got);
    channel->line_errors = 0;
    *got += FTDI_STATUS_BYTES;
    int payload = 0;
    while (payload < room && channel->to_host.count) {
      buf[(*got)++] = get(&channel->to_host);
      payload++;
    }
    channel->flush = channel->flush > payload ? channel->flush - payload : 0;
    channel->packet_us = now_us;
    if (payload < chip->max_packet - FTDI_STATUS_BYTES) return 1;
  }
  return 1;
}

uint64_t ftdi_chip_bulk_in_due(const ftdi_chip *chip, int endpoint) {
  const ftdi_channel *channel = channel_of((ftdi_chip *)chip, endpoint);
  return channel ? channel->packet_us + (uint64_t)channel->latency_ms * 1000 : UINT64_MAX;
}

int ftdi_chip_drain(ftdi_chip *chip, int channel, uint8_t *buf, int n) {
  ftdi_channel *from = &chip->channel[channel];
  int taken = 0;
  while (taken < n && from->to_host.count) buf[taken++] = get(&from->to_host);
  from->flush = from->flush > taken ? from->flush - taken : 0;
  return taken;
}

/* ---- Pin side ---- */

int ftdi_chip_pin_read(ftdi_chip *chip, int channel, uint8_t *byte, uint64_t now_us) {
  (void)now_us;
  if (!ftdi_chip_pin_waiting(chip, channel)) return 0;
  *byte = get(&chip->channel[channel].to_board);
  return 1;
}

int ftdi_chip_pin_waiting(const ftdi_chip *chip, int channel) {
  return idle(chip, channel) ? 0 : chip->channel[channel].to_board.count;
}

int ftdi_chip_pin_write(ftdi_chip *chip, int channel, uint8_t byte, uint64_t now_us) {
  (void)now_us;
  ftdi_channel *to = &chip->channel[channel];
  if (!ftdi_chip_pin_space(chip, channel)) {
    if (!ftdi_channel_is_fifo(chip, channel)) to->line_errors |= FTDI_LINE_OVERRUN;
    return 0;
  }
  put(&to->to_host, byte);
  /* Whether a FIFO heeds the event character is not known: here it does not, which is the slower case. */
  if (to->event_enabled && byte == to->event_char && !ftdi_channel_is_fifo(chip, channel))
    to->flush = to->to_host.count;
  return 1;
}

int ftdi_chip_pin_space(const ftdi_chip *chip, int channel) {
  return idle(chip, channel) ? 0 : chip->channel[channel].to_host.size - chip->channel[channel].to_host.count;
}

void ftdi_chip_pin_send_now(ftdi_chip *chip, int channel) {
  chip->channel[channel].flush = chip->channel[channel].to_host.count;
}

void ftdi_chip_line_error(ftdi_chip *chip, int channel, int errors) { chip->channel[channel].line_errors |= errors; }
