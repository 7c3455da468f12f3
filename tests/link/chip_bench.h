// chip_bench.h: what a whole chip must do behind any wire: sessions, every command, jobs, errors, rates. Used by
// test_pl_chip_uart and test_pl_chip_ft245, which bring the pins: Board::run(host, clocks) runs clocks of the core and moves
// bytes between host and pins; Board::reset() resets. The chip is the 1x2x8 array of kind coherent with 2 codes per beat.
#ifndef PHOTOLANE_CHIP_BENCH_H
#define PHOTOLANE_CHIP_BENCH_H

#include "link_host.h"
#include "photolane/registers.h"

constexpr int Rows = 1, Columns = 2, Width = 8, Elements = 2, Words = 64;

template <typename Board>
struct ChipBench {
  Board &board;
  Host &host;
  Random random;
  ChipBench(Board &b, Host &h, uint64_t seed) : board(b), host(h), random(seed) {}

  // Sends commands and waits for `answer` bytes more; empty if they do not come.
  Bytes ask(const Bytes &commands, size_t answer, long clocks = 2000000) {
    const size_t begin = host.got.size();
    host.send(commands);
    host.wanted = begin + answer;
    for (long n = 0; n < clocks && (host.got.size() < host.wanted || host.unacked < host.sent.size()); n += 100) board.run(host, 100);
    if (host.got.size() < host.wanted) return {};
    return Bytes(host.got.begin() + static_cast<long>(begin), host.got.end());
  }
  bool begin_session(uint32_t id) {
    host.begin(id);
    for (long n = 0; n < 1000000 && !host.open; n += 100) board.run(host, 100);
    return check(host.open, "HELLO of session %08x is not answered", id);
  }
  Bytes random_bytes(size_t n, double zeros = 0.1) {
    Bytes b(n);
    for (auto &x : b) x = random.chance(zeros) ? 0 : static_cast<uint8_t>(random());
    return b;
  }

  void device_words(bool ft245, int rx_log, int tx_log) {
    const Bytes a = ask(command::read(PL_DEVICE_BASE, PL_DEVICE_END + 2), 1 + 4 * (PL_DEVICE_END + 2));
    if (!check(a.size() == 1u + 4 * (PL_DEVICE_END + 2), "READ of the device words is not answered")) return;
    const auto word = [&](int n) { return word_at(a, 1 + 4 * static_cast<size_t>(n)); };
    check(a[0] == 3, "answer of READ begins with %d", a[0]);
    check(word(PL_DEVICE_MAGIC) == PL_DEVICE_MAGIC_VALUE, "magic %08x", word(PL_DEVICE_MAGIC));
    check(word(PL_DEVICE_VERSION) == (PL_PROTOCOL_VERSION << 16 | PL_REG_VERSION), "version %08x", word(PL_DEVICE_VERSION));
    check(word(PL_DEVICE_BUILD) == 0x12345678, "build %08x", word(PL_DEVICE_BUILD));
    check(word(PL_DEVICE_KIND) == PL_KIND_COHERENT, "kind %08x", word(PL_DEVICE_KIND));
    check(word(PL_DEVICE_GEOMETRY) == (Rows | Columns << 8 | Width << 16 | Elements << 24), "geometry %08x", word(PL_DEVICE_GEOMETRY));
    check(word(PL_DEVICE_BUFFERS) == ((Words - 1) | (Words - 1) << 16), "buffers %08x", word(PL_DEVICE_BUFFERS));
    const uint32_t payload = (tx_log < 10 ? 1u << tx_log : 1024u) / 16;
    const uint32_t link = static_cast<uint32_t>(rx_log) | static_cast<uint32_t>(tx_log) << 8 | payload << 16 | static_cast<uint32_t>(ft245) << 24;
    check(word(PL_DEVICE_LINK) == link, "link %08x, not %08x", word(PL_DEVICE_LINK), link);
    check(word(PL_DEVICE_CLOCK) == 48000, "clock %u", word(PL_DEVICE_CLOCK));
    check(word(PL_DEVICE_SESSION) == host.session, "session %08x", word(PL_DEVICE_SESSION));
    check(word(PL_DEVICE_END) == 0 && word(PL_DEVICE_END + 1) == 0, "words behind the last are not 0");
    const Bytes b = ask(command::read(12, 3), 13);
    check(b.size() == 13 && word_at(b, 1) == 0 && word_at(b, 5) == 0 && word_at(b, 9) == 0, "READ of a register is not 0");
  }

