/* board_wire.h: what host/link/port_sim.c and the simulated board (sim/systemc) say to each other over a socketpair. Private.
 *
 * The host asks, the board answers, one at a time; simulated time passes only inside BOARD_TRANSFER. Each message is a
 * board_head and `size` bytes: the struct of its type, then data. Both ends are on one machine: native byte order. What goes through is
 * what goes through a USB: control requests, bytes of OUT transfers, and whole IN transfers with the status bytes in their packets.
 *
 *   request          its data          answer              its data
 *   BOARD_HELLO                        board_facts
 *   BOARD_CONTROL    board_control     board_controlled    the bytes read
 *   BOARD_TRANSFER   board_transfer    board_transferred   packets read, status bytes included
 *
 * Instead of any answer a BOARD_FAILED may come: its data is a sentence, and the board is gone.
 */
#ifndef PHOTOLANE_LINK_BOARD_WIRE_H
#define PHOTOLANE_LINK_BOARD_WIRE_H

#include <stdint.h>

enum { BOARD_VERSION = 1 };
enum { BOARD_HELLO = 1, BOARD_CONTROL, BOARD_TRANSFER, BOARD_FAILED };

enum {
  BOARD_OUT_QUEUE = 16384, /* bytes of OUT transfers that may be under way */
  BOARD_IN_TRANSFER = 4096, /* size of an IN transfer; BOARD_IN_TRANSFERS are always queued */
  BOARD_IN_TRANSFERS = 4,
  BOARD_DATA_MAX = 65536, /* data of a message */
};

typedef struct {
  uint32_t type, size; /* size: bytes that follow */
} board_head;

typedef struct {
  uint32_t version;
  uint32_t product;    /* 0x6010, 0x6014, 0x6015 */
  uint32_t max_packet; /* 512 or 64 */
  uint32_t channel;    /* of the chip, that is wired to the FPGA */
  uint32_t fifo;       /* 1: FT245 synchronous FIFO, 0: UART */
  uint32_t rts_cts;    /* 1: both are wired */
  uint32_t baud;       /* of the design in the FPGA; FT245: clock of the FIFO, Hz */
  uint32_t chip_buffer; /* bytes of the chip's buffer towards the host */
  char name[64];       /* of the board */
} board_facts;

typedef struct {
  uint8_t type, request;
  uint16_t value, index, length; /* type & 0x80: length bytes are read, else that many follow as data */
} board_control;

typedef struct {
  int32_t result; /* bytes, or -1: STALL */
} board_controlled;

typedef struct {
  uint64_t wait_us; /* simulated time until the answer is due, whatever comes; 0: at once */
  uint32_t want_space; /* 1: answer too when there is room in the OUT queue again */
} board_transfer; /* and bytes for the OUT endpoint, no more than the room that was told */

typedef struct {
  uint64_t now_us;
  uint32_t space;     /* room in the OUT queue */
  uint32_t transfers; /* IN transfers that follow: for each its length (uint32_t) and its bytes */
  uint32_t unplugged; /* 1: the board was unplugged and its program is ending */
} board_transferred;

#endif
