// test_pl_chip_ft245: the whole chip at the pins of its FT245, core at 75 MHz and CLKOUT at 60 MHz: every rule of the bus,
// pauses of either flag down to single clocks, a clock that stops in the middle of a burst, rates. Argument: a seed.
#include <verilated.h>

#include <algorithm>
#include <memory>

#include "Vpl_chip_ft245.h"
#include "chip_bench.h"
#include "ft245_chip.h"

double sc_time_stamp() { return 0; }

struct Board {
  static constexpr int CorePeriod = 4, ChipPeriod = 5;
  std::unique_ptr<VerilatedContext> context{new VerilatedContext};
  std::unique_ptr<Vpl_chip_ft245> chip;
  Ft245Chip ftdi;
  Random random;
  uint64_t clocks = 0, time = 0;
  bool clkout = true;        // runs
  long stops = 0;
  double stop_chance = 0;    // per clock of the chip
  uint64_t stopped_until = 0;

  explicit Board(uint64_t seed) : ftdi(seed + 1), random(seed + 2) {
    context->randReset(2);
    context->randSeed(static_cast<int>(seed));
    chip.reset(new Vpl_chip_ft245(context.get()));
    chip->clk_i = chip->ftdi_clk_i = 0;
    chip->rxf_ni = chip->txe_ni = 1;
    chip->data_i = 0;
    chip->rst_ni = 0;
    chip->eval();
    advance(10);  // out of the random state: some resets are low already, and only a fall resets in a simulator
    chip->rst_ni = 1;
    advance(20);
    reset();
  }
  Ft245Pins pins() { return {chip->rd_no, chip->wr_no, chip->oe_no, chip->siwu_no, chip->data_oe_o, chip->data_o}; }
  bool released() { return chip->rd_no && chip->wr_no && chip->oe_no && chip->siwu_no && !chip->data_oe_o; }
  void reset() {
    chip->rst_ni = 0;
    chip->eval();
    check(released(), "pins in reset");
    advance(10);
    check(released(), "pins in reset");
    ftdi.fresh = true;
    chip->rst_ni = 1;
    advance(20);
  }
  void advance(int count) {  // clocks of the core
    for (const uint64_t end = clocks + static_cast<uint64_t>(count); clocks < end; time++) {
      const bool core = time % CorePeriod == 0, chip_edge = time % ChipPeriod == 2 && clkout && time >= stopped_until;
      if (core) {
        chip->clk_i = 1;
        clocks++;
      }
      if (chip_edge) {
        ftdi.edge(pins());
        chip->ftdi_clk_i = 1;
      }
      if (time % CorePeriod == 2) chip->clk_i = 0;
      if (time % ChipPeriod == 4) chip->ftdi_clk_i = 0;
      chip->eval();
      if (chip_edge) {
        ftdi.drive(pins());
        chip->rxf_ni = ftdi.rxf_n;
        chip->txe_ni = ftdi.txe_n;
        chip->data_i = ftdi.data;
        chip->eval();
        if (random.chance(stop_chance)) {
          stops++;
          stopped_until = time + 10 + random.below(3000);
        }
      }
      if (stopped_until > time && stopped_until - time == 1 && time > 0) ftdi.fresh = true;
    }
  }
  void run(Host &host, int count) {
    host.tick(clocks);
    uint8_t b;
    while (ftdi.to_board.size() < 2048 && host.next(b)) ftdi.to_board.push_back(b);
    for (; count > 0; count -= 20) {
      advance(20);
      while (!ftdi.from_board.empty()) {
        host.feed(ftdi.from_board.front());
        ftdi.from_board.pop_front();
      }
      while (ftdi.to_board.size() < 2048 && host.next(b)) ftdi.to_board.push_back(b);
    }
  }
};