  void echoes() {
    for (size_t n : {0, 1, 2, 3, 253, 254, 255, 256, 1000, 5000}) {
      const Bytes data = random_bytes(n, n % 2 ? 0.5 : 0.0);
      const Bytes a = ask(command::echo(data), n + 1);
      check(a.size() == n + 1 && a[0] == 1 && Bytes(a.begin() + 1, a.end()) == data, "ECHO of %zu bytes", n);
    }
  }

  // An exact product: all effects off.
  void job(int rows, int cols, int depth, int channels, unsigned a_base = 0, unsigned b_base = 0) {
    std::vector<int8_t> a(static_cast<size_t>(rows * depth)), b(static_cast<size_t>(cols * depth));
    for (auto &x : a) x = static_cast<int8_t>(random());
    for (auto &x : b) x = static_cast<int8_t>(random());
    Bytes c;
    const auto add = [&](const Bytes &x) { c.insert(c.end(), x.begin(), x.end()); };
    const auto u = [](int x) { return static_cast<uint32_t>(x); };
    add(command::clear());
    add(command::write(PL_REG_EFFECTS, {0}));
    add(command::write(PL_REG_CHANNELS, {u(channels)}));
    add(command::write(PL_REG_ROW0, {0, 0, 0, u(rows), u(cols), u(depth)}));
    add(command::write(PL_REG_A_BASE, {a_base, b_base}));
    const auto load = [&](int operand, const std::vector<int8_t> &m, int n) {
      Bytes data;
      uint32_t beats = 0;
      for (int i = 0; i < n; i++) {
        for (int k = 0; k < depth;) {
          const int read_end = std::min(depth, (k / channels + 1) * channels);
          for (int e = 0; e < Elements; e++) data.push_back(static_cast<uint8_t>(k + e < read_end ? m[static_cast<size_t>(i * depth + k + e)] : 0x55));
          k = std::min(k + Elements, read_end);
          beats++;
        }
      }
      add(command::load(operand, beats, data));
    };
    load(0, a, rows);
    load(1, b, cols);
    add(command::run());
    add(command::read(PL_DEVICE_BASE + PL_DEVICE_RUN_CYCLES, 6));
    const size_t results = static_cast<size_t>(rows * cols);
    const Bytes answer = ask(c, 1 + 4 * results + 25, 2000000);
    if (!check(answer.size() == 4 * results + 26 && answer[0] == 5, "job %dx%dx%d/%d: %zu bytes of answer", rows, cols, depth, channels, answer.size())) return;
    size_t at = 1;
    bool good = true;
    for (int m = 0; m < rows; m += Rows) {
      for (int n = 0; n < cols; n += Columns) {
        for (int i = m; i < std::min(m + Rows, rows); i++) {
          for (int j = n; j < std::min(n + Columns, cols); j++, at += 4) {
            int32_t sum = 0;
            for (int k = 0; k < depth; k++) sum += a[static_cast<size_t>(i * depth + k)] * b[static_cast<size_t>(j * depth + k)];
            good &= static_cast<int32_t>(word_at(answer, at)) == sum;
          }
        }
      }
    }
    check(good, "job %dx%dx%d/%d at %u, %u: wrong results", rows, cols, depth, channels, a_base, b_base);
    const uint32_t reads = u(rows * cols * ((depth + channels - 1) / channels));
    check(answer[at] == 3 && word_at(answer, at + 17) == reads, "job %dx%dx%d/%d: %u reads, not %u", rows, cols, depth, channels, word_at(answer, at + 17), reads);
    const uint32_t run_cycles = word_at(answer, at + 1), load_cycles = word_at(answer, at + 9);
    check(run_cycles > 20 && run_cycles < 200 + u(rows * ((cols + 1) / 2)) * u((depth + 7) / 8 + depth / channels + 2),
          "job %dx%dx%d/%d: %u clocks", rows, cols, depth, channels, run_cycles);
    check(load_cycles > 40 && load_cycles < u(200 + (rows + cols) * (depth + 2)), "load of %dx%dx%d/%d: %u clocks", rows, cols, depth, channels, load_cycles);
  }
  void jobs() {
    job(1, 1, 1, 64);
    job(3, 5, 40, 16);
    job(2, 4, 7, 3, 5, 9);
    job(1, 2, 200, 64);
  }

