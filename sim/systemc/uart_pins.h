// uart_pins.h: the UART pins of the FTDI chip: 8N1 in both directions at the rate that the host has set, RTS# and CTS#.
//
// Every bit has its exact time: the rate is the chip's fraction, not rounded. A byte that waits is sent back to back with the one before,
// unless CTS# is high when it would start. RTS# goes high when the buffer towards the host has less than kRtsMargin bytes left. With
// stalls RTS# also goes high at random. A received stop bit that is low is a framing error, and the byte is not taken.
#ifndef PHOTOLANE_BOARD_UART_PINS_H
#define PHOTOLANE_BOARD_UART_PINS_H

#include "bay.h"

namespace board {

class UartPins : public sc_core::sc_module, public Quiet {
 public:
  sc_core::sc_in<bool> rxd{"rxd"};      // from the FPGA's txd
  sc_core::sc_in<bool> cts_n{"cts_n"};  // from the FPGA's rts
  sc_core::sc_out<bool> txd{"txd"};     // to the FPGA's rxd
  sc_core::sc_out<bool> rts_n{"rts_n"}; // to the FPGA's cts

  UartPins(sc_core::sc_module_name name, Bay &bay, bool stalls, uint64_t seed);
  ps_t quiet_until(ps_t now) const override;

 private:
  static constexpr int kRtsMargin = 32, kFrameBits = 10;
  void step();
  void send(ps_t now);
  void receive(ps_t now);
  void flow_control(ps_t now);
  bool may_send() const { return bay_.waiting() && !(bay_.rts_cts() && rts_cts_ && cts_n.read()); }
  ps_t bits(int halves) const;  // time of half bits

  Bay &bay_;
  sc_core::sc_event wake_;  // the next thing to do by itself
  const bool stalls_;
  Random random_;
  uint64_t baud_num_ = 9600, baud_den_ = 1;
  bool rts_cts_ = false;
  // Sender: the bits of the frame under way, and when the next one that differs goes out.
  uint32_t frame_ = 0;
  int bit_ = kFrameBits;
  ps_t start_ = 0, next_edge_ = kNever;
  // Receiver: samples at the middle of each bit.
  bool receiving_ = false, was_high_ = true;
  int sample_ = 0;
  uint32_t received_ = 0;
  ps_t began_ = 0, next_sample_ = kNever;
  // Stalls.
  bool stalled_ = false, rts_high_ = true;
  ps_t next_stall_ = kNever;
};

}  // namespace board
#endif
