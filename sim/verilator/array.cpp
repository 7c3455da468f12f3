// array.cpp: one Verilated shape and kind of rtl/engine/pl_core.sv, or of rtl/compact/pl_compact.sv, as an array plug-in
// (include/photolane/array.h).
//
// Drives the core at its job interface: registers, operand beats, start, results. Every function is called from
// one thread; instances are independent. Compiled once per shape with PL_KIND, PL_ROWS, PL_COLUMNS, PL_WIDTH, PL_BACK
// (lanes of the back end), PL_ELEMENTS (codes per beat), PL_WORDS (buffer depth; PL_A_WORDS and PL_B_WORDS if they differ)
// and PL_TRACED. PL_SERIAL: the compact core, whose results come one by one. PL_NETLIST: the synthesized netlist with the
// same ports (scripts/bits.mk). These two have no bound checker.
#include "photolane/array.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "Vpl_core.h"
#ifndef PL_SERIAL
#define PL_SERIAL 0
#endif
#ifndef PL_NETLIST
#define PL_NETLIST 0
#endif
#ifndef PL_A_WORDS
#define PL_A_WORDS PL_WORDS
#define PL_B_WORDS PL_WORDS
#endif
#if PL_NETLIST
#include "svdpi.h"
#elif !PL_SERIAL
#include "Vpl_core__Dpi.h"
#endif
#include "checker.h"
extern "C" {
#include "model/rns.h"
}
#if PL_TRACED
#include "verilated_fst_c.h"
#endif

struct pl_array {
  VerilatedContext context;
  std::unique_ptr<Vpl_core> core;
  std::unique_ptr<Checker> checker;  // null: not checked
#if PL_TRACED
  std::unique_ptr<VerilatedFstC> fst;
#endif
  uint64_t trace_from = 0, trace_to = 0;
  uint64_t clock = 0;  // since create
  uint32_t stall = 0;  // seed of the pauses; 0: none
  bool configured = false;  // image holds what the core's registers hold
  pl_image image{};
  pl_model_regs regs{};
  pl_counters seen{};  // hardware counters at the last call of counters
  pl_counters counters{};
};

static thread_local pl_array *current;  // whose clock runs: DPI calls have no argument for it

#if !PL_SERIAL
// ---- DPI, called by pl_checker.sv.
extern "C" svBit pl_checker_on() { return current && current->checker ? 1 : 0; }
extern "C" void pl_checker_sums(const svBitVecVal *y, const svBitVecVal *d, const svBitVecVal *p, const svBitVecVal *l) {
  current->checker->sums(y, d, p, l);
}
extern "C" void pl_checker_detector(const svBitVecVal *v) { current->checker->detector(v); }
extern "C" void pl_checker_code(const svBitVecVal *code, const svBitVecVal *shift, const svBitVecVal *clipped,
                                const svBitVecVal *detected, const svBitVecVal *corrected) {
  current->checker->code(code, shift, clipped, detected, corrected);
}
#endif

