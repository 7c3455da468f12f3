// checker.cpp: see checker.h.
#include "checker.h"

#include <algorithm>
#include <cstdio>

void Checker::load(int operand, const int8_t *codes, int64_t ld, int rows, int depth) {
  Operand &o = operand_[operand];
  o.rows = rows;
  o.depth = depth;
  o.elements.resize(static_cast<size_t>(rows) * depth);
  const uint32_t origin = operand ? regs_.col0 : regs_.row0;
  const uint32_t k0 = regs_.sum0 * static_cast<uint32_t>(regs_.channels);
  for (int i = 0; i < rows; i++)
    for (int k = 0; k < depth; k++)
      o.elements[static_cast<size_t>(i) * depth + k] = pl_encode(&regs_, operand, codes + i * ld + k, origin + i, k0 + k);
}

void Checker::start() {
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

void Checker::sums(const uint32_t *y, const uint32_t *d, const uint32_t *p, const uint32_t *l) {
  const int lanes = rows_ * columns_;
  const Place &at = at_sums_;
  const int first = at.read * regs_.channels, end = std::min(first + regs_.channels, regs_.depth);
  Expected e;
  e.detector.resize(lanes);
  e.code.resize(lanes);
  e.clipped.resize(lanes);
  for (int lane = 0; lane < lanes && !failed(); lane++) {
    if (!inside(at, lane)) continue;
    const int m = at.row + lane / columns_, n = at.col + lane % columns_;
    const pl_encoded *a = &operand_[0].elements[static_cast<size_t>(m) * regs_.depth];
    const pl_encoded *b = &operand_[1].elements[static_cast<size_t>(n) * regs_.depth];
    pl_sums s = {};
    for (int k = first; k < end; k++) {
      s.product += static_cast<int64_t>(a[k].field) * b[k].field;
      s.power += a[k].power * b[k].power;
      s.light += a[k].light + b[k].light;
      s.dispersion += a[k].dispersion - b[k].dispersion;
    }
    const auto y6 = static_cast<int32_t>((s.product + 32) >> 6), d6 = static_cast<int32_t>((s.dispersion + 32) >> 6);
    if (static_cast<int32_t>(y[lane]) != y6) differ(at, lane, "optical sum", y6, static_cast<int32_t>(y[lane]));
    if (static_cast<int32_t>(d[lane]) != d6) differ(at, lane, "dispersion sum", d6, static_cast<int32_t>(d[lane]));
    if (p[lane] != s.power) differ(at, lane, "power sum", s.power, p[lane]);
    if (l[lane] != s.light) differ(at, lane, "light sum", s.light, l[lane]);
    e.detector[lane] = pl_detect(&regs_, &s, regs_.row0 + m, regs_.col0 + n, regs_.sum0 + at.read);
    e.code[lane] = pl_adc(&regs_, e.detector[lane], &e.clipped[lane]);
  }
  waiting_.push_back(std::move(e));
  at_sums_.next(regs_, rows_, columns_);
}

void Checker::detector(const uint32_t *v) {
  if (failed()) return;
  if (detected_ >= waiting_.size()) return differ(at_detector_, 0, "detector (read that was never summed)", 0, 1);
  const Expected &e = waiting_[detected_++];
  for (int lane = 0; lane < rows_ * columns_; lane++)
    if (inside(at_detector_, lane) && static_cast<int32_t>(v[lane]) != e.detector[lane])
      differ(at_detector_, lane, "detector value", e.detector[lane], static_cast<int32_t>(v[lane]));
  at_detector_.next(regs_, rows_, columns_);
}

void Checker::code(const uint32_t *code, const uint32_t *clipped_bits) {
  if (failed()) return;
  if (detected_ == 0) return differ(at_code_, 0, "ADC code (read that was never detected)", 0, 1);
  const Expected &e = waiting_.front();
  for (int lane = 0; lane < rows_ * columns_; lane++) {
    if (!inside(at_code_, lane)) continue;
    const int clipped = clipped_bits[lane / 32] >> (lane % 32) & 1;
    if (static_cast<int32_t>(code[lane]) != e.code[lane])
      differ(at_code_, lane, "ADC code", e.code[lane], static_cast<int32_t>(code[lane]));
    if (clipped != e.clipped[lane]) differ(at_code_, lane, "ADC clip flag", e.clipped[lane], clipped);
    checked++;
  }
  waiting_.pop_front();
  detected_--;
  at_code_.next(regs_, rows_, columns_);
}