int main(int argc, char **argv) {
  const uint64_t seed = seed_of(argc, argv);
  Board board(seed);
  Ft245Chip &ftdi = board.ftdi;
  Host host;
  host.timeout = 100000;
  host.window = 32768;
  ChipBench<Board> bench(board, host, seed);

  for (int twice = 0; twice < 2; twice++) {
    if (!bench.begin_session(0x1000u + static_cast<uint32_t>(twice))) return report();
    bench.device_words(true, 12, 12);
    bench.echoes();
    bench.jobs();
    bench.jobs();
  }
  bench.begin_session(0x2000);
  bench.rates(1, static_cast<double>(Board::CorePeriod) / Board::ChipPeriod, 0.90, 16000);
  check(ftdi.flushes > 0, "SIWU# was never low");

  // Pauses of either flag, down to single clocks; both ways at once.
  struct Pauses {
    double rxf, txe;
    int longest;
    bool spiteful;
  };
  const Pauses all[] = {{0.5, 0.5, 1, false}, {0.3, 0.3, 1, true}, {0.05, 0.05, 1, true}, {0.02, 0.02, 40, true}, {0, 0.6, 2, true}, {0.6, 0, 2, true}};
  uint32_t id = 0x3000;
  for (const Pauses &p : all) {
    ftdi.rxf_pause = p.rxf, ftdi.txe_pause = p.txe, ftdi.longest = p.longest, ftdi.spiteful = p.spiteful;
    bench.begin_session(id++);
    const long bad = host.bad;
    bench.echoes();
    bench.job(3, 5, 40, 16);
    bench.echoes();
    check(host.bad == bad && host.gaps == 0 && host.repeats == 0 && host.timeouts == 0,
          "bytes lost at pauses %.2f %.2f %d: %ld bad frames, %ld gaps, %ld time-outs", p.rxf, p.txe, p.longest, host.bad, host.gaps, host.timeouts);
  }
  check(ftdi.refused > 100, "TXE# never rose under a byte");
  ftdi.rxf_pause = ftdi.txe_pause = 0, ftdi.spiteful = false;

  // CLKOUT stops, in the middle of bursts too, for a short time or long enough to be noticed. No byte is lost.
  board.stop_chance = 0.002;
  bench.begin_session(0x4000);
  {
    const long bad = host.bad;
    bench.echoes();
    bench.jobs();
    check(board.stops > 30, "CLKOUT never stopped");
    check(host.bad == bad && host.gaps == 0, "bytes lost when CLKOUT stops: %ld bad frames, %ld gaps", host.bad, host.gaps);
  }
  board.stop_chance = 0;
  board.run(host, 1000);

  // While it stands the pins are released; it comes back with full buffers, and nothing that waited is lost.
  host.send(command::read(PL_DEVICE_BASE, 2000));
  host.wanted = host.got.size() + 8001;
  board.run(host, 1000);
  board.clkout = false;
  board.advance(200);
  check(board.released(), "pins while CLKOUT stands");
  const long reads = ftdi.reads, writes = ftdi.writes;
  board.run(host, 5000);
  check(ftdi.reads == reads && ftdi.writes == writes, "bytes without a clock");
  board.clkout = true;
  ftdi.fresh = true;
  for (int n = 0; n < 500; n++) board.run(host, 100);
  check(host.got.size() == host.wanted, "the answer after CLKOUT stood");

  // A host that does not read: TXE# stays high, nothing is lost.
  ftdi.space = 500;
  host.send(command::read(PL_DEVICE_BASE, 2000));
  host.wanted += 8001;
  for (int n = 0; n < 50; n++) {
    board.advance(1000);
    if (n % 10 == 9) board.run(host, 20);
  }
  ftdi.space = SIZE_MAX;
  for (int n = 0; n < 500; n++) board.run(host, 100);
  check(host.got.size() == host.wanted, "the answer for a host that is slow");

  bench.errors(0x5000);
  bench.aborts(0x6000);
  board.reset();
  bench.begin_session(0x7000);
  bench.device_words(true, 12, 12);
  bench.jobs();
  board.chip->final();
  return report();
}
