// chip_ft245.cpp: a Verilated chip with an FT245 FIFO behind the interface of chip.h.
//
// Compiled once per chip, as chip_uart.cpp. Two clocks that know nothing of each other: clk_i of the core, and CLKOUT of the FTDI
// chip, which may stand still. Only rising edges have a time of their own: the design has no falling ones.
#include PL_TOP_HEADER
#include "verilated_clock.h"

namespace board {
namespace {

class ChipFt245 final : public Chip {
 public:
  // Reset falls once before time begins: so the pins are at rest from the first, as those of an FPGA that is not configured yet.
  explicit ChipFt245(uint32_t khz) : top_((draw_state(context_), &context_)), clock_(khz) {
    top_.rxf_ni = 1, top_.txe_ni = 1, top_.data_i = 0xff;
    for (const bool rst_n : {true, false}) top_.rst_ni = rst_n, top_.eval();
    changed();
  }

  void clkout(ps_t first, ps_t period) override { clkout_next_ = first, clkout_period_ = period; }

  ps_t run(ps_t from, ps_t until) override {
    if (!(in == applied_)) {
      applied_ = in;
      top_.rst_ni = in.rst_n, top_.data_i = in.data, top_.rxf_ni = in.rxf_n, top_.txe_ni = in.txe_n;
      top_.eval();
      trace_.dump(from);
      if (changed()) return from;
    }
    for (;;) {
      const bool core = clock_.next() <= clkout_next_;
      const ps_t edge = core ? clock_.next() : clkout_next_;
      if (edge >= until) return until;
      if (core) {
        top_.clk_i = 1;
        top_.eval();
        trace_.dump(edge);
        top_.clk_i = 0;
        clock_.advance();
        clocks++;
      } else {
        top_.ftdi_clk_i = 1;
        top_.eval();
        trace_.dump(edge);
        top_.ftdi_clk_i = 0;
        clkout_next_ += clkout_period_;
      }
      top_.eval();
      trace_.dump(edge + 2000);  // for the eye: the fall
      if (changed()) return edge;
    }
  }

  bool trace(const char *file, ps_t from, ps_t to) override { return trace_.open(&context_, &top_, file, from, to); }

 private:
  bool changed() {
    ChipOut o;
    o.data_oe = top_.data_oe_o;
    o.data = o.data_oe ? top_.data_o : 0;
    o.rd_n = top_.rd_no, o.wr_n = top_.wr_no, o.oe_n = top_.oe_no, o.siwu_n = top_.siwu_no;
    if (o == out) return false;
    out = o;
    return true;
  }

  VerilatedContext context_;
  PL_TOP top_;
  Trace trace_;
  ClockTimes clock_;
  ps_t clkout_next_ = kNever, clkout_period_ = 0;
  ChipIn applied_;
};

}  // namespace

const ChipFacts kChipFacts = {PL_NAME, true, PL_CLOCK_KHZ, PL_BAUD};
Chip *make_chip(uint32_t clock_khz) { return new ChipFt245(clock_khz ? clock_khz : PL_CLOCK_KHZ); }

}  // namespace board
