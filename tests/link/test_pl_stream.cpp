// test_pl_stream: the device's side of the streams, byte by byte, against the bench's host, over a wire that drops, damages,
// repeats and invents bytes, both ways; with readers and writers behind it that pause; in many sessions. What arrives must be
// what was sent, complete, in order and once. Arguments: a seed, the number of sessions.
#include <verilated.h>

#include <memory>

#include "Vpl_stream.h"
#include "link_host.h"

double sc_time_stamp() { return 0; }

static constexpr int RxLog = 8, TxLog = 9;  // scripts/link.mk

struct Faults {
  double drop = 0, corrupt = 0, repeat = 0, garbage = 0;
};

struct Bench {
  std::unique_ptr<VerilatedContext> context{new VerilatedContext};
  std::unique_ptr<Vpl_stream> dut;
  Random random;
  uint64_t clocks = 0;
  Faults faults;
  std::deque<uint8_t> to_device, to_host;  // on the wire, behind the faults
  Bytes taken, given;                      // by the device's reader and writer in this session
  double read_chance = 1, write_chance = 1;
  size_t give = 0;                         // bytes that the writer has, in all
  long restarts = 0, events = 0;

  explicit Bench(uint64_t seed) : random(seed) {
    context->randReset(2);
    context->randSeed(static_cast<int>(seed));
    dut.reset(new Vpl_stream(context.get()));
    dut->wire_valid_i = dut->wire_ready_i = dut->wire_fault_i = dut->get_ready_i = dut->put_valid_i = 0;
    dut->clk_i = 0;
    dut->rst_ni = 1;
    dut->eval();
    reset();
  }
  void reset() {
    dut->rst_ni = 0;
    dut->eval();
    for (int n = 0; n < 3; n++) {
      dut->clk_i = 1, dut->eval();
      dut->clk_i = 0, dut->eval();
    }
    dut->rst_ni = 1;
    dut->eval();
    taken.clear(), given.clear();
  }
  void through_wire(std::deque<uint8_t> &wire, uint8_t b) {
    if (random.chance(faults.drop)) {
      events++;
      return;
    }
    if (random.chance(faults.corrupt)) b ^= static_cast<uint8_t>(1 + random.below(255)), events++;
    wire.push_back(b);
    if (random.chance(faults.repeat)) wire.push_back(b), events++;
    if (random.chance(faults.garbage)) {
      events++;
      for (uint32_t n = random.below(40); n > 0; n--) wire.push_back(random.chance(0.2) ? 0 : static_cast<uint8_t>(random()));
    }
  }
  void clock(Host *host) {
    uint8_t b;
    if (host) {
      host->tick(clocks);
      if (to_device.empty() && host->next(b)) through_wire(to_device, b);
    }
    dut->wire_valid_i = !to_device.empty() && random.chance(0.9);
    dut->wire_byte_i = to_device.empty() ? static_cast<uint8_t>(random()) : to_device.front();
    dut->wire_ready_i = random.chance(0.9);
    dut->get_ready_i = random.chance(read_chance);
    const bool give_now = given.size() < give && dut->open_o && random.chance(write_chance);
    dut->put_valid_i = give_now;
    dut->put_byte_i = give_now ? pattern(given.size()) : static_cast<uint8_t>(random());
    dut->eval();
    if (dut->wire_valid_i && dut->wire_ready_o) to_device.pop_front();
    if (dut->wire_valid_o && dut->wire_ready_i) through_wire(to_host, dut->wire_byte_o);
    if (dut->get_valid_o && dut->get_ready_i) taken.push_back(dut->get_byte_o);
    if (give_now && dut->put_ready_o) given.push_back(dut->put_byte_i);
    if (dut->restart_o) taken.clear(), given.clear(), restarts++;
    dut->clk_i = 1;
    dut->eval();
    dut->clk_i = 0;
    dut->eval();
    clocks++;
    while (host && !to_host.empty()) {
      host->feed(to_host.front());
      to_host.pop_front();
    }
  }
  uint64_t salt = 0;
  uint8_t pattern(size_t n) const { return static_cast<uint8_t>((n * 131 + (n >> 8) * 17 + salt) % 251); }
};

// One session with as many bytes both ways; false: they do not arrive.
static bool session(Bench &bench, Host &host, uint32_t id, size_t there, size_t back) {
  Random &random = bench.random;
  bench.salt = id;
  bench.give = back;
  host.begin(id);
  Bytes data(there);
  for (auto &b : data) b = random.chance(0.2) ? 0 : static_cast<uint8_t>(random());
  const uint64_t limit = bench.clocks + 20000000;
  while (!host.open && bench.clocks < limit) bench.clock(&host);
  if (!check(host.open, "session %08x: HELLO is not answered", id)) return false;
  host.send(data);
  host.wanted = back;
  while ((bench.taken.size() < there || host.got.size() < back || host.unacked < there) && bench.clocks < limit) bench.clock(&host);
  const bool whole = check(bench.taken == data, "session %08x: the device got %zu of %zu bytes, or others", id, bench.taken.size(), there);
  bool same = host.got.size() == back;
  for (size_t n = 0; same && n < back; n++) same = host.got[n] == bench.pattern(n);
  return check(same, "session %08x: the host got %zu of %zu bytes, or others", id, host.got.size(), back) && whole;
}

static void settle(Bench &bench, Host &host, int clocks) {
  for (int n = 0; n < clocks; n++) bench.clock(&host);
}

