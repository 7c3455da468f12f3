// test_pl_async_fifo: random bytes between two clocks of many ratios, either of which stops now and then: complete, in order;
// never more than it holds; what w_room_o promises; full rate when both sides are willing. Argument: a seed.
#include <verilated.h>

#include <memory>

#include "Vpl_async_fifo.h"
#include "link_host.h"

double sc_time_stamp() { return 0; }

int main(int argc, char **argv) {
  const uint64_t seed = seed_of(argc, argv);
  Random random(seed);
  for (int round = 0; round < 40; round++) {
    VerilatedContext context;
    context.randReset(2);
    context.randSeed(static_cast<int>(seed + static_cast<uint64_t>(round)));
    Vpl_async_fifo dut(&context);
    dut.w_clk_i = dut.r_clk_i = 0, dut.w_valid_i = dut.r_ready_i = 0;
    dut.w_rst_ni = dut.r_rst_ni = 1;
    dut.eval();
    dut.w_rst_ni = dut.r_rst_ni = 0;
    dut.eval();
    for (int n = 0; n < 4; n++) {
      dut.w_clk_i = dut.r_clk_i = 1, dut.eval();
      dut.w_clk_i = dut.r_clk_i = 0, dut.eval();
    }
    dut.w_rst_ni = dut.r_rst_ni = 1;
    const int w_period = 3 + static_cast<int>(random.below(20)), r_period = 3 + static_cast<int>(random.below(20));
    const double give = round % 4 ? 0.3 + random.below(70) / 100.0 : 1, take = round % 4 ? 0.3 + random.below(70) / 100.0 : 1;
    const bool stops = round % 2;
    int w_stop = 0, r_stop = 0;
    std::deque<uint8_t> inside;
    long in = 0, out = 0, w_edges = 0, r_edges = 0;
    bool good = true, fits = true, room = true;
    bool promised = false;
    for (long time = 0; time < 60000; time++) {
      if (time % w_period == 0 && w_stop-- <= 0) {
        if (stops && random.below(200) == 0) w_stop = static_cast<int>(random.below(50));
        dut.w_valid_i = random.chance(give);
        dut.w_byte_i = static_cast<uint8_t>(random());
        dut.eval();
        promised = dut.w_room_o;
        if (promised) room &= inside.size() <= 64 - 4;
        if (dut.w_valid_i && dut.w_ready_o) inside.push_back(dut.w_byte_i), in++;
        fits &= inside.size() <= 64;
        dut.w_clk_i = 1, dut.eval();
        dut.w_clk_i = 0, dut.eval();
        w_edges++;
      }
      if (time % r_period == 1 && r_stop-- <= 0) {
        if (stops && random.below(200) == 0) r_stop = static_cast<int>(random.below(50));
        dut.r_ready_i = random.chance(take);
        dut.eval();
        if (dut.r_valid_o && dut.r_ready_i) {
          good &= !inside.empty() && inside.front() == dut.r_byte_o;
          if (!inside.empty()) inside.pop_front();
          out++;
        }
        dut.r_clk_i = 1, dut.eval();
        dut.r_clk_i = 0, dut.eval();
        r_edges++;
      }
    }
    check(good, "round %d: bytes lost or changed", round);
    check(fits && room, "round %d: more than it holds", round);
    check(in - out <= 64 && out > 300, "round %d: %ld bytes in, %ld out", round, in, out);
    if (round % 4 == 0) check(out > 0.97 * static_cast<double>(std::min(w_edges, r_edges)) - 70, "round %d: %ld bytes in %ld and %ld clocks", round, out, w_edges, r_edges);
    dut.final();
  }
  return report();
}
