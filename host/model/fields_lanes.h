/* fields_lanes.h: stages 1 and 2 of coherent operands, but for crosstalk, with encoding noise: one pair of channels, which
 * share a draw, in each lane. Included once by each vectors_ISA.c behind noise_lanes.h; defines fields_of_row (vectors.h).
 */
typedef struct {
  noise_setup noise;
  int32_t half, down, top, bottom, up; /* DAC: (x + half) >> down, saturated, << up */
  int32_t sigma, round_12, round_17, limit;
} fields_setup;

/* The fields of the codes x with the deviates g, in place of x: pl_field_of(pl_dac_of(x), sigma, g). */
LANE_FN void fields(const fields_setup *s, int count, lanes *x, const lanes *g) {
  EACH x[u] = l_sra_by(l_add(x[u], l_set(s->half)), s->down);
  EACH x[u] = l_max(l_min(x[u], l_set(s->top)), l_set(s->bottom));
  EACH x[u] = l_mul(x[u], l_set(s->up)); /* 16 and the DAC's shift */
  EACH {
    const lanes sigma = l_srl(l_add(l_mul(l_abs(x[u]), l_set(s->sigma)), l_set(s->round_12)), 12);
    x[u] = l_add(x[u], l_sra(l_add(l_mul(g[u], sigma), l_set(s->round_17)), 17));
  }
  EACH x[u] = l_max(l_min(x[u], l_set(s->limit)), l_set(-s->limit));
}

/* `count` vectors of pairs from pair `pair` on, a constant. */
LANE_FN void vectors_of_fields(const fields_setup *s, int count, uint32_t counter0, uint32_t counter1, const int8_t *codes,
                               int pair, int16_t *field) {
  lanes even[TOGETHER], odd[TOGETHER], g0[TOGETHER], g1[TOGETHER];
  EACH l_byte_pairs(codes + 2 * (pair + u * LANES), &even[u], &odd[u]);
  EACH g0[u] = l_set((int32_t)(counter0 + s->noise.k0));
  EACH g1[u] = l_add(l_count_up(), l_set((int32_t)(counter1 + s->noise.k1) + pair + u * LANES));
  threefry(&s->noise, count, g0, g1);
  gauss(&s->noise, count, g0);
  gauss(&s->noise, count, g1);
  fields(s, count, even, g0);
  fields(s, count, odd, g1);
  EACH l_store(field + 2 * (pair + u * LANES), l_or(l_and(even[u], l_set(0xffff)), l_sll(odd[u], 16)));
}

LANES_TARGETED static void fields_of_row(const pl_model_regs *r, const pl_fields_part *p) {
  fields_setup s = {.down = 8 - p->dac_bits, .up = 16 << (8 - p->dac_bits), .top = (1 << (p->dac_bits - 1)) - 1,
                    .bottom = -(1 << (p->dac_bits - 1)), .half = 1 << (8 - p->dac_bits) >> 1, .sigma = (int32_t)p->sigma,
                    .round_12 = 1 << 11, .round_17 = 1 << 16, .limit = PL_FIELD_MAX};
  const uint32_t counter0 = pl_counter0(p->position, p->sum), counter1 = pl_counter1(p->effect, 0, p->sum);
  noise_set_up(&s.noise, r);
  int pair = 0;
  for (; 2 * (pair + TOGETHER * LANES) <= p->n; pair += TOGETHER * LANES)
    vectors_of_fields(&s, TOGETHER, counter0, counter1, p->codes, pair, p->field);
  for (; 2 * (pair + 2 * LANES) <= p->n; pair += 2 * LANES)
    vectors_of_fields(&s, 2, counter0, counter1, p->codes, pair, p->field);
  for (; 2 * (pair + LANES) <= p->n; pair += LANES) vectors_of_fields(&s, 1, counter0, counter1, p->codes, pair, p->field);
  if (2 * pair < p->n) { /* the rest must not touch what lies behind it */
    const size_t left = (size_t)(p->n - 2 * pair);
    int8_t codes[2 * LANES] = {0};
    int16_t field[2 * LANES];
    memcpy(codes, p->codes + 2 * pair, left);
    vectors_of_fields(&s, 1, counter0, counter1 + (uint32_t)pair, codes, 0, field);
    memcpy(p->field + 2 * pair, field, left * sizeof *field);
  }
}
