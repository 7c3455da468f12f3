// link_host.h: a small host of docs/protocol.md for the benches of rtl/link: frames, COBS, the stream with go-back-N, a
// clock. Written apart from host/link, so that RTL and library are judged by a third reading of the protocol.
//
// A bench gives it the bytes that the device sends (feed), takes those for the device (next) and tells it the time (tick). Time
// has any unit; `timeout` is in the same. check() is for benches: it counts, says what failed and goes on.
#ifndef PHOTOLANE_LINK_HOST_H
#define PHOTOLANE_LINK_HOST_H

#include <zlib.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <set>
#include <vector>

using Bytes = std::vector<uint8_t>;

// ---- Results of a bench. A sentence that held counts once, however often it was checked (some at every edge of a clock).
inline std::set<const char *> held;
inline int failed;
inline int report() {
  printf("%zu passed, %d failed\n", held.size(), failed);
  return failed != 0;
}
inline bool check(bool good, const char *format, ...) {
  static const char *last = nullptr;
  if (good && format != last) held.insert(last = format);
  failed += !good;
  if (!good && failed < 20) {
    va_list args;
    va_start(args, format);
    printf("FAILED: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
  }
  if (!good && failed == 5) exit(report());  // what follows would only take long
  return good;
}

// ---- Random numbers: the seed is the first argument of a bench, and printed.
struct Random {
  uint64_t state;
  explicit Random(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint32_t operator()() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<uint32_t>(state >> 16);
  }
  uint32_t below(uint32_t n) { return (*this)() % n; }
  bool chance(double p) { return (*this)() < p * 4294967296.0; }
};
inline uint64_t seed_of(int argc, char **argv) {
  const uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : 1;
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

// ---- COBS, the textbook form.
inline Bytes cobs_encode(const Bytes &in) {
  Bytes out(1);
  size_t place = 0;
  for (size_t n = 0; n < in.size(); n++) {
    if (in[n]) out.push_back(in[n]);
    if (!in[n] || out.size() - place == 255) {
      out[place] = static_cast<uint8_t>(out.size() - place);
      place = out.size();
      out.push_back(0);
    }
  }
  out[place] = static_cast<uint8_t>(out.size() - place);
  return out;
}
inline bool cobs_decode(const Bytes &in, Bytes &out) {
  out.clear();
  for (size_t n = 0; n < in.size();) {
    const size_t code = in[n++];
    if (!code || n + code - 1 > in.size()) return false;
    out.insert(out.end(), in.begin() + n, in.begin() + n + code - 1);
    n += code - 1;
    if (code != 255 && n < in.size()) out.push_back(0);
  }
  return true;
}

// ---- Frames.
struct Frame {
  bool hello = false, nak = false;
  uint16_t seq = 0, ack = 0, limit = 0;
  Bytes payload;
  int version = 1;
};
inline void put16(Bytes &b, unsigned v) { b.push_back(v & 255), b.push_back(v >> 8 & 255); }
inline void put32(Bytes &b, uint32_t v) { put16(b, v & 0xffff), put16(b, v >> 16); }
inline Bytes frame_bytes(const Frame &f, uint32_t session) {  // of the wire, with its 00
  Bytes raw;
  raw.push_back(static_cast<uint8_t>(f.version << 4 | f.nak << 1 | static_cast<int>(f.hello)));
  put16(raw, f.seq), put16(raw, f.ack), put16(raw, f.limit);
  raw.insert(raw.end(), f.payload.begin(), f.payload.end());
  put32(raw, static_cast<uint32_t>(crc32(f.hello ? 0 : session, raw.data(), static_cast<uInt>(raw.size()))));
  Bytes wire = cobs_encode(raw);
  wire.push_back(0);
  return wire;
}
inline bool frame_parse(const Bytes &wire, uint32_t session, Frame &f) {  // wire: without its 00
  Bytes raw;
  if (!cobs_decode(wire, raw) || raw.size() < 11 || raw[0] >> 4 != 1) return false;
  const size_t n = raw.size() - 4;
  const uint32_t crc = raw[n] | raw[n + 1] << 8 | raw[n + 2] << 16 | static_cast<uint32_t>(raw[n + 3]) << 24;
  f.hello = raw[0] & 1;
  f.nak = raw[0] >> 1 & 1;
  if (crc32(f.hello ? 0 : session, raw.data(), static_cast<uInt>(n)) != crc) return false;
  f.seq = static_cast<uint16_t>(raw[1] | raw[2] << 8);
  f.ack = static_cast<uint16_t>(raw[3] | raw[4] << 8);
  f.limit = static_cast<uint16_t>(raw[5] | raw[6] << 8);
  f.payload.assign(raw.begin() + 7, raw.begin() + static_cast<long>(n));
  return true;
}

// ---- The host's side of a session. Stream positions are 64 bit here; their low 16 bits are on the wire.
struct Host {
  uint32_t session = 0;
  bool open = false;
  unsigned window = 8192;    // what it lets the device send
  unsigned largest = 1024;   // payload
  uint64_t timeout = 100000;
  uint64_t now = 0, last_good = 0;
  Bytes sent;                // the whole stream to the device,
  uint64_t unacked = 0, next_byte = 0, limit = 0, furthest = 0;
  Bytes got;                 // and the whole one from it
  uint64_t wanted = 0;       // bytes of `got` that the bench waits for
  bool due = false, nak_due = false, nak_told = false;
  uint64_t told = 0;         // the limit
  std::deque<uint8_t> wire;
  Bytes coming;
  long good = 0, bad = 0, repeats = 0, gaps = 0, naks = 0, timeouts = 0, hellos = 0;

  void begin(uint32_t id) {
    const Host old = *this;
    *this = Host();
    window = old.window, largest = old.largest, timeout = old.timeout, now = last_good = old.now;
    session = id;
    wire = {0, 0};
    hello();
  }
  void end() {  // closes the session; not answered
    Frame f;
    f.hello = true;
    put32(f.payload, 0);
    push(f);
    open = false;
  }
  void hello() {
    Frame f;
    f.hello = true;
    f.limit = static_cast<uint16_t>(window);
    put32(f.payload, session);
    told = window;
    push(f);
    hellos++;
  }
  void push(const Frame &f) {
    for (uint8_t b : frame_bytes(f, session)) wire.push_back(b);
  }
  void send(const Bytes &b) { sent.insert(sent.end(), b.begin(), b.end()); }

  bool waiting() const { return !open || unacked < sent.size() || got.size() < wanted; }
  void tick(uint64_t time) {
    now = time;
    if (!waiting() || now - last_good < timeout) return;
    last_good = now;
    if (!open) {
      wire.push_back(0), wire.push_back(0);
      hello();
      return;
    }
    timeouts++;
    next_byte = unacked;
    due = nak_due = true;
  }
  bool next(uint8_t &b) {
    if (wire.empty() && open) compose();
    if (wire.empty()) return false;
    b = wire.front();
    wire.pop_front();
    return true;
  }
  void compose() {
    const uint64_t room = got.size() + window;
    uint64_t end = sent.size() < limit ? sent.size() : limit;
    if (end > next_byte + largest) end = next_byte + largest;
    if (!due && end <= next_byte && room - told <= window / 4) return;
    Frame f;
    f.nak = nak_due;
    f.seq = static_cast<uint16_t>(next_byte);
    f.ack = static_cast<uint16_t>(got.size());
    f.limit = static_cast<uint16_t>(room);
    if (end > next_byte) f.payload.assign(sent.begin() + static_cast<long>(next_byte), sent.begin() + static_cast<long>(end));
    next_byte += f.payload.size();
    if (next_byte > furthest) furthest = next_byte;
    if (room > told) told = room;  // a bench may make its window smaller; a limit does not go back
    due = nak_due = false;
    push(f);
  }
  void feed(uint8_t b) {
    if (b) {
      coming.push_back(b);
      return;
    }
    if (!coming.empty()) frame();
    coming.clear();
  }
  void frame() {
    Frame f;
    if (!frame_parse(coming, session, f)) {
      bad++;
      if (open && !nak_told) due = nak_due = nak_told = true;
      return;
    }
    good++;
    last_good = now;
    if (f.hello) {
      const Bytes &p = f.payload;
      if (p.size() == 4 && (p[0] | p[1] << 8 | p[2] << 16 | static_cast<uint32_t>(p[3]) << 24) == session && !open) {
        open = true;
        limit = f.limit;
      }
      return;
    }
    if (!open) return;
    const uint64_t ack = unacked + static_cast<uint16_t>(f.ack - unacked);
    if (ack <= furthest) {
      unacked = ack;
      if (next_byte < unacked) next_byte = unacked;
    }
    const uint16_t more = static_cast<uint16_t>(f.limit - limit);
    if (more < 0x8000) limit += more;
    if (f.nak) naks++, next_byte = unacked, due = true;
    const int16_t offset = static_cast<int16_t>(f.seq - got.size());
    if (offset == 0) {
      nak_told = false;
      if (!f.payload.empty()) {
        check(got.size() + f.payload.size() <= told, "the device sends beyond the limit");
        got.insert(got.end(), f.payload.begin(), f.payload.end());
        due = true;
      }
    } else if (offset > 0) {
      gaps++;
      due = true;
      if (!nak_told) nak_due = nak_told = true;
    } else if (!f.payload.empty()) {
      repeats++;
      due = true;
    }
  }
};

// ---- Commands.
namespace command {
inline Bytes echo(const Bytes &data) {
  Bytes b{1};
  put16(b, static_cast<unsigned>(data.size()));
  b.insert(b.end(), data.begin(), data.end());
  return b;
}
inline Bytes write(unsigned address, const std::vector<uint32_t> &words) {
  Bytes b{2};
  put16(b, address), put16(b, static_cast<unsigned>(words.size()));
  for (uint32_t w : words) put32(b, w);
  return b;
}
inline Bytes read(unsigned address, unsigned count) {
  Bytes b{3};
  put16(b, address), put16(b, count);
  return b;
}
inline Bytes load(int operand, uint32_t beats, const Bytes &data) {
  Bytes b{4, static_cast<uint8_t>(operand)};
  put32(b, beats);
  b.insert(b.end(), data.begin(), data.end());
  return b;
}
inline Bytes run() { return {5}; }
inline Bytes clear() { return {6}; }
}  // namespace command

inline uint32_t word_at(const Bytes &b, size_t at) {
  return b[at] | b[at + 1] << 8 | b[at + 2] << 16 | static_cast<uint32_t>(b[at + 3]) << 24;
}

#endif
