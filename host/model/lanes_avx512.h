/* lanes_avx512.h: 16 lanes of 32 bits with AVX-512 (F, BW, DQ, VL, CD, VNNI), for noise_lanes.h, which lists the operations.
 * The other instruction sets are lanes_avx2.h and lanes_neon.h.
 */
#ifndef PHOTOLANE_MODEL_LANES_AVX512_H
#define PHOTOLANE_MODEL_LANES_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define LANES 16
#define LANES_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni"
#define LANES_TARGETED __attribute__((target(LANES_TARGET)))
#define LANE_FN LANES_TARGETED static inline __attribute__((always_inline))

typedef __m512i lanes;

#define l_sll(x, n) _mm512_slli_epi32(x, n)
#define l_srl(x, n) _mm512_srli_epi32(x, n)
#define l_sra(x, n) _mm512_srai_epi32(x, n)
#define l_rotl(x, n) _mm512_rol_epi32(x, n)

LANE_FN lanes l_set(int32_t x) { return _mm512_set1_epi32(x); }
LANE_FN lanes l_load(const void *p) { return _mm512_loadu_si512(p); }
LANE_FN void l_store(void *p, lanes x) { _mm512_storeu_si512(p, x); }
LANE_FN lanes l_load_narrow(const int64_t *p) {
  const __m256i low = _mm512_cvtepi64_epi32(_mm512_loadu_si512(p)), high = _mm512_cvtepi64_epi32(_mm512_loadu_si512(p + 8));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}
LANE_FN lanes l_count_up(void) { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
LANE_FN lanes l_add(lanes x, lanes y) { return _mm512_add_epi32(x, y); }
LANE_FN lanes l_sub(lanes x, lanes y) { return _mm512_sub_epi32(x, y); }
LANE_FN lanes l_and(lanes x, lanes y) { return _mm512_and_si512(x, y); }
LANE_FN lanes l_or(lanes x, lanes y) { return _mm512_or_si512(x, y); }
LANE_FN lanes l_xor(lanes x, lanes y) { return _mm512_xor_si512(x, y); }
LANE_FN lanes l_and_or(lanes x, lanes y, lanes z) { return _mm512_ternarylogic_epi32(x, y, z, 0xea); }
LANE_FN lanes l_negate_where(lanes x, lanes y) { return _mm512_mask_sub_epi32(x, _mm512_movepi32_mask(y), l_set(0), x); }
LANE_FN lanes l_abs(lanes x) { return _mm512_abs_epi32(x); }
LANE_FN lanes l_min(lanes x, lanes y) { return _mm512_min_epi32(x, y); }
LANE_FN lanes l_max(lanes x, lanes y) { return _mm512_max_epi32(x, y); }
LANE_FN lanes l_mul(lanes x, lanes y) { return _mm512_mullo_epi32(x, y); }
LANE_FN lanes l_sra_by(lanes x, int n) { return _mm512_sra_epi32(x, _mm_cvtsi32_si128(n)); }
LANE_FN lanes l_leading_zeros(lanes x) { return _mm512_lzcnt_epi32(x); }
LANE_FN lanes l_sll_each(lanes x, lanes n) { return _mm512_sllv_epi32(x, n); }

LANE_FN unsigned l_differ(lanes x, lanes y) { return _mm512_cmpneq_epi32_mask(x, y); }
LANE_FN void l_byte_pairs(const int8_t *p, lanes *even, lanes *odd) {
  const lanes pairs = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
  *even = l_sra(l_sll(pairs, 24), 24);
  *odd = l_sra(l_sll(pairs, 16), 24);
}

/* ---- Pairs of 16 bits ---- */

LANE_FN lanes l_dot(lanes sum, lanes x, lanes y) { return _mm512_dpwssd_epi32(sum, x, y); }
LANE_FN lanes l_high_product(lanes x, lanes y) { return _mm512_mulhi_epu16(x, y); }
LANE_FN lanes l_power(lanes field) {
  return _mm512_min_epi16(_mm512_mulhrs_epi16(_mm512_slli_epi16(field, 3), field), _mm512_set1_epi16(1023));
}

/* ---- 64 bits between: even lanes, odd lanes ---- */

LANE_FN __m512i l_odd(lanes x) { return _mm512_srli_epi64(x, 32); }
LANE_FN lanes l_interleave(__m512i even, __m512i odd) { /* the low halves */
  return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
}

typedef struct {
  __m512i factor, half;
  __m128i shift;
} l_scale;
LANE_FN l_scale l_scale_of(uint32_t factor, int shift, int rounds) {
  return (l_scale){_mm512_set1_epi64(factor), _mm512_set1_epi64(rounds && shift ? (int64_t)1 << (shift - 1) : 0),
                   _mm_cvtsi32_si128(shift)};
}
LANE_FN lanes l_scaled(lanes x, const l_scale *s) {
  const __m512i even = _mm512_mul_epi32(x, s->factor), odd = _mm512_mul_epi32(l_odd(x), s->factor);
  return l_interleave(_mm512_sra_epi64(_mm512_add_epi64(even, s->half), s->shift),
                      _mm512_sra_epi64(_mm512_add_epi64(odd, s->half), s->shift));
}
LANE_FN lanes l_relative(lanes v, lanes g, const l_scale *s) {
  const __m512i size = l_abs(v);
  const __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(size, s->factor), 16);
  const __m512i odd = _mm512_srli_epi64(_mm512_mul_epu32(l_odd(size), s->factor), 16);
  return l_interleave(_mm512_srli_epi64(_mm512_add_epi64(_mm512_mul_epi32(even, g), s->half), 11),
                      _mm512_srli_epi64(_mm512_add_epi64(_mm512_mul_epi32(odd, l_odd(g)), s->half), 11));
}

