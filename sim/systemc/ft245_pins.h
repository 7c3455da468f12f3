// ft245_pins.h: the pins of the FTDI chip as an FT245 synchronous FIFO, timed as in table 4.1 of the FT232H data sheet.
//
// CLKOUT (60 MHz) runs while the host has set bit mode 0x40. RXF#, TXE# and D change kClkoutToPin after its rising edge, D also kOeToData
// after OE# falls. A byte moves at every edge with RXF# and RD# low, or with TXE# and WR# low. With stalls TXE# and RXF# go high for
// one clock or more at random, at any phase of a burst, and CLKOUT stands still now and then. While RXF# is high D carries rubbish.
//
// Who wants to see CLKOUT: it is not toggled as a signal but told to the chip as a time (chip.h); a VCD has it (board.cpp).
#ifndef PHOTOLANE_BOARD_FT245_PINS_H
#define PHOTOLANE_BOARD_FT245_PINS_H

#include "ft245_rules.h"

namespace board {

class Ft245Pins : public sc_core::sc_module, public Quiet {
 public:
  static constexpr ps_t kPeriod = 16667;       // t1
  static constexpr ps_t kClkoutToPin = 8900;   // t4, t5, t11: 0 to 9 ns
  static constexpr ps_t kOeToData = 8800;      // t6: 0 to 9 ns

  sc_core::sc_in<bool> rd_n{"rd_n"}, wr_n{"wr_n"}, oe_n{"oe_n"}, siwu_n{"siwu_n"}, drives{"drives"};
  sc_core::sc_in<uint8_t> data_in{"data_in"};
  sc_core::sc_out<bool> rxf_n{"rxf_n"}, txe_n{"txe_n"};
  sc_core::sc_out<uint8_t> data_out{"data_out"};

  Ft245Pins(sc_core::sc_module_name name, Bay &bay, Chip &chip, bool stalls, uint64_t seed);
  ps_t quiet_until(ps_t now) const override;
  bool clock_runs() const { return running_; }

 private:
  struct Pins {
    bool rxf = false, txe = false;
    uint8_t data = 0xff;
    bool operator!=(const Pins &o) const { return rxf != o.rxf || txe != o.txe || data != o.data; }
  };
  void step();
  void start_or_stop(ps_t now);
  void edge(ps_t now);
  void drive();
  void next_pins();
  bool active() const;
  ps_t edge_from(ps_t now) const;  // the first edge of CLKOUT at `now` or later
  Ft245Sample sample() const;

  Bay &bay_;
  sc_core::sc_event wake_;  // the next thing to do by itself
  Chip &chip_;
  Ft245Rules rules_;
  const bool stalls_;
  Random random_;
  bool running_ = false, told_ = false;
  ps_t base_ = 0, handled_ = 0;  // an edge of CLKOUT; edges before handled_ are done
  ps_t resume_at_ = kNever;      // after a stop of CLKOUT
  ps_t drive_at_ = kNever;
  Pins now_, next_;
  Ft245Sample seen_;
  bool offered_ = false, siwu_was_high_ = true;
  uint8_t offer_ = 0;
  int rxf_pause_ = 0, txe_pause_ = 0;
};

}  // namespace board
#endif
