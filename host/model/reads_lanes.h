/* reads_lanes.h: the detector reads of a group of columns, one column in each lane of a vector: stages 4 to 10. Included once
 * by each vectors_ISA.c behind noise_lanes.h, which lists the operations; defines reads_of_group (vectors.h).
 *
 * The same bits as stages.h, in 32 bits wherever pl_reads_fit() has made sure that they suffice.
 */
enum {
  RUN = 64,        /* pairs of products of fields that fit 31 bits: 128 * 4095^2 < 2^31 */
  PAIRS_MAX = PL_READS_CHANNELS / 2,
  AHEAD = 4096,    /* bytes of b that are asked for before they are read; a cache line is 64 */
};

/* What all reads of one vector of columns have in common. */
typedef struct {
  const pl_model_regs *r;
  const pl_reads_part *p;
  int lane;          /* of the group: where the vector begins */
  unsigned counted;  /* lanes that are asked for */
  noise_setup noise;
  lanes col;         /* the column field of the counter */
  l_scale phase_loss, output, phase, shot, adc;
  l_wide variance;   /* that no light adds to */
  int32_t offset, bottom, top, receiver_half, zero, sigma_max;
} reads_setup;

/* One vector of reads on its way: stage 4 to code. */
typedef struct {
  lanes v, power;
  uint32_t row, sum;             /* coordinates */
  int32_t light_a, dispersion_a; /* what A adds to all lanes */
  const uint32_t *light_b;       /* what B adds to each */
  const int64_t *dispersion_b;
} read_vector;

LANE_FN void set_up(reads_setup *s, const pl_model_regs *r, const pl_reads_part *p, int lane) {
  const unsigned all = (1u << LANES) - 1;
  s->r = r, s->p = p, s->lane = lane, s->counted = all;
  if (p->first > lane) s->counted &= all << (p->first - lane);
  if (p->end < lane + LANES) s->counted &= (1u << (p->end - lane)) - 1;
  noise_set_up(&s->noise, r);
  s->col = l_and(l_add(l_set((int32_t)p->col + lane), l_count_up()), l_set(0xfffff));
  s->phase_loss = l_scale_of(r->phase_loss, 24, 1);
  s->output = l_scale_of(r->output_sigma, 11, 1);
  s->phase = l_scale_of(r->phase_gain, r->phase_shift, 0);
  s->shot = l_scale_of(r->shot_gain, r->shot_shift, 0);
  s->adc = l_scale_of(r->adc_gain, r->adc_shift, 1);
  s->variance = l_wide_set(r->effects & PL_EFFECT_THERMAL ? r->thermal_var : 0);
  s->offset = r->adc_offset;
  s->bottom = -(1 << (r->adc_bits - 1)), s->top = (1 << (r->adc_bits - 1)) - 1;
  s->receiver_half = r->sigma_exp > 10 ? 0 : 1 << (10 - r->sigma_exp);
  s->zero = 0, s->sigma_max = 65535;
}

LANE_FN void root(const reads_setup *s, int count, lanes *v) {
  lanes r[TOGETHER];
  EACH r[u] = l_rough_root(v[u]);
  EACH v[u] = l_near_root(r[u], l_sub(v[u], l_mul(r[u], r[u])));
  EACH v[u] = l_min(l_max(v[u], l_set(s->zero)), l_set(s->sigma_max));
}

/* Stages 5 to 9; codes take the place of v, clips are added to *clipped. */
LANE_FN void finish(const reads_setup *s, int count, read_vector *w, int64_t *clipped) {
  const pl_model_regs *r = s->r;
  const uint32_t effects = r->effects;
  if (effects & PL_EFFECT_PHASE) EACH w[u].v = l_sub(w[u].v, l_scaled(w[u].v, &s->phase_loss));
  if (effects & PL_EFFECT_DISPERSION) EACH {
      const lanes d = l_sub(l_set(w[u].dispersion_a), l_load_narrow(w[u].dispersion_b));
      w[u].v = l_add(w[u].v, l_sra(d, 6));
    }
  if (effects & (PL_EFFECT_OUTPUT | PL_EFFECTS_RECEIVER)) {
    lanes g0[TOGETHER], g1[TOGETHER];
    EACH g0[u] = l_set((int32_t)(pl_counter0(w[u].row, w[u].sum) + s->noise.k0));
    EACH g1[u] = l_add(s->col, l_set((int32_t)(pl_counter1(PL_NOISE_READ, 0, w[u].sum) + s->noise.k1)));
    threefry(&s->noise, count, g0, g1);
    if (effects & PL_EFFECT_OUTPUT) {
      gauss(&s->noise, count, g0);
      EACH w[u].v = l_add(w[u].v, l_relative(w[u].v, g0[u], &s->output));
    }
    if (effects & PL_EFFECTS_RECEIVER) {
      lanes sigma[TOGETHER];
      EACH {
        l_wide variance = s->variance;
        if (effects & PL_EFFECT_PHASE) l_wide_add(&variance, w[u].power, &s->phase);
        if (effects & PL_EFFECT_SHOT) l_wide_add(&variance, l_add(l_set(w[u].light_a), l_load(w[u].light_b)), &s->shot);
        sigma[u] = l_wide_saturated(&variance);
      }
      root(s, count, sigma);
      gauss(&s->noise, count, g1);
      /* rnd(x << e, 11) = rnd(x, 11 - e), for e is at most 10; g times sigma fits 31 bits */
      EACH sigma[u] = l_mul(g1[u], sigma[u]);
      EACH w[u].v = l_add(w[u].v, l_sra_by(l_add(sigma[u], l_set(s->receiver_half)), 11 - r->sigma_exp));
    }
  }
  if (effects & PL_EFFECT_ADC) {
    EACH {
      const lanes z = l_scaled(l_add(w[u].v, l_set(s->offset)), &s->adc);
      w[u].v = l_max(l_min(z, l_set(s->top)), l_set(s->bottom));
      *clipped += __builtin_popcount(l_differ(z, w[u].v) & s->counted);
    }
  } else {
    EACH w[u].v = l_sra(l_add(w[u].v, l_set(2)), 2);
  }
}

