// chip_module.h: a Chip as a SystemC module with pins; the FPGA of the board. Both kinds of chip; pins that a kind lacks stay at rest.
//
// The module sleeps until an input may change, then lets the chip run to the next time at which one may, or to the chip's own next
// change of an output, whichever comes first (chip.h). Outputs change `clock_to_out` after the edge that made them.
#ifndef PHOTOLANE_BOARD_CHIP_MODULE_H
#define PHOTOLANE_BOARD_CHIP_MODULE_H

#include <memory>
#include <vector>

#include "bay.h"

namespace board {

class ChipModule : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> rst_n{"rst_n"}, rxd{"rxd"}, cts_n{"cts_n"}, rxf_n{"rxf_n"}, txe_n{"txe_n"};
  sc_core::sc_in<uint8_t> data_in{"data_in"};
  sc_core::sc_out<bool> txd{"txd"}, rts_n{"rts_n"}, data_oe{"data_oe"}, rd_n{"rd_n"}, wr_n{"wr_n"}, oe_n{"oe_n"}, siwu_n{"siwu_n"};
  sc_core::sc_out<uint8_t> data_out{"data_out"};

  // exact: the kernel sees every clock of clk_i.
  ChipModule(sc_core::sc_module_name name, Chip &chip, ps_t clock_to_out, ps_t exact_step);
  void wake_for(const Quiet &quiet) { quiet_.push_back(&quiet); }

 private:
  void step();
  void drive();

  Chip &chip_;
  const ps_t clock_to_out_, exact_step_;
  std::vector<const Quiet *> quiet_;
  ChipOut driven_;
  bool settled_ = false;  // all that happens at this time has happened
};

}  // namespace board
#endif
