// ft245_rules.h: the rules of the FT245 synchronous FIFO for the FPGA, checked at every edge of CLKOUT (FT232H data sheet, 4.4
// and table 4.1). A violated one is an error that names time and rule; it ends the simulation.
#ifndef PHOTOLANE_BOARD_FT245_RULES_H
#define PHOTOLANE_BOARD_FT245_RULES_H

#include "bay.h"

namespace board {

// The pins at an edge of CLKOUT, true: asserted (low), drives: the FPGA drives D.
struct Ft245Sample {
  bool rd = false, wr = false, oe = false, drives = false, txe = false;
  bool operator==(const Ft245Sample &o) const {
    return rd == o.rd && wr == o.wr && oe == o.oe && drives == o.drives && txe == o.txe;
  }
};

class Ft245Rules {
 public:
  explicit Ft245Rules(Bay &bay) : bay_(bay) {}
  void edge(ps_t now, const Ft245Sample &sample);
  void changed(ps_t now, const Ft245Sample &sample);  // an output of the FPGA changed; CLKOUT need not run
  void clock_started(ps_t now) { started_ = true, started_at_ = now; }
  const Ft245Sample &last() const { return last_; }  // at the last edge; edges at which nothing differs need not be told

 private:
  static constexpr ps_t kSetup = 7500;  // t7, t9, t12, t14
  // What releases the pins when CLKOUT stands still cannot be in step with it: if it starts again just then, nothing can hold the
  // set-up time. A real CLKOUT stops only when the host resets the mode.
  static constexpr ps_t kUnsettled = kPsPerUs;
  void broken(ps_t now, const char *rule);

  Bay &bay_;
  Ft245Sample last_;
  ps_t changed_at_ = 0, started_at_ = 0;
  bool started_ = false;
};

}  // namespace board
#endif