// A quiet wire: exact numbers of frames and faults.
static void rules(Bench &bench) {
  Host host;
  bench.reset();
  bench.faults = Faults();
  bench.give = 0;
  Vpl_stream &dut = *bench.dut;
  // Without a session nothing is answered; a HELLO is, again and again, and begins only one session.
  host.session = 77;
  Frame f;
  host.push(f);
  for (int n = 0; n < 3; n++) host.wire.push_back(static_cast<uint8_t>(n * 50));
  settle(bench, host, 3000);
  check(host.good == 0 && !dut.open_o, "an answer without a session");
  bench.restarts = 0;
  host.begin(77);
  host.hello();
  host.hello();
  settle(bench, host, 5000);
  check(host.good == 3 && host.open && bench.restarts == 1 && dut.session_o == 77, "three HELLO of one session: %ld answers, %ld sessions", host.good, bench.restarts);
  check(host.limit == (1u << RxLog) - 4, "the limit is %llu", static_cast<unsigned long long>(host.limit));
  // Frames that must be dropped, each answered with NAK only until something good has come.
  const auto dropped = [&](const char *what, Frame g, uint32_t session, int change) {
    const long good = host.good, naks = host.naks, frames = dut.good_frames_o, bad = dut.bad_frames_o;
    Bytes wire = frame_bytes(g, session);
    if (change) wire[wire.size() / 2] ^= wire[wire.size() / 2] == change ? change ^ 1 : change;
    for (int n = 0; n < 2; n++) host.wire.insert(host.wire.end(), wire.begin(), wire.end());
    settle(bench, host, 12000);
    check(bench.taken.empty(), "%s is taken", what);
    check(host.good == good + 1 && host.naks == naks + 1, "%s is answered by %ld frames, %ld NAK", what, host.good - good, host.naks - naks);
    check(dut.good_frames_o == frames + 1 && dut.bad_frames_o == bad + 2, "%s: counted %d good, %d bad", what, int(dut.good_frames_o - frames), int(dut.bad_frames_o - bad));
  };
  f.limit = 8192;
  f.payload = {1, 2, 3, 4, 5};
  f.version = 2;
  dropped("another version", f, 77, 0);
  f.version = 1;
  dropped("another session", f, 78, 0);
  dropped("session 0", f, 0, 0);
  dropped("a damaged frame", f, 77, 0x10);
  Frame h;
  h.hello = true;
  h.payload = {1, 2, 3};
  dropped("HELLO with a short id", h, 77, 0);
  h.payload = {1, 2, 3, 4, 5};
  dropped("HELLO with a long id", h, 77, 0);
  // A payload that is larger than the buffer.
  f.payload = Bytes((1u << RxLog) - 3, 7);
  dropped("a payload beyond the limit", f, 77, 0);
  // The largest one fits, and what came before is not overwritten by its CRC.
  bench.read_chance = 0;
  f.payload.pop_back();
  f.seq = 0;
  host.push(f);
  host.next_byte = host.furthest = f.payload.size();  // the bench has sent it
  host.sent = f.payload;
  settle(bench, host, 9000);
  bench.read_chance = 1;
  settle(bench, host, 3000);
  check(bench.taken == f.payload, "the largest payload: %zu bytes", bench.taken.size());
  // A gap is answered by one NAK, a repetition by an acknowledgement.
  long good = host.good, naks = host.naks;
  f.seq = static_cast<uint16_t>(f.payload.size() + 10);
  f.payload = {9, 9};
  host.push(f);
  settle(bench, host, 3000);
  check(host.good > good && host.naks == naks + 1 && bench.taken.size() == host.sent.size(), "a gap: %ld frames, %ld NAK", host.good - good, host.naks - naks);
  good = host.good, naks = host.naks;
  f.seq = 0;
  host.push(f);
  settle(bench, host, 3000);
  check(host.good == good + 1 && host.naks == naks && bench.taken.size() == host.sent.size(), "a repetition: %ld frames, %ld NAK", host.good - good, host.naks - naks);
}

int main(int argc, char **argv) {
  const uint64_t seed = seed_of(argc, argv);
  const int sessions = argc > 2 ? atoi(argv[2]) : 40;
  Bench bench(seed);
  rules(bench);

  Host host;
  host.timeout = 30000;
  long timeouts = 0, naks = 0, frames = 0;
  for (int n = 0; n < sessions; n++) {
    Random &random = bench.random;
    static const double rates[] = {0, 0.0001, 0.0003, 0.001};
    const double rate = rates[random.below(4)];
    bench.faults = Faults();
    double *const kinds[] = {&bench.faults.drop, &bench.faults.corrupt, &bench.faults.repeat, &bench.faults.garbage};
    for (double *kind : kinds) *kind = random.below(2) ? rate : 0;
    bench.read_chance = random.below(2) ? 1 : 0.02 + random.below(100) / 100.0;
    bench.write_chance = random.below(2) ? 1 : 0.02 + random.below(100) / 100.0;
    host.window = 64u << random.below(9);
    host.largest = 1 + random.below(rate > 0.0005 ? 200 : 1024);
    const size_t there = random.below(n % 10 == 9 ? 70000 : 2000), back = random.below(n % 10 == 8 ? 70000 : 2000);
    if (!session(bench, host, 1 + random(), there, back)) break;
    timeouts += host.timeouts, naks += host.naks, frames += host.good;
    if (random.below(3) == 0) host.end();
  }
  printf("%d sessions, %ld faults of the wire, %ld good frames, %ld NAK, %ld time-outs\n", sessions, bench.events, frames, naks, timeouts);
  check(bench.events > 100, "hardly any faults");
  bench.dut->final();
  return report();
}
