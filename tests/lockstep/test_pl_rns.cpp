// test_pl_rns.cpp: the back end of kind `rns` (rtl/optics/pl_rns.sv) alone, against the golden model.
//
//   test_pl_rns [BATCHES [SEED]]    exit code 1 at the first difference
//
// A batch is a random register image and some hundred groups of lanes: sums that mostly fit, coordinates up to their
// limits, slots in a row or with pauses, the enable dropped at random. Every value and flag of every lane is compared
// with pl_rns_read(), at the clock where it must come. Built with the exact widths and a random state before reset.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

#include "Vpl_rns.h"
extern "C" {
#include "model/rns.h"
#include "photolane/photolane.h"
}

namespace {

constexpr int kRows = 2, kColumns = 3, kLanes = kRows * kColumns;
constexpr int kLatency = 80;  // pl_pkg::RnsLatency, which the clocks in pl_rns.sv add up to
constexpr int kGroups = 300;

uint64_t state;

uint64_t draw() {  // splitmix64
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}
int64_t in(int64_t low, int64_t high) { return low + static_cast<int64_t>(draw() % static_cast<uint64_t>(high - low + 1)); }

struct Group {
  int32_t y[kLanes];
  uint32_t row, col, sum;
  uint64_t due;  // enabled clock after whose edge the result is there
};

// A register image in which some residues arrive wrong, few reads saturate, and now and then everything is drawn freely.
pl_image draw_image() {
  pl_image image;
  pl_image_reset(&image);
  uint32_t *reg = image.reg;
  const bool wild = in(0, 5) == 0;
  const int k = static_cast<int>(in(4, 8)), bits = static_cast<int>(wild ? in(2, 16) : in(k, 16));
  reg[PL_REG_KIND] = PL_KIND_RNS;
  reg[PL_REG_EFFECTS] = static_cast<uint32_t>(draw()) & pl_kind_effects(PL_KIND_RNS);
  if (in(0, 7)) reg[PL_REG_EFFECTS] |= PL_EFFECT_RESIDUES;
  if (in(0, 3) == 0) reg[PL_REG_EFFECTS] = pl_kind_effects(PL_KIND_RNS);
  if (in(0, 1)) reg[PL_REG_EFFECTS] |= PL_EFFECT_REDUNDANCY;
  if (wild && in(0, 3))  // or all reads are lost
    reg[PL_REG_EFFECTS] &= ~(PL_EFFECT_REDUNDANCY | PL_EFFECT_RANGE_CHECK);
  reg[PL_REG_SEED] = static_cast<uint32_t>(draw());
  reg[PL_REG_JOB] = static_cast<uint32_t>(draw());
  reg[PL_REG_RNS_K] = static_cast<uint32_t>(k);
  reg[PL_REG_REDUNDANT] = static_cast<uint32_t>(in(0, 3) ? in(0, 2) : 2);
  const int64_t half = ((int64_t{1} << 3 * k) - (1 << k) - 1) / 2;
  reg[PL_REG_RANGE_LIMIT] = static_cast<uint32_t>(in(0, 2) ? half : in(0, wild ? 1 << 27 : 2 * half));
  for (int i = 0; i < 5; i++)
    reg[PL_REG_LEVEL_SIGMA + i] = static_cast<uint32_t>(in(0, wild ? 65535 : (1 << 18) >> k));
  reg[PL_REG_IQ_SIGMA] = static_cast<uint32_t>(in(0, wild ? 65535 : (1 << 18) >> k));
  reg[PL_REG_ADC_BITS] = static_cast<uint32_t>(bits);
  reg[PL_REG_ADC_GAIN] = static_cast<uint32_t>(wild ? in(1, 65535) : (1 << (bits - 1)) - 1);
  reg[PL_REG_ADC_SHIFT] = static_cast<uint32_t>(wild ? in(1, 47) : 14);
  reg[PL_REG_ADC_OFFSET] = static_cast<uint32_t>(wild ? in(INT32_MIN, INT32_MAX) : in(-100, 100));
  if (in(0, 11) == 0) {  // residues at random, all numbers legal: corrections that make it worse
    reg[PL_REG_RNS_K] = 4;
    reg[PL_REG_EFFECTS] |= PL_EFFECT_RESIDUES | PL_EFFECT_PHASE | PL_EFFECT_REDUNDANCY;
    reg[PL_REG_REDUNDANT] = 2;
    reg[PL_REG_RANGE_LIMIT] = 1 << 27;
    for (int i = 0; i < 5; i++) reg[PL_REG_LEVEL_SIGMA + i] = 65535;
  }
  return image;
}

// Sums that mostly fit, and both ends; with a legal range beyond that of the moduli many that do not fit.
Group draw_group(const pl_model_regs &regs) {
  Group g = {};
  const int k = regs.rns_k;
  const int64_t half = ((int64_t{1} << 3 * k) - (1 << k)) / 2;
  const int64_t most = in(0, regs.range_limit > half ? 1 : 15) ? half - 1 : 1 << 26;
  for (int32_t &y : g.y) y = static_cast<int32_t>(in(0, 20) ? in(-most, most) : in(0, 1) ? most : -half + in(-1, 1));
  g.row = static_cast<uint32_t>(in(0, 1) ? in(0, 100) : in(0, (1 << 24) - 1));
  g.col = static_cast<uint32_t>(in(0, 1) ? in(0, 100) : in(0, (1 << 20) - 1));
  g.sum = static_cast<uint32_t>(in(0, 65535));
  return g;
}

uint64_t detected, corrected, clipped, reads;

// The results of a group at the outputs. Returns false after the sentence of a difference.
bool agrees(const Vpl_rns &top, const pl_model_regs &regs, const Group &g) {
  for (int lane = 0; lane < kLanes; lane++) {
    const pl_rns_values v = pl_rns_read(&regs, g.y[lane], (g.row + static_cast<uint32_t>(lane / kColumns)) & 0xffffff,
                                        (g.col + static_cast<uint32_t>(lane % kColumns)) & 0xfffff, g.sum);
    const auto x = static_cast<int32_t>(top.x_o[lane]);
    const int clip = top.clipped_o >> lane & 1, bad = top.detected_o >> lane & 1, mended = top.corrected_o >> lane & 1;
    detected += static_cast<uint64_t>(v.detected);
    corrected += static_cast<uint64_t>(v.corrected);
    clipped += static_cast<uint64_t>(v.clipped);
    reads++;
    if (x == v.value && clip == v.clipped && bad == v.detected && mended == v.corrected) continue;
    printf("lane %d, row %u, column %u, sum %u, y %d, effects %05x, k %d, redundant %d: expected %d (clipped %d, "
           "detected %d, corrected %d), got %d (%d, %d, %d)\n", lane, g.row, g.col, g.sum, g.y[lane], regs.effects,
           regs.rns_k, regs.redundant, v.value, v.clipped, v.detected, v.corrected, x, clip, bad, mended);
    return false;
  }
  return true;
}

// One image and its groups, one after another without a drain between them.
bool batch(Vpl_rns &top) {
  const pl_image image = draw_image();
  pl_model_regs regs;
  pl_model_unpack(&image, &regs);
  for (size_t w = 0; w < sizeof top.regs_i / sizeof(uint32_t); w++) top.regs_i[w] = image.reg[w];
  const int used = pl_rns_used(&regs), pauses = static_cast<int>(in(0, 2)), stalls = static_cast<int>(in(0, 2));
  std::deque<Group> flying;
  Group now = draw_group(regs);
  int groups = kGroups, slot = 0;
  for (uint64_t enabled = 0; groups > 0 || !flying.empty();) {
    top.en_i = !(stalls && in(0, 3) == 0);
    top.valid_i = groups > 0 && !(pauses && in(0, 2) == 0);
    top.slot_i = static_cast<uint8_t>(top.valid_i ? slot : in(0, 7));
    top.last_slot_i = top.valid_i ? slot == used - 1 : in(0, 1) != 0;
    top.row_i = top.valid_i ? now.row : static_cast<uint32_t>(in(0, 1000));
    top.col_i = now.col;
    top.sum_i = static_cast<uint16_t>(now.sum);
    for (int lane = 0; lane < kLanes; lane++) top.y_i[lane] = static_cast<uint32_t>(now.y[lane]);
    for (int level = 1; level >= 0; level--) {
      top.clk_i = static_cast<uint8_t>(level);
      top.eval();
    }
    if (!top.en_i) continue;
    enabled++;
    if (top.valid_i && ++slot == used) {
      now.due = enabled + kLatency - 1;
      flying.push_back(now);
      now = draw_group(regs);
      slot = 0;
      groups--;
    }
    if (flying.empty() || flying.front().due != enabled) continue;
    if (!agrees(top, regs, flying.front())) return false;
    flying.pop_front();
  }
  return true;
}

}  // namespace

int main(int argc, char **argv) {
  const int batches = argc > 1 ? atoi(argv[1]) : 150;
  state = argc > 2 ? strtoull(argv[2], nullptr, 0) : 1;
  printf("test_pl_rns: seed %llu\n", static_cast<unsigned long long>(state));
  auto context = std::make_unique<VerilatedContext>();
  context->randReset(2);
  context->randSeed(static_cast<int>(state) | 1);
  auto top = std::make_unique<Vpl_rns>(context.get());
  top->clk_i = top->en_i = top->valid_i = 0;
  for (int level : {1, 0, 1}) {  // an edge is what resets
    top->rst_ni = static_cast<uint8_t>(level);
    top->eval();
  }
  for (int i = 0; i < batches; i++)
    if (!batch(*top)) {
      printf("in batch %d\n", i);
      return 1;
    }
  printf("test_pl_rns: %llu reads as the golden model has them: %llu clipped, %llu detected, %llu corrected\n",
         static_cast<unsigned long long>(reads), static_cast<unsigned long long>(clipped),
         static_cast<unsigned long long>(detected), static_cast<unsigned long long>(corrected));
  return detected > reads / 100 && corrected > reads / 100 ? 0 : 1;  // or the checks were not exercised
}
