// chip_module.cpp: see chip_module.h.
#include "chip_module.h"

#include <algorithm>

namespace board {

ChipModule::ChipModule(sc_core::sc_module_name, Chip &chip, ps_t clock_to_out, ps_t exact_step)
    : chip_(chip), clock_to_out_(clock_to_out), exact_step_(exact_step) {
  SC_HAS_PROCESS(ChipModule);
  SC_METHOD(step);
}

// Each wake has two halves: at first outputs are driven; a delta cycle later every other module has acted on this time too, and the
// chip may look at its inputs and run on.
void ChipModule::step() {
  const ps_t now = now_ps();
  if (!settled_) {
    drive();
    settled_ = true;
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  ps_t until = exact_step_ ? now + exact_step_ : kNever - 1;
  for (const Quiet *quiet : quiet_) until = std::min(until, quiet->quiet_until(now));
  if (until <= now) {  // somebody is about to change a pin at this very time
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  settled_ = false;
  chip_.in = {rst_n.read(), rxd.read(), cts_n.read(), data_in.read(), rxf_n.read(), txe_n.read()};
  const ps_t then = chip_.run(now, until);
  const bool changed = !(chip_.out == driven_);
  next_trigger(in_ps((changed ? then + clock_to_out_ : then) - now));
}

void ChipModule::drive() {
  const ChipOut &out = chip_.out;
  if (out == driven_) return;
  driven_ = out;
  txd.write(out.txd), rts_n.write(out.rts_n);
  data_out.write(out.data), data_oe.write(out.data_oe);
  rd_n.write(out.rd_n), wr_n.write(out.wr_n), oe_n.write(out.oe_n), siwu_n.write(out.siwu_n);
}

}  // namespace board
