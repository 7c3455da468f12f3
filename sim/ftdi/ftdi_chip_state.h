/* ftdi_chip_state.h: what an ftdi_chip consists of. Private to the three files of the chip:
 *
 *   ftdi_chip.c         buffers, bulk packets, latency timer, pins
 *   ftdi_control.c      the vendor requests
 *   ftdi_descriptors.c  the standard requests, descriptors, the image in the EEPROM
 */
#ifndef PHOTOLANE_FTDI_CHIP_STATE_H
#define PHOTOLANE_FTDI_CHIP_STATE_H

#include "ftdi_chip.h"

enum { FTDI_CHANNELS = 2, FTDI_BUFFER_MAX = 4096, FTDI_EEPROM_WORDS = 128, FTDI_STATUS_BYTES = 2 };

/* Bit modes of request 0x0b. */
enum { FTDI_MODE_RESET = 0x00, FTDI_MODE_SYNC_FIFO = 0x40 };

typedef struct {
  uint8_t data[FTDI_BUFFER_MAX];
  int size, head, count; /* head: the oldest byte */
} ftdi_ring;

typedef struct {
  ftdi_ring to_board, to_host;
  uint64_t packet_us; /* when the last IN packet went: the latency timer runs from here */
  int flush;          /* bytes of to_host up to and with the last event character: they do not wait for the timer */
  int latency_ms;
  int event_enabled, error_enabled;
  uint8_t event_char, error_char;
  uint8_t bitmode, bitmask;
  uint16_t data_format;
  int line_errors; /* FTDI_LINE_*, until the next packet */
  ftdi_chip_line line;
} ftdi_channel;

struct ftdi_chip {
  ftdi_chip_type type;
  char serial[32];
  int channels; /* 1 or 2 */
  int max_packet;
  int configuration;
  ftdi_channel channel[FTDI_CHANNELS];
  uint16_t eeprom[FTDI_EEPROM_WORDS];
};

/* Empties the buffers of one direction. */
void ftdi_channel_flush_to_board(ftdi_channel *);
void ftdi_channel_flush_to_host(ftdi_channel *);

/* The two status bytes as they are now. */
void ftdi_channel_status(const ftdi_chip *, const ftdi_channel *, uint8_t status[FTDI_STATUS_BYTES]);

/* 1: the EEPROM says that channel A is a 245 FIFO. */
int ftdi_eeprom_says_fifo(const ftdi_chip *);
/* 1: the channel is a FIFO at its pins, or idle because the other one is; not a UART. */
int ftdi_channel_is_fifo(const ftdi_chip *, int channel);

void ftdi_eeprom_image(ftdi_chip *, int fifo); /* writes the image of a chip as it is sold, but for channel A */
int ftdi_standard_request(ftdi_chip *, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data,
                          int length);
int ftdi_vendor_request(ftdi_chip *, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data,
                        int length, uint64_t now_us);

#endif
