// checker.cpp: see checker.h.
#include "checker.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

extern "C" {
#include "model/rns.h"
}

void Checker::load(int operand, int base, int words, const int8_t *codes, int64_t ld, int rows, int depth) {
  auto &resident = resident_[operand];
  for (auto at = resident.begin(); at != resident.end();)
    at = at->first < base + words && base < at->first + at->second.words ? resident.erase(at) : std::next(at);
  Operand &o = resident[base];
  o.words = words;
  o.rows = rows;
  o.depth = depth;
  o.reads = (depth + regs_.channels - 1) / regs_.channels;
  o.elements.resize(static_cast<size_t>(rows) * depth);
  o.shift.assign(static_cast<size_t>(rows) * o.reads, 0);
  const uint32_t origin = operand ? regs_.col0 : regs_.row0;
  const uint32_t k0 = regs_.sum0 * static_cast<uint32_t>(regs_.channels);
  for (int i = 0; i < rows; i++) {
    const int8_t *row = codes + i * ld;
    pl_encoded *to = &o.elements[static_cast<size_t>(i) * depth];
    if (regs_.kind != PL_KIND_RNS) {
      for (int k = 0; k < depth; k++) to[k] = pl_encode(&regs_, operand, row + k, origin + i, k0 + k);
      continue;
    }
    for (int read = 0; read < o.reads; read++) {
      const int first = read * regs_.channels, count = std::min(regs_.channels, depth - first);
      const int shift = pl_rns_shift(&regs_, row + first, count);
      o.shift[static_cast<size_t>(i) * o.reads + read] = shift;
      for (int k = first; k < first + count; k++) to[k].field = pl_bfp_mantissa(row[k], shift);
    }
  }
}

void Checker::start(int a_base, int b_base) {
  for (int operand = 0; operand < 2; operand++) {
    const int base = operand ? b_base : a_base;
    const auto found = resident_[operand].find(base);
    operand_[operand] = found == resident_[operand].end() ? nullptr : &found->second;
    const int rows = operand ? regs_.cols : regs_.rows;
    if (!operand_[operand] || found->second.rows != rows || found->second.depth != regs_.depth) {
      operand_[operand] = nullptr;
      sentence_ = std::string("operand ") + "AB"[operand] + " of the tile was never loaded at word " + std::to_string(base);
    }
  }
  at_sums_ = at_detector_ = at_code_ = Place();
  waiting_.clear();
  detected_ = 0;
}

void Checker::Place::next(const pl_model_regs &regs, int rows, int columns) {
  const int reads = (regs.depth + regs.channels - 1) / regs.channels;
  if (++read < reads) return;
  read = 0;
  col += columns;
  if (col < regs.cols) return;
  col = 0;
  row += rows;
}

bool Checker::inside(const Place &place, int lane) const {
  return place.row + lane / columns_ < regs_.rows && place.col + lane % columns_ < regs_.cols;
}

void Checker::differ(const Place &place, int lane, const char *stage, int64_t expected, int64_t got) {
  if (failed()) return;
  char text[320];
  snprintf(text, sizeof text,
           "row %u, column %u, sum %u: stage %s: expected %lld, got %lld (seed %u, job %u, lane %d of the array)",
           regs_.row0 + place.row + lane / columns_, regs_.col0 + place.col + lane % columns_, regs_.sum0 + place.read,
           stage, static_cast<long long>(expected), static_cast<long long>(got), regs_.seed, regs_.job, lane);
  sentence_ = text;
}

pl_sums Checker::sum_up(int m, int n, int read) const {
  const int first = read * regs_.channels, end = std::min(first + regs_.channels, regs_.depth);
  const pl_encoded *a = &operand_[0]->elements[static_cast<size_t>(m) * regs_.depth];
  const pl_encoded *b = &operand_[1]->elements[static_cast<size_t>(n) * regs_.depth];
  pl_sums s = {};
  for (int k = first; k < end; k++) {
    s.product += static_cast<int64_t>(a[k].field) * b[k].field;
    s.power += a[k].power * b[k].power;
    s.light += a[k].light + b[k].light;
    s.dispersion += a[k].dispersion - b[k].dispersion;
    s.rails += static_cast<uint64_t>(a[k].rail) * b[k].rail;
  }
  return s;
}

