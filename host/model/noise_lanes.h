/* noise_lanes.h: Threefry and the Gaussian by vectors, for reads_lanes.h and fields_lanes.h, and the list of the operations
 * that each instruction set provides. A file vectors_ISA.c includes lanes_ISA.h, this file and those two, in this order.
 *
 * The same bits as stages.h. x, y, z, v, g, i are vectors of LANES words of 32 bits (type lanes):
 *
 *   l_set, l_load, l_store, l_load_narrow (low halves of 64 bits), l_count_up (0, 1, 2, ..)
 *   l_add, l_sub, l_and, l_or, l_xor, l_abs, l_min, l_max (signed), l_mul (low half)
 *   l_sll, l_srl, l_sra, l_rotl (by a constant), l_sra_by (by one number), l_sll_each (32 and more: 0)
 *   l_and_or(x, y, z)        (x & y) | z
 *   l_negate_where(x, y)     -x where y is negative
 *   l_leading_zeros(x)       of an odd x
 *   l_high_product(x, y)     of each 16 bits, unsigned: x y >> 16
 *   l_differ(x, y)           a bit for each lane
 *   l_dot(sum, x, y)         sum + x0 y0 + x1 y1 of the two signed halves of each word
 *   l_power(x)               stage 3 of both halves: (x^2 + 2^11) >> 12, at most 1023
 *   l_scaled(x, s)           (x * factor + half) >> shift, 64 bits between; s: l_scale_of(factor, shift, rounds)
 *   l_relative(v, g, s)      (g * (|v| * factor >> 16) + 2^10) >> 11, 64 bits between; s: of shift 11
 *   l_wide_set, l_wide_add   sums of 64 bits: += x * factor >> shift, all unsigned; l_wide_saturated: at most 2^32 - 1
 *   l_look_up                entries i of two tables
 *   l_rough_root(v), l_near_root(r, v - r^2)   an integer within 1 of sqrt(v); the nearest one
 *   l_byte_pairs(p, &x, &y)  signed bytes 0, 2, 4, .. and 1, 3, 5, .. behind p
 */
#ifndef PHOTOLANE_MODEL_NOISE_LANES_H
#define PHOTOLANE_MODEL_NOISE_LANES_H

#include "model/stages.h"
#include "model/vectors.h"

/* Vectors that go through each step side by side, so that none waits for itself: arrays of `count`, a constant up to
 * TOGETHER, and a step of all of them before the next step. */
enum { TOGETHER = 4 };
#define EACH for (int u = 0; u < count; u++)

/* Constants, which compilers would else make anew at every use: from memory they are operands of instructions. */
typedef struct {
  uint32_t k0, k1, k2;              /* Threefry: the key and its parity */
  int32_t k2_plus_1, k0_plus_2, k1_plus_3;
  int32_t one, seven, t16;          /* the Gaussian */
} noise_setup;

LANE_FN void noise_set_up(noise_setup *s, const pl_model_regs *r) {
  const uint32_t k0 = r->seed, k1 = r->job, k2 = 0x1BD11BDAu ^ k0 ^ k1;
  *s = (noise_setup){.k0 = k0, .k1 = k1, .k2 = k2, .k2_plus_1 = (int32_t)(k2 + 1), .k0_plus_2 = (int32_t)(k0 + 2),
                     .k1_plus_3 = (int32_t)(k1 + 3), .one = 1, .seven = 7, .t16 = 0xfff0};
}

/* pl_threefry13 of counters x0, x1 to which the key has been added (it is a sum, so that it may be added to a part). */
LANE_FN void threefry(const noise_setup *s, int count, lanes *x0, lanes *x1) {
#define ROUND(n)                          \
  EACH x0[u] = l_add(x0[u], x1[u]);       \
  EACH x1[u] = l_rotl(x1[u], n);          \
  EACH x1[u] = l_xor(x1[u], x0[u])
#define KEY(y0, y1)                                     \
  EACH x0[u] = l_add(x0[u], l_set((int32_t)s->y0));     \
  EACH x1[u] = l_add(x1[u], l_set((int32_t)s->y1))
  ROUND(13); ROUND(15); ROUND(26); ROUND(6);
  KEY(k1, k2_plus_1);
  ROUND(17); ROUND(29); ROUND(16); ROUND(24);
  KEY(k2, k0_plus_2);
  ROUND(13); ROUND(15); ROUND(26); ROUND(6);
  KEY(k0, k1_plus_3);
  ROUND(17);
#undef ROUND
#undef KEY
}

/* pl_gauss_of, in place. Products of 16 bits, shifted right by 12, are the high halves of products with 16 t. */
LANE_FN void gauss(const noise_setup *s, int count, lanes *g) {
  lanes n[TOGETHER], i[TOGETHER], t16[TOGETHER], c0[TOGETHER], c21[TOGETHER];
  EACH n[u] = l_or(l_sll(g[u], 1), l_set(s->one));
  EACH i[u] = l_leading_zeros(n[u]);
  EACH n[u] = l_sll_each(n[u], i[u]);
  EACH i[u] = l_and_or(l_srl(n[u], 28), l_set(s->seven), l_sll(i[u], 3));
  EACH t16[u] = l_and(l_srl(n[u], 12), l_set(s->t16));
  EACH l_look_up(pl_gauss_c0, pl_gauss_c21, i[u], &c0[u], &c21[u]);
  EACH c21[u] = l_sub(l_srl(c21[u], 16), l_high_product(c21[u], t16[u])); /* a */
  EACH c0[u] = l_srl(l_sub(c0[u], l_high_product(c21[u], t16[u])), 4);
  EACH g[u] = l_negate_where(c0[u], g[u]);
}

#endif
