// fuzz_pl_stream: libFuzzer on the device's decoder of frames and its receiving stream, Verilated (rtl/link/pl_stream).
//
// The input is a list of records that make bytes of the wire: garbage, good frames, frames with one byte altered, left out or
// repeated, HELLO. A decoder in C++ (tests/link/link_host.h) reads the same wire. Demanded: the bytes that the device commits are
// exactly the payloads that this decoder accepts; and after anything, 00 00 and a HELLO are answered.
#include <verilated.h>

#include <algorithm>
#include <memory>

#include "../link/link_host.h"
#include "Vpl_stream.h"

double sc_time_stamp() { return 0; }

static constexpr size_t Room = 64 - 4;  // RxLog 6: scripts/link.mk

static void demand(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "fuzz_pl_stream: %s\n", what);
  abort();
}

struct Wire {
  std::unique_ptr<VerilatedContext> context{new VerilatedContext};
  std::unique_ptr<Vpl_stream> dut{new Vpl_stream(context.get())};
  Bytes taken, coming, answer;
  // The reference.
  bool open = false;
  uint32_t session = 0;
  Bytes committed;
  uint32_t hello = 0;  // id of the last HELLO that the device has sent

  void clock() {
    dut->eval();
    if (dut->get_valid_o) taken.push_back(dut->get_byte_o);
    if (dut->wire_valid_o) {
      if (dut->wire_byte_o) answer.push_back(dut->wire_byte_o);
      else {
        Frame f;
        if (frame_parse(answer, session, f) && f.hello && f.payload.size() == 4) hello = word_at(f.payload, 0);
        answer.clear();
      }
    }
    if (dut->restart_o) {
      demand(taken.size() <= committed.size() && std::equal(taken.begin(), taken.end(), committed.begin()), "other bytes before a restart");
      taken.clear();
    }
    dut->clk_i = 1;
    dut->eval();
    dut->clk_i = 0;
    dut->eval();
  }
  static uint32_t word_at(const Bytes &b, size_t at) { return b[at] | b[at + 1] << 8 | b[at + 2] << 16 | static_cast<uint32_t>(b[at + 3]) << 24; }

  void reset() {
    taken.clear(), coming.clear(), answer.clear(), committed.clear();
    open = false, session = 0, hello = 0;
    dut->clk_i = 0, dut->rst_ni = 1;
    dut->wire_valid_i = 0, dut->wire_ready_i = 1, dut->wire_fault_i = 0, dut->get_ready_i = 1, dut->put_valid_i = 0;
    dut->eval();
    dut->rst_ni = 0;
    clock();
    dut->rst_ni = 1;
    clock();
    taken.clear(), answer.clear();
  }
  void byte(uint8_t b) {
    dut->wire_valid_i = 1;
    dut->wire_byte_i = b;
    clock();
    dut->wire_valid_i = 0;
    if (b) {
      coming.push_back(b);
      return;
    }
    if (coming.empty()) return;
    for (int n = 0; n < 2; n++) clock();  // its restart, if it is a HELLO, is judged by what was committed before
    Frame f;
    if (frame_parse(coming, session, f)) {
      if (f.hello) {
        if (f.payload.size() == 4) {
          const uint32_t id = word_at(f.payload, 0);
          if (id == 0 || !open || id != session) committed.clear(), session = id;
          open = id != 0;
        }
      } else if (open && f.seq == static_cast<uint16_t>(committed.size()) && f.payload.size() <= Room) {
        committed.insert(committed.end(), f.payload.begin(), f.payload.end());
      }
    }
    coming.clear();
    for (int n = 0; n < 80; n++) clock();  // the reader takes everything, so the buffer is empty again
    demand(taken == committed, "the device has committed other bytes than the reference");
  }
  void bytes(const Bytes &b) {
    for (uint8_t x : b) byte(x);
  }
};

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Wire wire;
  wire.reset();
  const uint8_t *const end = data + size;
  const auto next = [&] { return data < end ? *data++ : static_cast<uint8_t>(0); };
  while (data < end) {
    const uint8_t kind = next();
    if (kind % 4 == 3) {
      Frame f;
      f.hello = true;
      put32(f.payload, kind & 4 ? 0 : next());
      wire.bytes(frame_bytes(f, 0));
      continue;
    }
    Bytes part(next() % 80u);
    for (auto &b : part) b = next();
    if (kind % 4 == 0) {
      wire.bytes(part);
      continue;
    }
    Frame f;
    f.nak = kind & 4;
    f.version = kind & 8 ? kind >> 4 : 1;
    f.seq = static_cast<uint16_t>(wire.committed.size() + (kind & 16 ? static_cast<int8_t>(next()) : 0));
    f.ack = next();
    f.limit = static_cast<uint16_t>(next() << 4);
    f.payload = part;
    Bytes b = frame_bytes(f, kind & 32 ? wire.session + 1 : wire.session);
    if (kind % 4 == 2) {
      const size_t at = next() % b.size();
      const uint8_t how = next();
      if (how < 64) b.erase(b.begin() + static_cast<long>(at));
      else if (how < 128) b.insert(b.begin() + static_cast<long>(at), b[at]);
      else b[at] ^= how;
    }
    wire.bytes(b);
  }
  // Whatever came: a HELLO is answered.
  wire.hello = 0;
  wire.byte(0), wire.byte(0);
  Frame f;
  f.hello = true;
  put32(f.payload, 0xfeed);
  wire.bytes(frame_bytes(f, 0));
  for (int n = 0; n < 400; n++) wire.clock();
  demand(wire.hello == 0xfeed, "HELLO is not answered");
  return 0;
}
