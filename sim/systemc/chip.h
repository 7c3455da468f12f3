// chip.h: a full chip (rtl/link/pl_chip_*, a netlist of it, or an unpacked bitstream) as the board sees it: pins and time.
//
// No SystemC and no Verilator in here: everything of the board is compiled once, only the small file behind this interface
// (chip_uart.cpp, chip_ft245.cpp) once per chip. Time is picoseconds of simulated time.
//
// `run` is made for speed: between two changes of its input pins a chip may run any number of clocks without the simulation kernel, as long
// as none of its outputs changes. So the kernel sees pins, not clocks.
#ifndef PHOTOLANE_BOARD_CHIP_H
#define PHOTOLANE_BOARD_CHIP_H

#include <cstdint>

namespace board {

using ps_t = uint64_t;
constexpr ps_t kNever = UINT64_MAX;
constexpr ps_t kPsPerUs = 1000000;

// Pins of both kinds of chip. What a kind does not have is left alone.
struct ChipIn {
  bool rst_n = false;
  bool rxd = true, cts_n = true;                     // UART
  uint8_t data = 0xff;                               // FT245: the bus as the chip sees it
  bool rxf_n = true, txe_n = true;
  bool operator==(const ChipIn &o) const {
    return rst_n == o.rst_n && rxd == o.rxd && cts_n == o.cts_n && data == o.data && rxf_n == o.rxf_n && txe_n == o.txe_n;
  }
};
struct ChipOut {
  bool txd = true, rts_n = true;                     // UART
  uint8_t data = 0;                                  // FT245: what it drives while data_oe
  bool data_oe = false, rd_n = true, wr_n = true, oe_n = true, siwu_n = true;
  bool operator==(const ChipOut &o) const {
    return txd == o.txd && rts_n == o.rts_n && data == o.data && data_oe == o.data_oe && rd_n == o.rd_n && wr_n == o.wr_n &&
           oe_n == o.oe_n && siwu_n == o.siwu_n;
  }
};

// What was built, for the board around it.
struct ChipFacts {
  const char *name;    // "uart-coherent-4x4x8"
  bool fifo;           // FT245, else UART
  uint32_t clock_khz;  // of clk_i
  uint32_t baud;       // UART
};

class Chip {
 public:
  virtual ~Chip() = default;
  ChipIn in;    // taken over by the next run
  ChipOut out;  // as of what run returned
  uint64_t clocks = 0;  // edges of clk_i so far

  // Runs the clock edges that lie before `until`, at most up to and with one that changes `out`. Returns the time of that edge, or
  // `from` if `in` alone changed it, or `until`: what lies before the returned time has been run. from: not before the last returned.
  virtual ps_t run(ps_t from, ps_t until) = 0;

  // FT245: CLKOUT rises at `first` and then every `period`; kNever: it stands still.
  virtual void clkout(ps_t first, ps_t period) { (void)first, (void)period; }

  // Writes an FST of everything inside, between two times. False: this build cannot.
  virtual bool trace(const char *file, ps_t from, ps_t to) { (void)file, (void)from, (void)to; return false; }
};

extern const ChipFacts kChipFacts;
Chip *make_chip(uint32_t clock_khz);  // 0: as in the facts

}  // namespace board
#endif