typedef struct {
  __m512i even, odd;
} l_wide;
LANE_FN l_wide l_wide_set(uint64_t x) { return (l_wide){_mm512_set1_epi64((int64_t)x), _mm512_set1_epi64((int64_t)x)}; }
LANE_FN void l_wide_add(l_wide *sum, lanes x, const l_scale *s) {
  sum->even = _mm512_add_epi64(sum->even, _mm512_srl_epi64(_mm512_mul_epu32(x, s->factor), s->shift));
  sum->odd = _mm512_add_epi64(sum->odd, _mm512_srl_epi64(_mm512_mul_epu32(l_odd(x), s->factor), s->shift));
}
LANE_FN lanes l_wide_saturated(const l_wide *x) {
  const __m512i top = _mm512_set1_epi64(UINT32_MAX);
  return l_interleave(_mm512_min_epu64(x->even, top), _mm512_min_epu64(x->odd, top));
}

/* ---- Look-up and root ---- */

/* The first 64 entries lie in registers: the others are for deviates beyond 2.9 sigma. */
LANE_FN lanes l_first_64(const uint32_t *table, lanes i, __mmask16 high) {
  const lanes low = _mm512_permutex2var_epi32(l_load(table), i, l_load(table + 16));
  return _mm512_mask_mov_epi32(low, high, _mm512_permutex2var_epi32(l_load(table + 32), i, l_load(table + 48)));
}
LANE_FN void l_look_up(const uint32_t *t0, const uint32_t *t1, lanes i, lanes *x0, lanes *x1) {
  const __mmask16 high = _mm512_test_epi32_mask(i, l_set(32));
  unsigned far = _mm512_cmpgt_epi32_mask(i, l_set(63));
  *x0 = l_first_64(t0, i, high);
  *x1 = l_first_64(t1, i, high);
  if (__builtin_expect(far, 0)) { /* a lane or two: much faster than a gather */
    uint32_t at[LANES];
    l_store(at, i);
    for (; far; far &= far - 1) {
      const uint32_t j = at[__builtin_ctz(far)];
      const __mmask16 lane = (__mmask16)(far & -far);
      *x0 = _mm512_mask_set1_epi32(*x0, lane, (int32_t)t0[j]);
      *x1 = _mm512_mask_set1_epi32(*x1, lane, (int32_t)t1[j]);
    }
  }
}
LANE_FN lanes l_rough_root(lanes v) { return _mm512_cvtps_epi32(_mm512_sqrt_ps(_mm512_cvtepu32_ps(v))); }
LANE_FN lanes l_near_root(lanes r, lanes rest) { /* rest = v - r^2 as a signed number: r off by at most one */
  r = _mm512_mask_add_epi32(r, _mm512_cmpgt_epi32_mask(rest, r), r, l_set(1));
  return _mm512_mask_sub_epi32(r, _mm512_cmple_epi32_mask(rest, _mm512_sub_epi32(l_set(0), r)), r, l_set(1));
}

#endif
