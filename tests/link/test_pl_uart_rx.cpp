// test_pl_uart_rx: bytes at bit rates off by up to 2 %, at every phase, with and without gaps, at 4 clocks per bit; broken stop
// bits, short pulses, a break, an overrun. Argument: a seed.
#include <verilated.h>

#include <memory>

#include "Vpl_uart_rx.h"
#include "link_host.h"

double sc_time_stamp() { return 0; }

struct Bench {
  std::unique_ptr<VerilatedContext> context{new VerilatedContext};
  std::unique_ptr<Vpl_uart_rx> dut;
  Random random;
  Bytes got;
  long framing = 0, overruns = 0;
  bool reading = true;

  explicit Bench(uint64_t seed) : random(seed) {
    context->randReset(2);
    context->randSeed(static_cast<int>(seed));
    dut.reset(new Vpl_uart_rx(context.get()));
    dut->rxd_i = 1, dut->ready_i = 0, dut->clk_i = 0, dut->rst_ni = 1;
    dut->eval();
    dut->rst_ni = 0;
    dut->eval();
    wait(3);
    dut->rst_ni = 1;
    wait(3);
  }
  void clock() {
    dut->ready_i = reading;
    dut->eval();
    if (dut->valid_o && reading) got.push_back(dut->byte_o);
    framing += dut->framing_o;
    overruns += dut->overrun_o;
    dut->clk_i = 1, dut->eval();
    dut->clk_i = 0, dut->eval();
  }
  void wait(int clocks) {
    while (clocks--) clock();
  }
  // Levels at exact times; the design sees them at whole clocks.
  double line_time = 0, clock_time = 0;
  void level(int value, double clocks) {
    line_time += clocks;
    dut->rxd_i = value;
    while (clock_time + 1 <= line_time) {
      clock();
      clock_time += 1;
    }
  }
  void send(uint8_t b, double bit, int stop = 1) {
    level(0, bit);
    for (int n = 0; n < 8; n++) level(b >> n & 1, bit);
    level(stop, bit);
  }
};

int main(int argc, char **argv) {
  const uint64_t seed = seed_of(argc, argv);
  Bench bench(seed);
  Random &random = bench.random;
  for (double bit : {4.0, 3.92, 4.08, 3.97, 4.03}) {
    for (int gaps = 0; gaps < 2; gaps++) {
      bench.got.clear();
      Bytes sent;
      bench.level(1, 20 + random.below(1000) / 1000.0);
      for (int n = 0; n < 2000; n++) {
        sent.push_back(static_cast<uint8_t>(random()));
        bench.send(sent.back(), bit);
        if (gaps && random.below(3) == 0) bench.level(1, random.below(3000) / 100.0);
      }
      bench.level(1, 20);
      check(bench.got == sent, "%zu of %zu bytes at %.2f clocks per bit, or others", bench.got.size(), sent.size(), bit);
    }
  }
  check(bench.framing == 0 && bench.overruns == 0, "errors on a clean line");

  bench.got.clear();
  bench.level(0, 1);  // shorter than half a bit
  bench.level(1, 60);
  check(bench.got.empty() && bench.framing == 0, "a short pulse is a byte");
  bench.send(0x55, 4, 0);
  bench.level(0, 200);
  check(bench.got.empty() && bench.framing == 1, "a break: %zu bytes, %ld framing errors", bench.got.size(), bench.framing);
  bench.level(1, 8);
  bench.send(0xa7, 4);
  bench.level(1, 20);
  check(bench.got == Bytes{0xa7} && bench.framing == 1, "the byte after a break");
  bench.reading = false;
  bench.send(1, 4), bench.send(2, 4);
  bench.level(1, 20);
  check(bench.overruns == 1, "%ld overruns", bench.overruns);
  bench.reading = true;
  bench.level(1, 20);
  check(bench.got == (Bytes{0xa7, 2}), "the byte after an overrun");
  bench.dut->final();
  return report();
}