  // After an error the device answers nothing more, not even in the next frames; the next session is as the first.
  void errors(uint32_t id) {
    const auto dead = [&](const char *what, const Bytes &c, uint8_t number) {
      begin_session(id++);
      host.send(command::write(PL_REG_ROWS, {1, 1, 4}));
      const Bytes a = ask(c, 2);
      check(a.size() == 2 && a[0] == 0xee && a[1] == number, "%s: no error of command %d", what, number);
      const Bytes b = ask(command::echo({1, 2, 3}), 4, 50000);
      check(b.empty(), "%s: the device still takes commands", what);
    };
    dead("unknown command", {7}, 7);
    dead("command 0", {0}, 0);
    dead("no beats", command::load(0, 0, {}), 4);
    dead("too few beats", command::load(0, 1, {1, 2}), 4);
    dead("too many beats", command::load(1, 3, {1, 2, 3, 4, 5, 6}), 4);
    dead("no such operand", command::load(2, 2, {1, 2, 3, 4}), 4);
    begin_session(id++);
    job(2, 3, 20, 8);
  }

  // A HELLO in the middle of a job, of a load and of an unread answer: the next session knows nothing of it.
  void aborts(uint32_t id) {
    begin_session(id);
    host.send(command::write(PL_REG_ROWS, {60, 2, 64}));
    host.send(command::load(0, 100, random_bytes(100)));  // 50 of its beats
    for (int n = 0; n < 200; n++) board.run(host, 100);
    begin_session(id + 1);
    job(2, 3, 20, 8);
    host.send(command::write(PL_REG_ROW0, {0, 0, 0, 0xffffff, 2, 64}));
    host.send(command::run());  // far more results than anybody takes
    host.window = 64;
    for (int n = 0; n < 2000; n++) board.run(host, 100);
    check(host.got.size() > 20, "the long job does not begin");
    host.window = 8192;
    begin_session(id + 2);
    job(3, 5, 40, 16);
    // The end of a session: nothing is answered until the next.
    host.end();
    for (int n = 0; n < 200; n++) board.run(host, 100);
    const long good = host.good;
    host.open = true;
    host.due = true;
    for (int n = 0; n < 200; n++) board.run(host, 100);
    check(host.good == good, "frames after the end of the session");
    begin_session(id + 3);
    job(1, 2, 9, 4);
  }

  // Payload bytes per clock of the wire, both ways; `ideal` is what the wire can carry.
  void rates(double ideal, double wire_clocks_per_clock, double least, unsigned count) {
    const long bad = host.bad;  // an end of the session before
    std::vector<uint32_t> words(count);
    for (auto &w : words) w = random();
    const size_t size = 5 + 4 * words.size();
    uint64_t begin = board.clocks;
    ask(command::write(400, words), 0, 50000000);
    double rate = static_cast<double>(size) / (static_cast<double>(board.clocks - begin) * wire_clocks_per_clock);
    printf("host to device: %.5f of the %.5f bytes per clock that the wire carries: %.1f %%\n", rate, ideal, 100 * rate / ideal);
    check(host.unacked == host.sent.size() && rate >= least * ideal, "the rate to the device is too low");
    begin = board.clocks;
    const Bytes a = ask(command::read(PL_DEVICE_BASE, count), 1 + 4 * count, 50000000);
    rate = static_cast<double>(a.size()) / (static_cast<double>(board.clocks - begin) * wire_clocks_per_clock);
    printf("device to host: %.5f of the %.5f bytes per clock that the wire carries: %.1f %%\n", rate, ideal, 100 * rate / ideal);
    check(a.size() == 1 + 4 * count && rate >= least * ideal, "the rate from the device is too low");
    check(host.timeouts == 0 && host.gaps == 0 && host.bad == bad, "faults on a clean wire");
  }
};

#endif
