/* ftdi_chip.h: one FTDI chip in C, FT2232H, FT232H or FT231X: between the USB packets of a host and the pins of the
 * board.
 *
 * Integers and memory only: no clock of its own, no threads, no USB library. Three front ends put it on a USB: the
 * substituted libusb calls of the unit tests, usbredir (QEMU) and the socket of `sim:`; one back end, the pin-accurate
 * UART or FT245 of sim/systemc (or a loop-back in tests), moves bytes at its pins. Facts: FT232H datasheet,
 * libftdi 1.5, Linux ftdi_sio. Time is microseconds that the caller gives, never going backwards.
 *
 *          USB side                                             pin side
 *   ftdi_chip_control                                       ftdi_chip_pin_read   host -> board
 *   ftdi_chip_bulk_out  --> host-to-board buffer    -->
 *   ftdi_chip_bulk_in   <-- board-to-host buffer    <--     ftdi_chip_pin_write  board -> host
 */
#ifndef PHOTOLANE_FTDI_CHIP_H
#define PHOTOLANE_FTDI_CHIP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { FTDI_CHIP_2232H, FTDI_CHIP_232H, FTDI_CHIP_231X } ftdi_chip_type;

typedef struct ftdi_chip ftdi_chip;

/* serial: of the string descriptor, at most 31 characters. fifo: its EEPROM says 245 FIFO on channel A (not FT231X).
 * NULL: no memory. */
ftdi_chip *ftdi_chip_new(ftdi_chip_type type, const char *serial, int fifo);
void ftdi_chip_free(ftdi_chip *);

/* As after it was plugged in: buffers empty, all that the host has set is gone. The EEPROM stays. */
void ftdi_chip_power_up(ftdi_chip *);

/* ---- USB side. Channel A is endpoints 0x81 and 0x02, channel B (FT2232H) 0x83 and 0x04. ---- */

enum { FTDI_CHIP_STALL = -1 };

/* A control request of any type, standard ones (GET_DESCRIPTOR) included. data: to the device, or wLength bytes of
 * room. Bytes taken or given, or FTDI_CHIP_STALL. */
int ftdi_chip_control(ftdi_chip *, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
                      uint8_t *data, int wLength, uint64_t now_us);

/* Bytes taken; fewer than n: the buffer is full, try the rest later (NAK). */
int ftdi_chip_bulk_out(ftdi_chip *, int endpoint, const uint8_t *data, int n, uint64_t now_us);

/* The oldest transfer of an IN endpoint, `len` bytes of room, *got filled so far (kept by the caller between calls). 1:
 * complete (full, or ended by a short packet), 0: not yet. Packets carry their two status bytes. */
int ftdi_chip_bulk_in(ftdi_chip *, int endpoint, uint8_t *buf, int len, int *got, uint64_t now_us);

/* When bulk_in will complete by the latency timer if no byte comes. */
uint64_t ftdi_chip_bulk_in_due(const ftdi_chip *, int endpoint);

/* Takes up to n bytes of the board as they are, without packets, status and timer: for a front end that is no USB. How
 * many. */
int ftdi_chip_drain(ftdi_chip *, int channel, uint8_t *buf, int n);

int ftdi_chip_max_packet(const ftdi_chip *);   /* 512, FT231X 64 */
uint16_t ftdi_chip_product(const ftdi_chip *); /* 0x6010, 0x6014, 0x6015; the vendor is 0x0403 */

/* ---- Pin side. channel: 0 A, 1 B. ---- */

/* The next byte of the host for the board: 1 and *byte, or 0: there is none. */
int ftdi_chip_pin_read(ftdi_chip *, int channel, uint8_t *byte, uint64_t now_us);
int ftdi_chip_pin_waiting(const ftdi_chip *, int channel); /* bytes that pin_read could give */

/* A byte of the board for the host: 1, or 0: the buffer is full (FT245: TXE# stays high; UART: the byte is lost, and
 * the overrun is told in the status bytes). */
int ftdi_chip_pin_write(ftdi_chip *, int channel, uint8_t byte, uint64_t now_us);
int ftdi_chip_pin_space(const ftdi_chip *, int channel);

/* SIWU# was low: what waits goes to the host at once, in a packet that need not be full. */
void ftdi_chip_pin_send_now(ftdi_chip *, int channel);

/* Line errors seen at the pins, for the status bytes: FTDI_LINE_*. */
enum { FTDI_LINE_OVERRUN = 0x02, FTDI_LINE_PARITY = 0x04, FTDI_LINE_FRAMING = 0x08, FTDI_LINE_BREAK = 0x10 };
void ftdi_chip_line_error(ftdi_chip *, int channel, int errors);

/* What the host has set: the UART's rate as a fraction in baud, flow control, and whether the pins are a synchronous
 * FIFO with its clock running. */
typedef struct {
  uint32_t baud_num, baud_den;
  int rts_cts;
  int sync_fifo; /* bitmode 0x40 set, EEPROM says FIFO */
  int dtr, rts;
} ftdi_chip_line;
ftdi_chip_line ftdi_chip_line_of(const ftdi_chip *, int channel);

#ifdef __cplusplus
}
#endif
#endif
