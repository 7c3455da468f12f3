// test_pl_photons.cpp: photon counting (rtl/optics/pl_photons.sv with pl_poisson.sv) alone, against the golden model.
//
//   test_pl_photons [BATCHES [SEED]]    exit code 1 at the first difference
//
// A batch is a random set of registers and some hundred groups of lanes, one per enabled clock: lights of every size on
// both detectors, means from none to beyond what a counter holds, coordinates up to their limits, the enable dropped at
// random. Every value is compared with pl_detect(), at the clock where it must come, and what passes by with what went
// in. Built with the exact widths and a random state before reset.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

#include "Vpl_photons.h"
extern "C" {
#include "model/model.h"
#include "photolane/photolane.h"
}

namespace {

constexpr int kRows = 2, kColumns = 3, kLanes = kRows * kColumns;
constexpr int kLatency = 34;  // pl_pkg::PhotonsLatency, which the clocks in pl_photons.sv add up to
constexpr int kGroups = 400;

uint64_t state;

uint64_t draw() {  // splitmix64
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}
int64_t in(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(draw() % static_cast<uint64_t>(high - low + 1));
}

struct Group {
  int64_t plus[kLanes], minus[kLanes];  // light of the detectors, Q8
  uint32_t row, col, sum;
  uint64_t due;  // enabled clock after whose edge the result is there
};

// Registers with which lights of `size` bits have means up to some target, 2^-6 to 2^23 photons.
pl_image draw_image(int *size) {
  pl_image image;
  pl_image_reset(&image);
  uint32_t *reg = image.reg;
  *size = static_cast<int>(in(4, 37));
  const int photons = static_cast<int>(in(0, 7) == 0 ? in(19, 23) : in(0, 2) ? in(-3, 8) : in(-6, 20)); // powers of two
  int shift = *size + 16 - (photons + 16); // light * 2^15..2^16 >> shift
  reg[PL_REG_KIND] = PL_KIND_INTENSITY;
  reg[PL_REG_EFFECTS] = in(0, 19) ? PL_EFFECT_PHOTONS : 0;
  reg[PL_REG_SEED] = static_cast<uint32_t>(draw());
  reg[PL_REG_JOB] = static_cast<uint32_t>(draw());
  reg[PL_REG_PHOTON_GAIN] = static_cast<uint32_t>(in(32768, 65535)) >> (shift < 0 ? 0 : in(0, 3));
  reg[PL_REG_PHOTON_SHIFT] = static_cast<uint32_t>(shift < 0 ? 0 : shift > 47 ? 47 : shift);
  reg[PL_REG_PHOTON_STEP] = static_cast<uint32_t>(in(0, 65535));
  shift = 16 + photons + static_cast<int>(in(-20, 6)); // some saturate, some round
  reg[PL_REG_PHOTON_STEP_SHIFT] = static_cast<uint32_t>(shift < 0 ? 0 : shift > 47 ? 47 : shift);
  return image;
}

int64_t draw_light(int size) {
  constexpr int64_t kMost = int64_t{4096} * 8190 * 8190 / 2;
  const int64_t full = size < 37 ? (int64_t{1} << size) - 1 : kMost;
  switch (in(0, 11)) {
    case 0: return 0;
    case 1: return full;
    case 2: return in(0, 1);
    case 3: return in(0, full) >> in(0, size);
    default: return in(0, full);
  }
}

Group draw_group(int size) {
  Group g = {};
  for (int lane = 0; lane < kLanes; lane++) {
    g.plus[lane] = draw_light(size);
    g.minus[lane] = draw_light(size);
    // The most light is shared: the difference, a sum of products of fields, is below 2^36.
    if (size > 36) g.minus[lane] = g.plus[lane] - in(0, g.plus[lane] >> 1);
  }
  g.row = static_cast<uint32_t>(in(0, 1) ? in(0, 100) : in(0, (1 << 24) - 1));
  g.col = static_cast<uint32_t>(in(0, 1) ? in(0, 100) : in(0, (1 << 20) - 1));
  g.sum = static_cast<uint32_t>(in(0, 65535));
  return g;
}

// Places that random ones hardly meet.
struct Place {
  uint32_t row, col, sum;
  int64_t light;        // of the plus detectors
  uint32_t shift;       // the mean is light * 2^15 >> shift, 2^16 a photon
  bool (*holds)(const uint32_t words[2], uint32_t mean);  // is it the place that is meant?
};
const Place kPlaces[] = {
    // 16 photons and a deviate of -6 sigma, where the series is below 0.
    {3, 186373, 79, 32, 0, [](const uint32_t words[2], uint32_t mean) { return mean == 1 << 20 && pl_gauss(words[0]) <= -5.9 * 2048; }},
    // The rest of a mean just below 1/32 photon: one photon, and two if the tail of two were a little longer.
    {3, 157227, 79, 2047, 15, [](const uint32_t words[2], uint32_t mean) {
       const uint32_t square = mean * mean >> 12, three = (square * mean * 43 + (1u << 22)) >> 23, u = words[1] & 0x1fffff;
       return mean == 2047 && u < square - three && u >= square - 2 * three;
     }},
};
constexpr int kPlaceCount = sizeof kPlaces / sizeof *kPlaces;

pl_image image_at(const Place &place) {
  pl_image image;
  pl_image_reset(&image);
  image.reg[PL_REG_KIND] = PL_KIND_INTENSITY;
  image.reg[PL_REG_EFFECTS] = PL_EFFECT_PHOTONS;
  image.reg[PL_REG_SEED] = 1;
  image.reg[PL_REG_JOB] = 2;
  image.reg[PL_REG_PHOTON_GAIN] = 1 << 15;
  image.reg[PL_REG_PHOTON_SHIFT] = place.shift;
  image.reg[PL_REG_PHOTON_STEP] = 1 << 10;
  image.reg[PL_REG_PHOTON_STEP_SHIFT] = 10;
  uint32_t words[2];
  pl_noise_block(1, 2, PL_NOISE_PHOTONS, place.row, place.col, place.sum, words);
  if (!place.holds(words, static_cast<uint32_t>((place.light << 15) >> place.shift))) abort();
  return image;
}

Group group_at(const Place &place) {
  Group g = {};
  for (int64_t &light : g.plus) light = place.light;
  g.row = place.row;
  g.col = place.col;
  g.sum = place.sum;
  return g;
}

uint64_t values, few, many, full, saturated, off;

uint32_t rounded(int64_t sum) { return static_cast<uint32_t>((sum + 32) >> 6); }

// The group at the inputs: rounded sums, and the six bits of R and of y below.
void put(Vpl_photons *top, const Group &g) {
  for (int i = 0; i < (kLanes * 12 + 31) / 32; i++) top->low_i[i] = 0;
  for (int lane = 0; lane < kLanes; lane++) {
    const int64_t y = g.plus[lane] - g.minus[lane], light = g.plus[lane] + g.minus[lane];
    top->y_i[lane] = rounded(y);
    top->l_i[lane] = rounded(light);
    for (int bit = 0; bit < 12; bit++) {
      const auto value = static_cast<uint32_t>((bit < 6 ? y >> bit : light >> (bit - 6)) & 1);
      top->low_i[(lane * 12 + bit) / 32] |= value << (lane * 12 + bit) % 32;
    }
  }
  top->row_i = g.row;
  top->col_i = g.col;
  top->sum_i = static_cast<uint16_t>(g.sum);
}

// The results of a group at the outputs. Returns false after the sentence of a difference.
bool agrees(const Vpl_photons &top, const pl_model_regs &regs, const Group &g) {
  for (int lane = 0; lane < kLanes; lane++) {
    pl_sums sums = {};
    sums.product = g.plus[lane] - g.minus[lane];
    sums.rails = static_cast<uint64_t>(g.plus[lane] + g.minus[lane]);
    const uint32_t row = (g.row + static_cast<uint32_t>(lane / kColumns)) & 0xffffff;
    const uint32_t col = (g.col + static_cast<uint32_t>(lane % kColumns)) & 0xfffff;
    const int32_t want = pl_detect(&regs, &sums, row, col, g.sum), got = static_cast<int32_t>(top.v_o[lane]);
    const auto mean = static_cast<__int128>(g.plus[lane]) * regs.photon_gain >> regs.photon_shift;
    values++;
    off += regs.effects == 0;
    few += mean < 1 << 20;
    many += mean >= 1 << 20;
    full += mean >= int64_t{1} << 36;
    saturated += want == INT32_MAX || want == INT32_MIN;
    const bool passed = top.l_o[lane] == rounded(static_cast<int64_t>(sums.rails)) && top.row_o == g.row &&
                        top.col_o == g.col && top.sum_o == g.sum;
    if (got == want && passed) continue;
    printf("lane %d, row %u, column %u, sum %u, light %lld and %lld, gain %u >> %d, step %u >> %d: expected %d, "
           "got %d; light and place %s\n", lane, g.row, g.col, g.sum, static_cast<long long>(g.plus[lane]),
           static_cast<long long>(g.minus[lane]), regs.photon_gain, regs.photon_shift, regs.photon_step,
           regs.photon_step_shift, want, got, passed ? "right" : "wrong");
    return false;
  }
  return true;
}

// One set of registers and its groups, the first of them at a place if there is one; the pipeline is drained at the end.
bool batch(Vpl_photons *top, const Place *place) {
  int size;
  pl_image image = draw_image(&size);
  if (place) image = image_at(*place);
  pl_model_regs regs;
  pl_model_unpack(&image, &regs);
  for (size_t w = 0; w < sizeof top->regs_i / sizeof(uint32_t); w++) top->regs_i[w] = image.reg[w];
  const bool stalls = in(0, 2) != 0;
  std::deque<Group> flying;
  Group now = place ? group_at(*place) : draw_group(size);
  int groups = kGroups;
  for (uint64_t enabled = 0; groups > 0 || !flying.empty();) {
    top->en_i = !(stalls && in(0, 3) == 0);
    put(top, now);
    for (int level = 1; level >= 0; level--) {
      top->clk_i = static_cast<uint8_t>(level);
      top->eval();
    }
    if (!top->en_i) continue;
    enabled++;
    if (groups > 0) {
      now.due = enabled + kLatency - 1;
      flying.push_back(now);
      groups--;
    }
    now = draw_group(size);
    if (flying.empty() || flying.front().due != enabled) continue;
    if (!agrees(*top, regs, flying.front())) return false;
    flying.pop_front();
  }
  return true;
}

}  // namespace

