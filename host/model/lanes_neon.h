/* lanes_neon.h: 4 lanes of 32 bits with Advanced SIMD of AArch64, for noise_lanes.h, which lists the operations. */
#ifndef PHOTOLANE_MODEL_LANES_NEON_H
#define PHOTOLANE_MODEL_LANES_NEON_H

#include <arm_neon.h>
#include <stdint.h>

#define LANES 4
#define LANES_TARGETED
#define LANE_FN static inline __attribute__((always_inline))

typedef int32x4_t lanes;

#define l_unsigned(x) vreinterpretq_u32_s32(x)
#define l_signed(x) vreinterpretq_s32_u32(x)
#define l_sll(x, n) vshlq_n_s32(x, n)
#define l_srl(x, n) l_signed(vshrq_n_u32(l_unsigned(x), n))
#define l_sra(x, n) vshrq_n_s32(x, n)
#define l_rotl(x, n) l_signed(vsriq_n_u32(vshlq_n_u32(l_unsigned(x), n), l_unsigned(x), 32 - (n)))

LANE_FN lanes l_set(int32_t x) { return vdupq_n_s32(x); }
LANE_FN lanes l_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
LANE_FN void l_store(void *p, lanes x) { vst1q_u8(p, vreinterpretq_u8_s32(x)); }
LANE_FN lanes l_load_narrow(const int64_t *p) {
  return vcombine_s32(vmovn_s64(vld1q_s64(p)), vmovn_s64(vld1q_s64(p + 2)));
}
LANE_FN lanes l_count_up(void) { return (lanes){0, 1, 2, 3}; }
LANE_FN lanes l_add(lanes x, lanes y) { return vaddq_s32(x, y); }
LANE_FN lanes l_sub(lanes x, lanes y) { return vsubq_s32(x, y); }
LANE_FN lanes l_and(lanes x, lanes y) { return vandq_s32(x, y); }
LANE_FN lanes l_or(lanes x, lanes y) { return vorrq_s32(x, y); }
LANE_FN lanes l_xor(lanes x, lanes y) { return veorq_s32(x, y); }
LANE_FN lanes l_and_or(lanes x, lanes y, lanes z) { return vorrq_s32(vandq_s32(x, y), z); }
LANE_FN lanes l_negate_where(lanes x, lanes y) { return vbslq_s32(vcltzq_s32(y), vnegq_s32(x), x); }
LANE_FN lanes l_abs(lanes x) { return vabsq_s32(x); }
LANE_FN lanes l_min(lanes x, lanes y) { return vminq_s32(x, y); }
LANE_FN lanes l_max(lanes x, lanes y) { return vmaxq_s32(x, y); }
LANE_FN lanes l_mul(lanes x, lanes y) { return vmulq_s32(x, y); }
LANE_FN lanes l_sra_by(lanes x, int n) { return vshlq_s32(x, vdupq_n_s32(-n)); }
LANE_FN lanes l_leading_zeros(lanes x) { return vclzq_s32(x); }
LANE_FN lanes l_sll_each(lanes x, lanes n) { return vshlq_s32(x, n); }

LANE_FN unsigned l_differ(lanes x, lanes y) {
  const uint32x4_t bit = {1, 2, 4, 8};
  return vaddvq_u32(vbicq_u32(bit, vceqq_s32(x, y)));
}
LANE_FN void l_byte_pairs(const int8_t *p, lanes *even, lanes *odd) {
  const int8x8x2_t split = vuzp_s8(vld1_s8(p), vdup_n_s8(0));
  *even = vmovl_s16(vget_low_s16(vmovl_s8(split.val[0])));
  *odd = vmovl_s16(vget_low_s16(vmovl_s8(split.val[1])));
}

/* ---- Pairs of 16 bits ---- */

