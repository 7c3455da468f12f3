/* lanes_avx2.h: 8 lanes of 32 bits with AVX2, for noise_lanes.h, which lists the operations. */
#ifndef PHOTOLANE_MODEL_LANES_AVX2_H
#define PHOTOLANE_MODEL_LANES_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define LANES 8
#define LANES_TARGET "avx2"
#define LANES_TARGETED __attribute__((target(LANES_TARGET)))
#define LANE_FN LANES_TARGETED static inline __attribute__((always_inline))

typedef __m256i lanes;

#define l_sll(x, n) _mm256_slli_epi32(x, n)
#define l_srl(x, n) _mm256_srli_epi32(x, n)
#define l_sra(x, n) _mm256_srai_epi32(x, n)
#define l_rotl(x, n) _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - (n)))

LANE_FN lanes l_set(int32_t x) { return _mm256_set1_epi32(x); }
LANE_FN lanes l_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
LANE_FN void l_store(void *p, lanes x) { _mm256_storeu_si256((__m256i *)p, x); }
LANE_FN lanes l_load_narrow(const int64_t *p) {
  const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  return _mm256_blend_epi32(_mm256_permutevar8x32_epi32(l_load(p), even),
                            _mm256_permutevar8x32_epi32(l_load(p + 4), even), 0xf0);
}
LANE_FN lanes l_count_up(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
LANE_FN lanes l_add(lanes x, lanes y) { return _mm256_add_epi32(x, y); }
LANE_FN lanes l_sub(lanes x, lanes y) { return _mm256_sub_epi32(x, y); }
LANE_FN lanes l_and(lanes x, lanes y) { return _mm256_and_si256(x, y); }
LANE_FN lanes l_or(lanes x, lanes y) { return _mm256_or_si256(x, y); }
LANE_FN lanes l_xor(lanes x, lanes y) { return _mm256_xor_si256(x, y); }
LANE_FN lanes l_and_or(lanes x, lanes y, lanes z) { return l_or(l_and(x, y), z); }
LANE_FN lanes l_negate_where(lanes x, lanes y) { return _mm256_sign_epi32(x, l_or(y, l_set(1))); }
LANE_FN lanes l_abs(lanes x) { return _mm256_abs_epi32(x); }
LANE_FN lanes l_min(lanes x, lanes y) { return _mm256_min_epi32(x, y); }
LANE_FN lanes l_max(lanes x, lanes y) { return _mm256_max_epi32(x, y); }
LANE_FN lanes l_mul(lanes x, lanes y) { return _mm256_mullo_epi32(x, y); }
LANE_FN lanes l_sra_by(lanes x, int n) { return _mm256_sra_epi32(x, _mm_cvtsi32_si128(n)); }
LANE_FN lanes l_leading_zeros(lanes x) { /* by the exponent of a number that keeps the highest bit of x / 2, and rounds down */
  const lanes half = l_srl(x, 1), top = _mm256_andnot_si256(l_srl(half, 1), half);
  return l_min(l_sub(l_set(157), l_srl(_mm256_castps_si256(_mm256_cvtepi32_ps(top)), 23)), l_set(31));
}
LANE_FN lanes l_sll_each(lanes x, lanes n) { return _mm256_sllv_epi32(x, n); }

LANE_FN unsigned l_differ(lanes x, lanes y) {
  return ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(x, y))) & 0xff;
}
LANE_FN void l_byte_pairs(const int8_t *p, lanes *even, lanes *odd) {
  const lanes pairs = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
  *even = l_sra(l_sll(pairs, 24), 24);
  *odd = l_sra(l_sll(pairs, 16), 24);
}

/* ---- Pairs of 16 bits ---- */

LANE_FN lanes l_dot(lanes sum, lanes x, lanes y) { return l_add(sum, _mm256_madd_epi16(x, y)); }
LANE_FN lanes l_high_product(lanes x, lanes y) { return _mm256_mulhi_epu16(x, y); }
LANE_FN lanes l_power(lanes field) {
  return _mm256_min_epi16(_mm256_mulhrs_epi16(_mm256_slli_epi16(field, 3), field), _mm256_set1_epi16(1023));
}