Checker::Expected Checker::expect(const pl_sums &sums, int m, int n, int read) const {
  const uint32_t row = regs_.row0 + m, col = regs_.col0 + n, sum = regs_.sum0 + read;
  Expected e = {};
  if (regs_.kind == PL_KIND_RNS) {
    const pl_rns_values v = pl_rns_read(&regs_, static_cast<int32_t>(sums.product), row, col, sum);
    const auto shift = [&](int which, int i) {
      return operand_[which]->shift[static_cast<size_t>(i) * operand_[which]->reads + read];
    };
    e.code = v.value;
    e.shift = shift(0, m) + shift(1, n);
    e.clipped = v.clipped;
    e.detected = v.detected;
    e.corrected = v.corrected;
  } else {
    e.detector = pl_detect(&regs_, &sums, row, col, sum);
    e.code = pl_adc(&regs_, e.detector, &e.clipped);
  }
  return e;
}

void Checker::sums(const uint32_t *y, const uint32_t *d, const uint32_t *p, const uint32_t *l) {
  const Place &at = at_sums_;
  std::vector<Expected> expected(rows_ * columns_);
  for (int lane = 0; lane < rows_ * columns_ && !failed(); lane++) {
    if (!inside(at, lane)) continue;
    const int m = at.row + lane / columns_, n = at.col + lane % columns_;
    const pl_sums s = sum_up(m, n, at.read);
    const auto got = [&](const uint32_t *words) { return static_cast<int32_t>(words[lane]); };
    if (regs_.kind == PL_KIND_RNS) {
      compare(at, lane, "sum of mantissas", s.product, got(y));
    } else {
      compare(at, lane, "optical sum", (s.product + 32) >> 6, got(y));
      if (regs_.kind == PL_KIND_INTENSITY)
        compare(at, lane, "bits below the sums", (s.rails & 63) << 6 | (s.product & 63), got(d));
      else
        compare(at, lane, "dispersion sum", (s.dispersion + 32) >> 6, got(d));
      compare(at, lane, "power sum", s.power, p[lane]);
      compare(at, lane, "light sum", regs_.kind == PL_KIND_INTENSITY ? (s.rails + 32) >> 6 : s.light, l[lane]);
    }
    expected[lane] = expect(s, m, n, at.read);
  }
  waiting_.push_back(std::move(expected));
  at_sums_.next(regs_, rows_, columns_);
}

void Checker::detector(const uint32_t *v) {
  if (failed()) return;
  Place &at = at_detector_;
  if (detected_ >= waiting_.size()) return differ(at, 0, "detector (read that was never summed)", 0, 1);
  for (int i = 0; i < back_lanes_; i++)
    if (inside(at, at.lane + i))
      compare(at, at.lane + i, "detector value", waiting_[detected_][at.lane + i].detector, static_cast<int32_t>(v[i]));
  at.lane += back_lanes_;
  if (at.lane < rows_ * columns_) return;
  at.lane = 0;
  detected_++;
  at.next(regs_, rows_, columns_);
}

void Checker::code(const uint32_t *code, const uint32_t *shift, const uint32_t *clipped, const uint32_t *detected,
                   const uint32_t *corrected) {
  if (failed()) return;
  const bool rns = regs_.kind == PL_KIND_RNS;
  Place &at = at_code_;
  if (waiting_.empty()) return differ(at, 0, "code (read that was never summed)", 0, 1);
  for (int i = 0; i < back_lanes_; i++) {
    const int lane = at.lane + i;
    if (!inside(at, lane)) continue;
    const Expected &e = waiting_.front()[lane];
    const auto bit = [&](const uint32_t *bits) { return bits[i / 32] >> (i % 32) & 1; };
    compare(at, lane, rns ? "value of the residues" : "ADC code", e.code, static_cast<int32_t>(code[i]));
    if (rns) compare(at, lane, "exponent", e.shift, shift[i]);
    compare(at, lane, "ADC clip flag", e.clipped, bit(clipped));
    compare(at, lane, "flag of a detected read", e.detected, bit(detected));
    compare(at, lane, "flag of a corrected read", e.corrected, bit(corrected));
    checked++;
  }
  at.lane += back_lanes_;
  if (at.lane < rows_ * columns_) return;
  at.lane = 0;
  waiting_.pop_front();
  if (!rns && detected_-- == 0) return differ(at, 0, "code (read that was never detected)", 0, 1);
  at.next(regs_, rows_, columns_);
}
