// verilated_clock.h: the clock and the trace file that chip_uart.cpp and chip_ft245.cpp share.
#ifndef PHOTOLANE_BOARD_VERILATED_CLOCK_H
#define PHOTOLANE_BOARD_VERILATED_CLOCK_H

#include <cstdlib>
#include <memory>

#include "chip.h"
#include "verilated.h"
#if PL_TRACED
#include "verilated_fst_c.h"
#endif

namespace board {

// State before reset, if the build has it random (RTL_X in scripts/rtl.mk): PHOTOLANE_RESET_SEED=N draws another.
inline void draw_state(VerilatedContext &context) {
  const char *seed = std::getenv("PHOTOLANE_RESET_SEED");
  context.randReset(2);
  context.randSeed(seed ? std::atoi(seed) : 1);
}

// Rising edges every 10^9 / khz ps, without drift.
class ClockTimes {
 public:
  explicit ClockTimes(uint32_t khz) : khz_(khz), step_(1000000000 / khz), rest_(1000000000 % khz) {}
  ps_t next() const { return next_; }
  ps_t half() const { return step_ / 2; }
  void advance() {
    next_ += step_;
    if ((over_ += rest_) >= khz_) over_ -= khz_, next_++;
  }

 private:
  uint64_t khz_, step_, rest_, over_ = 0;
  ps_t next_ = 0;
};

// The FST of a traced build. Times of dumps must grow; SystemC's picoseconds are its unit.
class Trace {
 public:
#if PL_TRACED
  template <class Top>
  bool open(VerilatedContext *context, Top *top, const char *file, ps_t from, ps_t to) {
    context->traceEverOn(true);
    fst_ = std::make_unique<VerilatedFstC>();
    top->trace(fst_.get(), 99);
    fst_->open(file);
    from_ = from, to_ = to;
    return fst_->isOpen();
  }
  void dump(ps_t now) {
    if (!fst_ || now < from_ || now > to_ || (dumped_ && now <= last_)) return;
    fst_->dump(now);
    last_ = now, dumped_ = true;
  }
  ~Trace() {
    if (fst_) fst_->close();
  }

 private:
  std::unique_ptr<VerilatedFstC> fst_;
  ps_t from_ = 0, to_ = 0, last_ = 0;
  bool dumped_ = false;
#else
  template <class Top>
  bool open(VerilatedContext *, Top *, const char *, ps_t, ps_t) { return false; }
  void dump(ps_t) {}
#endif
};

}  // namespace board
#endif
