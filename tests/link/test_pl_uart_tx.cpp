// test_pl_uart_tx: bytes as bits of the line: 10 bits each, no gap between bytes that follow at once, idle 1, none begun while CTS# is
// 1; the rate over many bytes is Step / 2^24 (here 1/4.7 bits per clock: the accumulator, not whole clocks). Argument: a seed.
#include <verilated.h>

#include <cmath>
#include <memory>

#include "Vpl_uart_tx.h"
#include "link_host.h"

double sc_time_stamp() { return 0; }

int main(int argc, char **argv) {
  const uint64_t seed = seed_of(argc, argv);
  constexpr double Bit = 16777216.0 / 3569620;  // scripts/link.mk
  Random random(seed);
  VerilatedContext context;
  context.randReset(2);
  context.randSeed(static_cast<int>(seed));
  Vpl_uart_tx dut(&context);
  dut.valid_i = 0, dut.cts_ni = 0, dut.clk_i = 0, dut.rst_ni = 1;
  dut.eval();
  dut.rst_ni = 0;
  std::vector<int> line;
  const auto clock = [&] {
    dut.eval();
    line.push_back(dut.txd_o);
    dut.clk_i = 1, dut.eval();
    dut.clk_i = 0, dut.eval();
  };
  for (int n = 0; n < 3; n++) clock();
  check(dut.txd_o == 1, "the line in reset");
  dut.rst_ni = 1;
  for (int n = 0; n < 5; n++) clock();

  for (int mode = 0; mode < 3; mode++) {  // back to back, gaps, CTS#
    Bytes sent;
    line.clear();
    std::vector<size_t> starts;
    while (sent.size() < 500) {
      dut.valid_i = mode == 0 || random.below(40) == 0;
      if (mode == 2 && random.below(100) == 0) dut.cts_ni = !dut.cts_ni;
      dut.byte_i = static_cast<uint8_t>(random());
      dut.eval();
      if (dut.valid_i && dut.ready_o) sent.push_back(dut.byte_i), starts.push_back(line.size() + 1);
      clock();
    }
    dut.valid_i = 0;
    for (int n = 0; n < 60; n++) clock();
    bool good = true;
    for (size_t n = 0; n < sent.size(); n++) {
      for (int bit = 0; bit < 10; bit++) {
        const auto at = static_cast<size_t>(static_cast<double>(starts[n]) + (bit + 0.5) * Bit);
        good &= line[at] == (bit == 0 ? 0 : bit == 9 ? 1 : sent[n] >> (bit - 1) & 1);
      }
    }
    check(good, "mode %d: wrong bits", mode);
    if (mode == 0) {
      const double clocks = static_cast<double>(starts.back() - starts.front()) / 499;
      check(std::fabs(clocks - 10 * Bit) < 0.01, "%.3f clocks per byte, not %.3f", clocks, 10 * Bit);
    }
  }
  // CTS# high: what is on its way ends, nothing begins.
  dut.cts_ni = 1;
  for (int n = 0; n < 100; n++) clock();
  line.clear();
  dut.valid_i = 1;
  for (int n = 0; n < 200; n++) clock();
  bool idle = true;
  for (int level : line) idle &= level == 1;
  check(idle, "a byte begins while CTS# is 1");
  dut.final();
  return report();
}