LANE_FN lanes l_dot(lanes sum, lanes x, lanes y) {
  const int16x8_t a = vreinterpretq_s16_s32(x), b = vreinterpretq_s16_s32(y);
  return l_add(sum, vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b)));
}
LANE_FN lanes l_high_product(lanes x, lanes y) {
  const uint16x8_t a = vreinterpretq_u16_s32(x), b = vreinterpretq_u16_s32(y);
  const uint32x4_t low = vmull_u16(vget_low_u16(a), vget_low_u16(b)), high = vmull_high_u16(a, b);
  return vreinterpretq_s32_u16(vshrn_high_n_u32(vshrn_n_u32(low, 16), high, 16));
}
LANE_FN lanes l_power(lanes field) { /* 2^-16 of twice the product of 8 field and field */
  const int16x8_t x = vreinterpretq_s16_s32(field);
  return vreinterpretq_s32_s16(vminq_s16(vqrdmulhq_s16(vshlq_n_s16(x, 3), x), vdupq_n_s16(1023)));
}

/* ---- 64 bits between: the low, the high two lanes ---- */

typedef struct {
  int32x2_t factor;
  int64x2_t half, shift;
} l_scale;
LANE_FN l_scale l_scale_of(uint32_t factor, int shift, int rounds) {
  return (l_scale){vdup_n_s32((int32_t)factor), vdupq_n_s64(rounds && shift ? (int64_t)1 << (shift - 1) : 0),
                   vdupq_n_s64(-shift)};
}
LANE_FN lanes l_scaled(lanes x, const l_scale *s) {
  const int64x2_t low = vmull_s32(vget_low_s32(x), s->factor), high = vmull_s32(vget_high_s32(x), s->factor);
  return vcombine_s32(vmovn_s64(vshlq_s64(vaddq_s64(low, s->half), s->shift)),
                      vmovn_s64(vshlq_s64(vaddq_s64(high, s->half), s->shift)));
}
LANE_FN lanes l_relative(lanes v, lanes g, const l_scale *s) {
  const uint32x4_t size = l_unsigned(vabsq_s32(v));
  const uint32x2_t factor = vreinterpret_u32_s32(s->factor);
  const int32x2_t low = vreinterpret_s32_u32(vshrn_n_u64(vmull_u32(vget_low_u32(size), factor), 16));
  const int32x2_t high = vreinterpret_s32_u32(vshrn_n_u64(vmull_u32(vget_high_u32(size), factor), 16));
  return vcombine_s32(vrshrn_n_s64(vmull_s32(low, vget_low_s32(g)), 11),
                      vrshrn_n_s64(vmull_s32(high, vget_high_s32(g)), 11));
}

typedef struct {
  uint64x2_t low, high;
} l_wide;
LANE_FN l_wide l_wide_set(uint64_t x) { return (l_wide){vdupq_n_u64(x), vdupq_n_u64(x)}; }
LANE_FN void l_wide_add(l_wide *sum, lanes x, const l_scale *s) {
  const uint32x2_t factor = vreinterpret_u32_s32(s->factor);
  const uint32x4_t u = l_unsigned(x);
  sum->low = vaddq_u64(sum->low, vshlq_u64(vmull_u32(vget_low_u32(u), factor), s->shift));
  sum->high = vaddq_u64(sum->high, vshlq_u64(vmull_u32(vget_high_u32(u), factor), s->shift));
}
LANE_FN lanes l_wide_saturated(const l_wide *x) { return l_signed(vqmovn_high_u64(vqmovn_u64(x->low), x->high)); }

/* ---- Look-up and root ---- */

LANE_FN void l_look_up(const uint32_t *t0, const uint32_t *t1, lanes i, lanes *x0, lanes *x1) {
  for (int j = 0; j < LANES; j++) (*x0)[j] = (int32_t)t0[i[j]], (*x1)[j] = (int32_t)t1[i[j]];
}
LANE_FN lanes l_rough_root(lanes v) { return vcvtnq_s32_f32(vsqrtq_f32(vcvtq_f32_u32(l_unsigned(v)))); }
LANE_FN lanes l_near_root(lanes r, lanes rest) { /* rest = v - r^2 as a signed number: r off by at most one */
  const uint32x4_t above = vcgtq_s32(rest, r), below = vcleq_s32(rest, vnegq_s32(r));
  return vaddq_s32(vsubq_s32(r, l_signed(above)), l_signed(below));
}

#endif