int main(int argc, char **argv) {
  const int batches = argc > 1 ? atoi(argv[1]) : 250;
  state = argc > 2 ? strtoull(argv[2], nullptr, 0) : 1;
  printf("test_pl_photons: seed %llu\n", static_cast<unsigned long long>(state));
  auto context = std::make_unique<VerilatedContext>();
  context->randReset(2);
  context->randSeed(static_cast<int>(state) | 1);
  auto top = std::make_unique<Vpl_photons>(context.get());
  top->clk_i = top->en_i = 0;
  for (int level : {1, 0, 1}) {  // an edge is what resets
    top->rst_ni = static_cast<uint8_t>(level);
    top->eval();
  }
  for (int i = 0; i < batches; i++)
    if (!batch(top.get(), i < kPlaceCount ? &kPlaces[i] : nullptr)) {
      printf("in batch %d\n", i);
      return 1;
    }
  const auto number = [](uint64_t n) { return static_cast<unsigned long long>(n); };
  printf("test_pl_photons: %llu values as the golden model has them: plus detector below 16 photons %llu, above %llu, "
         "full %llu; %llu saturated, %llu not counted\n", number(values), number(few), number(many), number(full),
         number(saturated), number(off));
  const uint64_t least = values / 100;  // of each, or it was not exercised
  return few > least && many > least && full > least / 5 && saturated > least && off > least / 2 ? 0 : 1;
}