/* Two int16 of A in every lane. */
LANE_FN lanes pair_of(const int16_t *a) {
  int32_t pair;
  memcpy(&pair, a, sizeof pair);
  return l_set(pair);
}

/* Stage 4 of `count` rows in one read. field: of b; power: of b, LANES words a pair. Sums of more than RUN pairs are cut in
 * two, of which the high part is a multiple of 64. */
LANE_FN void sums_of_rows(int count, int pairs, int with_power, const int16_t *const *field_a, const int16_t *const *power_a,
                          const int16_t *field, const int16_t *power, read_vector *w) {
  lanes high[TOGETHER], low[TOGETHER];
  EACH high[u] = l_set(0), low[u] = l_set(32), w[u].power = l_set(0);
  for (int start = 0; start < pairs; start += RUN) {
    const int end = start + RUN < pairs ? start + RUN : pairs;
    lanes y[TOGETHER];
    EACH y[u] = l_set(0);
    for (int k = start; k < end; k++) {
      const lanes x = l_load(field + 2 * PL_GROUP * k);
      EACH y[u] = l_dot(y[u], pair_of(field_a[u] + 2 * k), x);
    }
    for (int k = start; with_power && k < end; k++) {
      const lanes x = l_load(power + 2 * LANES * k);
      EACH w[u].power = l_dot(w[u].power, pair_of(power_a[u] + 2 * k), x);
    }
    EACH high[u] = l_add(high[u], l_sra(y[u], 6)), low[u] = l_add(low[u], l_and(y[u], l_set(63)));
  }
  EACH w[u].v = l_add(high[u], l_sra(low[u], 6));
}

/* The same of one row alone: four sums, so that none waits for itself, and powers made on the way. */
LANE_FN void sums_of_row(int pairs, int with_power, const int16_t *field_a, const int16_t *power_a, const int16_t *field,
                         read_vector *w) {
  lanes high = l_set(0), low = l_set(32), p[4];
  for (int u = 0; u < 4; u++) p[u] = l_set(0);
  for (int start = 0; start < pairs; start += RUN) {
    const int end = start + RUN < pairs ? start + RUN : pairs;
    lanes y[4];
    for (int u = 0; u < 4; u++) y[u] = l_set(0);
    int k = start;
    for (; k + 4 <= end; k += 4)
      for (int u = 0; u < 4; u++) {
        const int16_t *at = field + 2 * PL_GROUP * (k + u);
        const lanes x = l_load(at);
        __builtin_prefetch((const char *)at + AHEAD);
        y[u] = l_dot(y[u], pair_of(field_a + 2 * (k + u)), x);
        if (with_power) p[u] = l_dot(p[u], pair_of(power_a + 2 * (k + u)), l_power(x));
      }
    for (; k < end; k++) {
      const lanes x = l_load(field + 2 * PL_GROUP * k);
      y[0] = l_dot(y[0], pair_of(field_a + 2 * k), x);
      if (with_power) p[0] = l_dot(p[0], pair_of(power_a + 2 * k), l_power(x));
    }
    y[0] = l_add(l_add(y[0], y[1]), l_add(y[2], y[3]));
    high = l_add(high, l_sra(y[0], 6)), low = l_add(low, l_and(y[0], l_set(63)));
  }
  w->v = l_add(high, l_sra(low, 6));
  w->power = l_add(l_add(p[0], p[1]), l_add(p[2], p[3]));
}