/* ---- 64 bits between: even lanes, odd lanes ---- */

LANE_FN __m256i l_odd(lanes x) { return _mm256_srli_epi64(x, 32); }
LANE_FN lanes l_interleave(__m256i even, __m256i odd) { /* the low halves */
  return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

/* There is no arithmetic shift of 64 bits: 2^62, a multiple of what is shifted out, makes products positive before, and
 * what is left of it is taken away behind. */
typedef struct {
  __m256i factor, half, bias;
  __m128i shift;
} l_scale;
LANE_FN l_scale l_scale_of(uint32_t factor, int shift, int rounds) {
  const int64_t half = rounds && shift ? (int64_t)1 << (shift - 1) : 0, up = (int64_t)1 << 62;
  return (l_scale){_mm256_set1_epi64x(factor), _mm256_set1_epi64x(half + up), _mm256_set1_epi32((int32_t)(up >> shift)),
                   _mm_cvtsi32_si128(shift)};
}
LANE_FN lanes l_scaled(lanes x, const l_scale *s) {
  const __m256i even = _mm256_mul_epi32(x, s->factor), odd = _mm256_mul_epi32(l_odd(x), s->factor);
  return l_sub(l_interleave(_mm256_srl_epi64(_mm256_add_epi64(even, s->half), s->shift),
                            _mm256_srl_epi64(_mm256_add_epi64(odd, s->half), s->shift)),
               s->bias);
}
LANE_FN lanes l_relative(lanes v, lanes g, const l_scale *s) {
  const __m256i factor = s->factor, half = _mm256_set1_epi64x(1 << 10), size = l_abs(v);
  const __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(size, factor), 16);
  const __m256i odd = _mm256_srli_epi64(_mm256_mul_epu32(l_odd(size), factor), 16);
  return l_interleave(_mm256_srli_epi64(_mm256_add_epi64(_mm256_mul_epi32(even, g), half), 11),
                      _mm256_srli_epi64(_mm256_add_epi64(_mm256_mul_epi32(odd, l_odd(g)), half), 11));
}

typedef struct {
  __m256i even, odd;
} l_wide;
LANE_FN l_wide l_wide_set(uint64_t x) {
  return (l_wide){_mm256_set1_epi64x((int64_t)x), _mm256_set1_epi64x((int64_t)x)};
}
LANE_FN void l_wide_add(l_wide *sum, lanes x, const l_scale *s) {
  sum->even = _mm256_add_epi64(sum->even, _mm256_srl_epi64(_mm256_mul_epu32(x, s->factor), s->shift));
  sum->odd = _mm256_add_epi64(sum->odd, _mm256_srl_epi64(_mm256_mul_epu32(l_odd(x), s->factor), s->shift));
}
LANE_FN lanes l_wide_saturated(const l_wide *x) { /* all ones where the high half is not 0 */
  const lanes high = _mm256_blend_epi32(l_odd(x->even), x->odd, 0xaa);
  const lanes fits = _mm256_cmpeq_epi32(high, _mm256_setzero_si256());
  return l_or(l_interleave(x->even, x->odd), _mm256_andnot_si256(fits, l_set(-1)));
}

/* ---- Look-up and root ---- */

LANE_FN void l_look_up(const uint32_t *t0, const uint32_t *t1, lanes i, lanes *x0, lanes *x1) {
  *x0 = _mm256_i32gather_epi32((const int *)t0, i, 4);
  *x1 = _mm256_i32gather_epi32((const int *)t1, i, 4);
}
LANE_FN lanes l_rough_root(lanes v) { /* of v without its last bit, half of it and twice, for it must be signed */
  const __m256 half = _mm256_cvtepi32_ps(l_srl(v, 1));
  return _mm256_cvtps_epi32(_mm256_sqrt_ps(_mm256_add_ps(half, half)));
}
LANE_FN lanes l_near_root(lanes r, lanes rest) { /* rest = v - r^2 as a signed number: r off by at most one */
  const lanes above = _mm256_cmpgt_epi32(rest, r), inside = _mm256_cmpgt_epi32(rest, l_sub(l_set(0), r));
  return l_sub(l_sub(r, above), _mm256_andnot_si256(inside, l_set(1)));
}

#endif