namespace {

int fail(char *error, size_t size, const std::string &text) {
  if (error && size) snprintf(error, size, "%s", text.c_str());
  return -1;
}

#if !PL_SERIAL
// The checker's first difference: 1, not the -1 of a failure.
int differs(pl_array *a, char *error, size_t size) {
  fail(error, size, a->checker->sentence());
  return 1;
}
#endif

// The words of a packed port, whatever type Verilator gives it by width.
template <typename T>
uint32_t *words(T &x) { return reinterpret_cast<uint32_t *>(&x); }
template <std::size_t N>
uint32_t *words(VlWide<N> &x) { return x.data(); }

void half(pl_array *a, int level) {
  a->core->clk_i = level;
  a->core->eval();
#if PL_TRACED
  if (a->fst && a->clock >= a->trace_from && a->clock < a->trace_to) a->fst->dump(2 * a->clock + (level ? 0 : 1));
#endif
}

void tick(pl_array *a) {
  current = a;
  half(a, 1);
  half(a, 0);
  a->clock++;
#if PL_TRACED
  if (a->fst && a->clock == a->trace_to) a->fst->close();
#endif
}

pl_array *create(int check, char *error, size_t size) {
#if PL_NETLIST
  if (check) {
    fail(error, size, "a netlist has no signals to check: open it without check=1");
    return nullptr;
  }
#endif
  auto a = std::make_unique<pl_array>();
  a->context.traceEverOn(PL_TRACED);
  // Builds with `--x-initial unique` start from random state, which reset must overcome (`make check`).
  if (const char *seed = getenv("PHOTOLANE_RESET_SEED")) {
    a->context.randReset(2);
    a->context.randSeed(atoi(seed));
  }
  if (check && PL_SERIAL) {
    fail(error, size, "the compact core has no checker: open it without check=1");
    return nullptr;
  }
  a->core = std::make_unique<Vpl_core>(&a->context);
  if (check) a->checker = std::make_unique<Checker>(PL_ROWS, PL_COLUMNS, PL_BACK);
  // Inputs that start something are quiet before reset: with random state they would not be.
  a->core->reg_we_i = a->core->load_start_i = a->core->load_valid_i = a->core->start_i = 0;
  a->core->load_shift_i = 0;
  a->core->result_ready_i = a->core->clear_counters_i = 0;
  a->core->rst_ni = 1;  // an edge is what resets
  current = a.get();
  half(a.get(), 0);
  a->core->rst_ni = 0;
  half(a.get(), 0);
  tick(a.get());
  a->core->rst_ni = 1;
  tick(a.get());
  for (int wait = 0; PL_SERIAL && !a->core->idle_o && wait < 10000; wait++) tick(a.get());  // it sets its registers
  if (!a->core->idle_o) {
    fail(error, size, "the array does not leave reset");
    return nullptr;
  }
  return a.release();
}

void destroy(pl_array *a) {
  if (!a) return;
#if PL_TRACED
  if (a->fst) a->fst->close();
#endif
  a->core->final();
  if (current == a) current = nullptr;
  delete a;
}

int trace(pl_array *a, const char *file, uint64_t from, uint64_t to, char *error, size_t size) {
#if PL_TRACED
  a->fst = std::make_unique<VerilatedFstC>();
  a->core->trace(a->fst.get(), 99);
  a->fst->open(file);
  if (!a->fst->isOpen()) return fail(error, size, std::string("cannot write the waveform ") + file);
  a->trace_from = from;
  a->trace_to = to;
  return 0;
#else
  (void)a, (void)file, (void)from, (void)to;
  return fail(error, size, "this build of the array writes no waveforms: run `make trace`");
#endif
}

const char *kind_name() {
  static const char *const names[] = {PL_KIND_NAMES};
  return names[PL_KIND];
}

void stall(pl_array *a, uint32_t seed) { a->stall = seed; }

int configure(pl_array *a, const uint32_t *values, int count, char *error, size_t size) {
  if (count != PL_REG_WORDS) return fail(error, size, "the array and the library disagree on the number of registers");
  if (values[PL_REG_KIND] != PL_KIND)
    return fail(error, size, std::string("the array is of kind ") + kind_name() + ", the registers are not");
  for (int w = 0; w < count; w++) {
    if (a->configured && a->image.reg[w] == values[w]) continue;
    a->image.reg[w] = values[w];
    if (w >= PL_REG_TABLES && PL_KIND != PL_KIND_INTENSITY) continue;  // no tables
    a->core->reg_we_i = 1;
    a->core->reg_addr_i = w;
    a->core->reg_wdata_i = values[w];
    tick(a);
  }
  a->core->reg_we_i = 0;
  a->configured = true;
  pl_model_unpack(&a->image, &a->regs);
  if (a->checker) a->checker->configure(a->image);
  return 0;
}

// Clocks to pause before the next word of a stream: mostly none, now and then up to 40.
int pause(pl_array *a) {
  if (!a->stall) return 0;
  const uint32_t key[2] = {a->stall, 0}, counter[2] = {static_cast<uint32_t>(a->clock), 0};
  uint32_t random[2];
  pl_threefry(key, counter, random);
  return random[0] % 4 ? 0 : static_cast<int>(random[1] % 40) + 1;
}

// Words of one group of lanes for the tile in the registers.
int64_t group_words(const pl_model_regs &r) { return pl_array_group_words(r.depth, r.channels, PL_WIDTH); }

// Words of the operand of the tile in the registers, and where they begin in its buffer.
int64_t operand_words(const pl_model_regs &r, int operand) {
  const int lanes = operand ? PL_COLUMNS : PL_ROWS, rows = operand ? r.cols : r.rows;
  return (rows + lanes - 1) / lanes * group_words(r);
}
int base_of(const pl_array *a, int operand) { return a->image.reg[operand ? PL_REG_B_BASE : PL_REG_A_BASE]; }
bool fits(const pl_array *a, int operand) { return base_of(a, operand) + operand_words(a->regs, operand) <= (operand ? PL_B_WORDS : PL_A_WORDS); }

// Clocks of one group of lanes: each read takes its words, or its passes through the back end if those are more.
int64_t group_clocks(const pl_model_regs &r) {
  const int64_t slots = PL_KIND == PL_KIND_RNS ? pl_rns_used(&r) : 1, passes = PL_ROWS * PL_COLUMNS / PL_BACK * slots;
  const auto clocks = [&](int channels) { return std::max<int64_t>(passes, (channels + PL_WIDTH - 1) / PL_WIDTH); };
  const int full = (r.depth - 1) / r.channels;
  return full * clocks(r.channels) + clocks(r.depth - full * r.channels);
}

int load(pl_array *a, int operand, const int8_t *codes, int64_t ld, int rows, int depth, char *error, size_t size) {
  const pl_model_regs &r = a->regs;
  if (rows != (operand ? r.cols : r.rows) || depth != r.depth)
    return fail(error, size, "the operand's shape is not the one in the registers");
  if (!fits(a, operand)) return fail(error, size, "the operand does not fit the array's buffer");
  if (a->checker)
    a->checker->load(operand, base_of(a, operand), static_cast<int>(operand_words(r, operand)), codes, ld, rows, depth);
  const uint64_t begin = a->clock;
  a->core->load_operand_i = operand;
  a->core->load_start_i = 1;
  tick(a);
  a->core->load_start_i = 0;
  auto *beat = reinterpret_cast<int8_t *>(words(a->core->load_codes_i));
  for (int i = 0; i < rows; i++) {
    for (int k = 0; k < depth;) {
      const int read_end = std::min(depth, (k / r.channels + 1) * r.channels);
      const int end = std::min(k + PL_ELEMENTS, read_end);  // a beat ends with its read
      if (PL_KIND == PL_KIND_RNS && k % r.channels == 0)
        a->core->load_shift_i = pl_rns_shift(&r, codes + i * ld + k, read_end - k);
      for (int e = 0; e < PL_ELEMENTS; e++) beat[e] = k + e < end ? codes[i * ld + k + e] : 0x55;  // the core masks the rest
      a->core->load_valid_i = 0;
      for (int n = pause(a); n > 0; n--) tick(a);
      a->core->load_valid_i = 1;
      for (int wait = 0; PL_SERIAL && !a->core->load_ready_o && wait < 100000; wait++) tick(a);
      if (!a->core->load_ready_o) return fail(error, size, "the array refuses an operand beat");
      tick(a);
      k = end;
    }
  }
  a->core->load_valid_i = 0;
  for (int wait = 0; !a->core->idle_o; wait++) {
    if (wait > (PL_SERIAL ? 100000 : 1000)) return fail(error, size, "the array does not end its load");
    tick(a);
  }
  a->counters.load_cycles += a->clock - begin;
  (operand ? a->counters.encodings_b : a->counters.encodings_a) += static_cast<uint64_t>(rows) * depth;
  return 0;
}

#if PL_SERIAL
int run(pl_array *a, int32_t *c, int64_t ldc, char *error, size_t size) {
  const pl_model_regs &r = a->regs;
  if (!fits(a, 0) || !fits(a, 1)) return fail(error, size, "an operand does not fit the array's buffer");
  const uint64_t begin = a->clock;
  const int64_t row_groups = (r.rows + PL_ROWS - 1) / PL_ROWS, column_groups = (r.cols + PL_COLUMNS - 1) / PL_COLUMNS;
  const uint64_t ideal = row_groups * column_groups * group_clocks(r);
  const int limit = 100000 + 5000 * PL_ROWS * PL_COLUMNS * ((r.depth - 1) / r.channels + 1);  // clocks of one result
  a->core->result_ready_i = 0;
  a->core->start_i = 1;
  tick(a);
  a->core->start_i = 0;
  for (int m0 = 0; m0 < r.rows; m0 += PL_ROWS)
    for (int n0 = 0; n0 < r.cols; n0 += PL_COLUMNS)
      for (int m = m0; m < std::min(m0 + PL_ROWS, r.rows); m++)
        for (int n = n0; n < std::min(n0 + PL_COLUMNS, r.cols); n++) {
          for (int wait = 0; !a->core->result_valid_o; wait++) {
            if (wait > limit) return fail(error, size, "the array does not deliver its results");
            tick(a);
          }
          for (int w = pause(a); w > 0; w--) tick(a);
          c[m * ldc + n] = static_cast<int32_t>(a->core->result_o);
          a->core->result_ready_i = 1;
          tick(a);
          a->core->result_ready_i = 0;
        }
  for (int wait = 0; !a->core->idle_o && wait < 10000; wait++) tick(a);
  if (!a->core->idle_o) return fail(error, size, "the array does not end its tile");
  a->counters.cycles += a->clock - begin;
  a->counters.ideal_cycles += ideal;
  return 0;
}
#else
int run(pl_array *a, int32_t *c, int64_t ldc, char *error, size_t size) {
  const pl_model_regs &r = a->regs;
  if (!fits(a, 0) || !fits(a, 1)) return fail(error, size, "an operand does not fit the array's buffer");
  const uint64_t begin = a->clock;
  const int64_t row_groups = (r.rows + PL_ROWS - 1) / PL_ROWS, column_groups = (r.cols + PL_COLUMNS - 1) / PL_COLUMNS;
  const uint64_t ideal = row_groups * column_groups * group_clocks(r);
  if (a->checker) {
    a->checker->start(base_of(a, 0), base_of(a, 1));
    if (a->checker->failed()) return differs(a, error, size);
  }
  a->core->result_ready_i = 1;
  a->core->start_i = 1;
  tick(a);
  a->core->start_i = 0;
  const uint64_t limit = a->clock + 64 * (ideal + 1000);  // a hang is an error, not a wait
  for (int m = 0; m < r.rows; m += PL_ROWS) {
    for (int n = 0; n < r.cols; n += PL_COLUMNS) {
      while (!a->core->result_valid_o) {
        tick(a);
        if (a->checker && a->checker->failed()) return differs(a, error, size);
        if (a->clock > limit) return fail(error, size, "the array does not deliver its results");
      }
      a->core->result_ready_i = 0;  // held back: the pipeline stands still
      for (int w = pause(a); w > 0; w--) tick(a);
      a->core->result_ready_i = 1;
      const auto *sums = reinterpret_cast<const int32_t *>(words(a->core->result_o));
      for (int i = 0; i < std::min(PL_ROWS, r.rows - m); i++)
        for (int j = 0; j < std::min(PL_COLUMNS, r.cols - n); j++) c[(m + i) * ldc + n + j] = sums[i * PL_COLUMNS + j];
      tick(a);
      if (a->checker && a->checker->failed()) return differs(a, error, size);
    }
  }
  if (!a->core->idle_o) return fail(error, size, "the array does not end its tile");
  a->counters.cycles += a->clock - begin;
  a->counters.ideal_cycles += ideal;
  return 0;
}

#endif

void counters(pl_array *a, pl_counters *out) {
  const auto add = [](uint64_t now, uint64_t &seen, uint64_t &sum) {
    sum += now - seen;
    seen = now;
  };
  add(a->core->reads_o, a->seen.reads, out->reads);
  add(a->core->clipped_o, a->seen.clipped, out->clipped);
  add(a->core->detected_o, a->seen.detected, out->detected);
  add(a->core->corrected_o, a->seen.corrected, out->corrected);
  out->cycles += a->counters.cycles;
  out->ideal_cycles += a->counters.ideal_cycles;
  out->load_cycles += a->counters.load_cycles;
  out->encodings_a += a->counters.encodings_a;
  out->encodings_b += a->counters.encodings_b;
  if (a->checker) out->checked += a->checker->checked;
  a->counters = pl_counters{};
  if (a->checker) a->checker->checked = 0;
}

const std::string build =
    std::string(PL_BUILD_ID) + ", " + Verilated::productName() + " " + Verilated::productVersion() + ", " + __VERSION__;

const pl_array_api api = {PL_ARRAY_ABI, build.c_str(), PL_KIND,  PL_ROWS, PL_COLUMNS, PL_WIDTH,
                          PL_A_WORDS,   PL_B_WORDS,    PL_TRACED, create,  destroy,    trace,
                          stall,        configure,     load,      run,     counters};

}  // namespace

extern "C" __attribute__((visibility("default"))) const pl_array_api *pl_array_get(void) { return &api; }