/* What a read needs besides sums of products. */
LANE_FN void place(const reads_setup *s, int row, int read, read_vector *w) {
  const uint32_t effects = s->r->effects;
  const pl_operand *a = s->p->a, *b = s->p->b;
  const size_t sum_a = pl_operand_sum_at(a, read, row), sum_b = pl_operand_sum_at(b, read, s->p->group * PL_GROUP + s->lane);
  w->row = s->r->row0 + (uint32_t)row;
  w->sum = s->r->sum0 + (uint32_t)read;
  w->light_a = effects & PL_EFFECT_SHOT ? (int32_t)a->light[sum_a] : 0;
  w->light_b = effects & PL_EFFECT_SHOT ? b->light + sum_b : NULL;
  w->dispersion_a = effects & PL_EFFECT_DISPERSION ? (int32_t)a->dispersion[sum_a] + 32 : 0; /* 32: stage 6 rounds */
  w->dispersion_b = effects & PL_EFFECT_DISPERSION ? b->dispersion + sum_b : NULL;
}

LANE_FN const int16_t *fields_of(const reads_setup *s, int read) {
  return s->p->b->field + pl_operand_at(s->p->b, read, s->p->group * PL_GROUP + s->lane);
}

LANE_FN int32_t *codes_of(const reads_setup *s, int row) {
  return s->p->c + (size_t)(row - s->p->row) * PL_GROUP + s->lane;
}

/* Reads first .. first+count-1 of one row, which have `pairs` pairs each. */
LANE_FN void reads_of_row(const reads_setup *s, int count, int row, int first, int pairs, int64_t *clipped) {
  const pl_operand *a = s->p->a;
  const int with_power = (s->r->effects & PL_EFFECT_PHASE) != 0;
  read_vector w[TOGETHER];
  EACH {
    const size_t at = pl_operand_at(a, first + u, row);
    sums_of_row(pairs, with_power, a->field + at, with_power ? a->power + at : NULL, fields_of(s, first + u), &w[u]);
    place(s, row, first + u, &w[u]);
  }
  finish(s, count, w, clipped);
  int32_t *codes = codes_of(s, row);
  lanes sum = l_load(codes);
  EACH sum = l_add(sum, w[u].v);
  l_store(codes, sum);
}

/* One read of rows row .. row+count-1. */
LANE_FN void read_of_rows(const reads_setup *s, int count, int row, int read, int pairs, const int16_t *field,
                          const int16_t *power, int64_t *clipped) {
  const pl_operand *a = s->p->a;
  const int with_power = (s->r->effects & PL_EFFECT_PHASE) != 0;
  const size_t stride = (size_t)pl_operand_stride(a, pl_operand_depth(a, read)), at = pl_operand_at(a, read, row);
  const int16_t *field_a[TOGETHER], *power_a[TOGETHER];
  read_vector w[TOGETHER];
  EACH field_a[u] = a->field + at + (size_t)u * stride;
  EACH power_a[u] = with_power ? a->power + at + (size_t)u * stride : NULL;
  sums_of_rows(count, pairs, with_power, field_a, power_a, field, power, w);
  EACH place(s, row + u, read, &w[u]);
  finish(s, count, w, clipped);
  EACH l_store(codes_of(s, row + u), l_add(l_load(codes_of(s, row + u)), w[u].v));
}

LANES_TARGETED static int64_t reads_of_vector(const reads_setup *s) {
  const pl_reads_part *p = s->p;
  const pl_operand *b = p->b;
  int64_t clipped = 0;
  const int blocks = p->row + p->rows / TOGETHER * TOGETHER, full = b->depth / b->channels;
  for (int read = 0; read < b->reads && blocks > p->row; read++) {
    int16_t power[2 * LANES * PAIRS_MAX];
    const int pairs = (pl_operand_depth(b, read) + 1) / 2;
    const int16_t *field = fields_of(s, read);
    if (s->r->effects & PL_EFFECT_PHASE) /* once for all rows */
      for (int k = 0; k < pairs; k++) l_store(power + 2 * LANES * k, l_power(l_load(field + 2 * PL_GROUP * k)));
    for (int row = p->row; row < blocks; row += TOGETHER) read_of_rows(s, TOGETHER, row, read, pairs, field, power, &clipped);
  }
  for (int row = blocks; row < p->row + p->rows; row++) { /* a few rows alone: reads side by side instead */
    int read = 0;
    for (; read + TOGETHER <= full; read += TOGETHER)
      reads_of_row(s, TOGETHER, row, read, (b->channels + 1) / 2, &clipped);
    for (; read < b->reads; read++) reads_of_row(s, 1, row, read, (pl_operand_depth(b, read) + 1) / 2, &clipped);
  }
  return clipped;
}

LANES_TARGETED static int64_t reads_of_group(const pl_model_regs *r, const pl_reads_part *p) {
  int64_t clipped = 0;
  for (int lane = 0; lane < PL_GROUP; lane += LANES) {
    reads_setup s;
    if (p->first >= lane + LANES || p->end <= lane) continue;
    set_up(&s, r, p, lane);
    clipped += reads_of_vector(&s);
  }
  return clipped;
}
