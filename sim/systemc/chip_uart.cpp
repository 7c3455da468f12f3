// chip_uart.cpp: a Verilated chip with a UART behind the interface of chip.h.
//
// Compiled once per chip: PL_TOP is the class that Verilator made (pins of rtl/link/pl_chip_uart), PL_NAME its name, PL_CLOCK_KHZ and
// PL_BAUD what it was built for, PL_TRACED whether it can write waveforms.
#include PL_TOP_HEADER
#include "verilated_clock.h"

namespace board {
namespace {

class ChipUart final : public Chip {
 public:
  // Reset falls once before time begins: so the pins are at rest from the first, as those of an FPGA that is not configured yet.
  explicit ChipUart(uint32_t khz) : top_((draw_state(context_), &context_)), clock_(khz) {
    top_.rxd_i = 1, top_.cts_ni = 1;
    for (const bool rst_n : {true, false}) top_.rst_ni = rst_n, top_.eval();
    changed();
  }

  ps_t run(ps_t from, ps_t until) override {
    if (!(in == applied_)) {
      applied_ = in;
      top_.rst_ni = in.rst_n, top_.rxd_i = in.rxd, top_.cts_ni = in.cts_n;
      top_.eval();
      trace_.dump(from);
      if (changed()) return from;
    }
    while (clock_.next() < until) {
      const ps_t edge = clock_.next();
      top_.clk_i = 1;
      top_.eval();
      trace_.dump(edge);
      top_.clk_i = 0;
      top_.eval();
      trace_.dump(edge + clock_.half());
      clock_.advance();
      clocks++;
      if (changed()) return edge;
    }
    return until;
  }

  bool trace(const char *file, ps_t from, ps_t to) override { return trace_.open(&context_, &top_, file, from, to); }

 private:
  bool changed() {
    if (out.txd == static_cast<bool>(top_.txd_o) && out.rts_n == static_cast<bool>(top_.rts_no)) return false;
    out.txd = top_.txd_o, out.rts_n = top_.rts_no;
    return true;
  }

  VerilatedContext context_;
  PL_TOP top_;
  Trace trace_;
  ClockTimes clock_;
  ChipIn applied_;
};

}  // namespace

const ChipFacts kChipFacts = {PL_NAME, false, PL_CLOCK_KHZ, PL_BAUD};
Chip *make_chip(uint32_t clock_khz) { return new ChipUart(clock_khz ? clock_khz : PL_CLOCK_KHZ); }

}  // namespace board
