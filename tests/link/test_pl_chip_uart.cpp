// test_pl_chip_uart: the whole chip at the pins of its UART: 4 clocks per bit, sender and receiver of the bench with their
// own rate and phase. Argument: a seed.
#include <verilated.h>

#include <algorithm>
#include <memory>

#include "Vpl_chip_uart.h"
#include "chip_bench.h"

double sc_time_stamp() { return 0; }

struct Board {
  std::unique_ptr<VerilatedContext> context{new VerilatedContext};
  std::unique_ptr<Vpl_chip_uart> chip;
  uint64_t clocks = 0;
  double bit = 4.0;         // clocks of a bit of the bench
  int gap = 0;              // clocks between bytes of the bench, at most; at random
  Random random;
  // Sender.
  double tx_next = 0;
  int tx_left = 0;
  unsigned tx_bits = 0;
  // Receiver.
  double rx_next = 0;
  int rx_left = 0;
  unsigned rx_bits = 0;
  int before = 1;
  long framing = 0, held = 0;

  explicit Board(uint64_t seed) : random(seed) {
    context->randReset(2);
    context->randSeed(static_cast<int>(seed));
    chip.reset(new Vpl_chip_uart(context.get()));
    chip->rxd_i = 1;
    chip->cts_ni = 0;
    chip->clk_i = 0;
    chip->rst_ni = 1;
    chip->eval();
    reset();
  }
  void reset() {
    chip->rst_ni = 0;
    chip->eval();
    check(chip->rts_no == 1 && chip->txd_o == 1, "pins in reset");
    for (int n = 0; n < 3; n++) clock();
    chip->rst_ni = 1;
    for (int n = 0; n < 6; n++) clock();
    check(chip->rts_no == 0, "RTS# after reset");
  }
  void clock() {
    chip->clk_i = 1;
    chip->eval();
    chip->clk_i = 0;
    chip->eval();
    clocks++;
  }
  void run(Host &host, int count) {
    while (count--) {
      const double now = static_cast<double>(clocks);
      host.tick(clocks);
      if (tx_left) {
        while (tx_left && now >= tx_next) {
          chip->rxd_i = tx_bits & 1;
          tx_bits >>= 1;
          tx_left--;
          tx_next += bit;
          if (!tx_left && gap) tx_next += random.below(static_cast<uint32_t>(gap));
        }
      } else if (now >= tx_next) {
        uint8_t b;
        if (host.next(b)) {
          tx_bits = (b | 0x100u) << 1;
          if (tx_next < now - 1) tx_next = now + random.below(1000) / 1000.0;
          tx_left = 10;
          while (tx_left && now >= tx_next) {
            chip->rxd_i = tx_bits & 1;
            tx_bits >>= 1;
            tx_left--;
            tx_next += bit;
          }
        }
      }
      clock();
      const int line = chip->txd_o;
      if (!rx_left) {
        if (before && !line) {
          rx_left = 10;
          rx_next = now + 0.4 * bit;
          rx_bits = 0;
        }
      }
      while (rx_left && now >= rx_next) {
        rx_bits |= static_cast<unsigned>(line) << (10 - rx_left);
        rx_next += bit;
        if (--rx_left == 0) {
          if ((rx_bits & 1) || !(rx_bits >> 9 & 1)) framing++;
          else host.feed(static_cast<uint8_t>(rx_bits >> 1));
        }
      }
      before = line;
    }
  }
};

int main(int argc, char **argv) {
  const uint64_t seed = seed_of(argc, argv);
  Board board(seed);
  Host host;
  host.timeout = 400000;
  ChipBench<Board> bench(board, host, seed);

  // Before the first session nothing is answered.
  host.open = true;
  host.limit = 100;
  host.send(command::echo({1}));
  for (int n = 0; n < 100; n++) board.run(host, 100);
  check(host.good == 0 && host.bad == 0, "an answer before the first session");

  for (int twice = 0; twice < 2; twice++) {
    if (!bench.begin_session(0x1000u + static_cast<uint32_t>(twice))) return report();
    bench.device_words(false, 12, 12);
    bench.echoes();
    bench.jobs();
    bench.jobs();
    bench.device_words(false, 12, 12);
  }
  bench.begin_session(0x2000);
  bench.rates(1 / 40.0, 1, 0.90, 4000);

  // A bench whose clock is 1.5 % off either way, with gaps.
  for (double bit : {3.94, 4.06}) {
    board.bit = bit;
    board.gap = 30;
    bench.begin_session(bit < 4 ? 0x3000 : 0x3001);
    bench.echoes();
    bench.job(3, 4, 30, 16);
    board.gap = 0;
    bench.echoes();
    check(host.bad <= 1 && host.timeouts == 0, "a clock that is off: %ld bad frames, %ld time-outs", host.bad, host.timeouts);
  }
  board.bit = 4;

  bench.errors(0x4000);
  bench.aborts(0x5000);
  check(board.framing == 0, "%ld framing errors of the device's sender", board.framing);

  // Reset in the middle of everything.
  host.send(command::read(PL_DEVICE_BASE, 1000));
  for (int n = 0; n < 50; n++) board.run(host, 100);
  board.reset();
  bench.begin_session(0x6000);
  bench.device_words(false, 12, 12);
  bench.jobs();
  board.chip->final();
  return report();
}
