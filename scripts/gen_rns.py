#!/usr/bin/env python3
"""Writes the tables of the kind `rns`: host/model/rns_table.h and rtl/optics/pl_rns_pkg.sv.

Usage: gen_rns.py [--check]   (from the top of the tree; --check only compares)

docs/signal-chain.md, "The kind `rns`", is the specification. What is made here:
    moduli      of each k = 4..8: 2^k - 1, 2^k, 2^k + 1 and two redundant ones
    reciprocal  n mod m = n - m * (n * reciprocal >> (27 + k)), exact for n <= 2^26
    turn        A of the page: round(2^24 / m)
    triples     three moduli a, b, c to a number by mixed radix (Garner 1959): with
                    v = (r_b - r_a) * step mod m_b,  w = ((r_c - r_a) * far - v * near) mod m_c
                X = r_a + m_a * v + m_a * m_b * w;
                step = 1 / m_a mod m_b, far = 1 / (m_a m_b) mod m_c, near = 1 / m_b mod m_c
    sine, angle T and H of the page
The generator proves what it writes: every assertion below runs each time, with --check too.
"""
import itertools
import math
import random

from generated import write_or_check

MADE = "Made by scripts/gen_rns.py; do not edit."
C_HEADER = "host/model/rns_table.h"
SV_PACKAGE = "rtl/optics/pl_rns_pkg.sv"
KS = range(4, 9)
REDUNDANT = {4: (19, 23), 5: (35, 37), 6: (67, 71), 7: (131, 133), 8: (259, 263)}
TRIPLES = ((0, 1, 2), (1, 2, 3), (0, 2, 3), (0, 1, 3))  # the base moduli; then without base modulus 0, 1, 2
LARGEST = 1 << 26  # magnitude of a sum: 4096 products of 128 * 128
ITERATIONS = 16
# Widths in hardware.
MODULUS_BITS, RECIPROCAL_BITS, TURN_BITS, SINE_BITS, SLOPE_BITS, ANGLE_BITS = 9, 28, 21, 15, 7, 18
PAIR_BITS, PRODUCT_BITS = 17, 25


def nearest(x):
    """x to an integer; x must not be near a tie, where the floating-point error would decide."""
    assert abs(x - math.floor(x) - 0.5) > 1e-9, x
    return math.floor(x + 0.5)


def moduli(k):
    made = (2**k - 1, 2**k, 2**k + 1, *REDUNDANT[k])
    assert all(math.gcd(a, b) == 1 for a, b in itertools.combinations(made, 2)), made
    assert list(made[2:]) == sorted(made[2:]), "the redundant moduli are the largest: they lose no range"
    return made


def reciprocal(k, m):
    """Rounded up, so that multiples of m do not fall short; the excess must not reach the next quotient."""
    made = -(-(1 << (27 + k)) // m)
    assert (made * m - (1 << (27 + k))) * LARGEST < 1 << (27 + k) and made < 1 << RECIPROCAL_BITS, (k, m)
    for n in [0, 1, m - 1, m, m + 1, LARGEST, LARGEST - 1, LARGEST // m * m, LARGEST // m * m - 1]:
        assert n - m * (n * made >> (27 + k)) == n % m, (k, m, n)
    return made


def turn(m):
    made = nearest((1 << 24) / m)
    assert made < 1 << TURN_BITS and ((m - 1) * made + 128) >> 8 < 1 << 16, m
    return made


def triple(ms, which):
    a, b, c = (ms[i] for i in which)
    return pow(a, -1, b), pow(a * b, -1, c), pow(b, -1, c)  # step, far, near


def prove_triple(ms, which, made):
    """Every number for small products, otherwise random ones and both ends."""
    a, b, c = (ms[i] for i in which)
    step, far, near = made
    source = random.Random(a)
    product = a * b * c
    some = range(product) if product < 40000 else [0, 1, product - 1, *(source.randrange(product) for _ in range(2000))]
    for x in some:
        ra, rb, rc = x % a, x % b, x % c
        v = (rb - ra) * step % b
        w = ((rc - ra) * far - v * near) % c
        assert ra + a * v + a * b * w == x, (which, x)


def prove_page(k, ms):
    """The page's formula of the base triple."""
    source = random.Random(k)
    product = ms[0] * ms[1] * ms[2]
    for x in range(product) if k < 6 else [0, product - 1, *(source.randrange(product) for _ in range(2000))]:
        r = [x % m for m in ms]
        y = (2**(k - 1) * (2**k + 1) * r[0] - 2**k * r[1] - 2**(k - 1) * (2**k - 1) * r[2]) % (4**k - 1)
        assert r[1] + 2**k * y == x, (k, x)


def sine():
    """[T[i], T[i + 1] - T[i]]; the last one has nobody to step to."""
    t = [nearest(2**14 * math.sin(math.pi / 2 * i / 256)) if 0 < i < 256 else 2**14 * (i > 0) for i in range(257)]
    made = [(t[i], t[i + 1] - t[i] if i < 256 else 0) for i in range(257)]
    assert all(0 <= s < 1 << SLOPE_BITS and v < 1 << SINE_BITS for v, s in made)
    for u in range(2**14 + 1):
        value = made[u >> 6][0] + ((made[u >> 6][1] * (u & 63) + 32) >> 6)
        assert abs(value - 2**14 * math.sin(math.pi / 2 * u / 2**14)) < 1.1, u  # 0.5 twice, and the chord's 0.08
    return made


def angles():
    made = [nearest(2**20 * math.atan(2.0**-i) / (2 * math.pi)) if i else 2**17 for i in range(ITERATIONS)]
    assert made[0] == nearest(2**20 * math.atan(1) / (2 * math.pi)) and max(made) < 1 << ANGLE_BITS
    source = random.Random(16)
    for phi in (source.uniform(-math.pi / 2, math.pi / 2) for _ in range(2000)):  # the right half plane
        x, y, t = round(2**18 * math.cos(phi)), round(2**18 * math.sin(phi)), 0
        for i, h in enumerate(made):
            x, y, t = (x - (y >> i), y + (x >> i), t - h) if y < 0 else (x + (y >> i), y - (x >> i), t + h)
        assert abs(t - 2**20 * phi / (2 * math.pi)) < 16, phi
    return made


def lines(values, per_line, indent="  "):
    return [indent + " ".join(values[i:i + per_line]) for i in range(0, len(values), per_line)]


def c_header(ms, triples, wave, angle):
    out = [f"/* {MADE}", " *",
           " * Tables of the kind `rns`: docs/signal-chain.md. First index of moduli and triples: k - 4.",
           " */", "#ifndef PHOTOLANE_RNS_TABLE_H", "#define PHOTOLANE_RNS_TABLE_H", "", "#include <stdint.h>", "",
           f"enum {{ PL_RNS_MODULI = 5, PL_RNS_TRIPLES = {len(TRIPLES)}, PL_RNS_ITERATIONS = {ITERATIONS} }};", "",
           "/* n mod m = n - m * (n * reciprocal >> (27 + k)) for n <= 2^26; turn: A of the page. */",
           "typedef struct {", "  uint32_t m, reciprocal, turn;", "} pl_rns_modulus;",
           "static const pl_rns_modulus pl_rns_moduli[5][PL_RNS_MODULI] = {"]
    for k in KS:
        out += ["  {" + ", ".join(f"{{{m}, {reciprocal(k, m)}, {turn(m)}}}" for m in ms[k]) + "},"]
    out += ["};", "",
            "/* Numbers from the residues of moduli a, b, c by mixed radix: the base moduli; then without base modulus",
            " * 0, 1, 2: v = (r_b - r_a) * step mod m_b, w = ((r_c - r_a) * far - v * near) mod m_c,",
            " * X = r_a + m_a * (v + m_b * w).",
            " */", "typedef struct {", "  int a, b, c;", "  int32_t step, far, near;", "} pl_rns_triple;",
            "static const pl_rns_triple pl_rns_triples[5][PL_RNS_TRIPLES] = {"]
    for k in KS:
        entries = [", ".join(map(str, which + made)) for which, made in zip(TRIPLES, triples[k])]
        out += ["  {" + ", ".join(f"{{{entry}}}" for entry in entries) + "},"]
    out += ["};", "", "/* T[i] | (T[i + 1] - T[i]) << 16: one look-up for both. */",
            f"static const uint32_t pl_rns_sine[{len(wave)}] = {{",
            *lines([f"{slope << 16 | value:#x}," for value, slope in wave], 8), "};", "", "/* H, 2^-20 turn. */",
            "static const int32_t pl_rns_angle[PL_RNS_ITERATIONS] = {", *lines([f"{h}," for h in angle], 8), "};", ""]
    return "\n".join(out + ["#endif", ""])


def sv_table(name, comment, width, values):
    """A packed table; entry i is Name[i*width +: width]."""
    out = [f"  // {comment}", f"  localparam logic [{len(values) * width - 1}:0] {name} = {{"]
    for i in range(len(values) - 1, -1, -1):
        out.append(f"    {width}'d{values[i]}{',' if i else ''}")
    return out + ["  };", ""]


def sv_package(ms, triples, wave, angle):
    flat = [(k, m) for k in KS for m in ms[k]]
    out = [f"// {MADE}", "//",
           "// Tables of the kind `rns`: docs/signal-chain.md. Entry i of a table is Table[i*Bits +: Bits].",
           "// Index of a modulus: (k - 4) * 5 + number; of a triple: (k - 4) * 4 + number. Triple 0 is the base",
           "// moduli; triples 1, 2, 3 leave out base modulus 0, 1, 2 and end with modulus 3.",
           "//   number from residues: v = (r_b - r_a) * Step mod m_b;  w = ((r_c - r_a) * Far - v * Near) mod m_c;",
           "//                         X = r_a + m_a * v + m_a * m_b * w",
           "`default_nettype none", "package pl_rns_pkg;", "  localparam int Slots = 5;",
           f"  localparam int Triples = {len(TRIPLES)};", f"  localparam int Iterations = {ITERATIONS};",
           f"  localparam int ModulusBits = {MODULUS_BITS};", f"  localparam int ReciprocalBits = {RECIPROCAL_BITS};",
           f"  localparam int TurnBits = {TURN_BITS};", f"  localparam int SineBits = {SINE_BITS};",
           f"  localparam int SlopeBits = {SLOPE_BITS};", f"  localparam int AngleBits = {ANGLE_BITS};",
           f"  localparam int PairBits = {PAIR_BITS};", f"  localparam int ProductBits = {PRODUCT_BITS};", ""]
    out += sv_table("Moduli", "m", MODULUS_BITS, [m for _, m in flat])
    out += sv_table("Reciprocals", "n mod m = n - m * (n * reciprocal >> (27 + k)) for n <= 2^26", RECIPROCAL_BITS,
                    [reciprocal(k, m) for k, m in flat])
    out += sv_table("Turns", "A of the page", TURN_BITS, [turn(m) for _, m in flat])
    for at, name in enumerate(("Step", "Far", "Near")):
        out += sv_table(name, "of each triple", MODULUS_BITS, [made[at] for k in KS for made in triples[k]])
    pair = {k: [ms[k][a] * ms[k][b] for a, b, _ in TRIPLES] for k in KS}
    out += sv_table("Pairs", "m_a * m_b of each triple", PAIR_BITS, [v for k in KS for v in pair[k]])
    out += sv_table("Products", "m_a * m_b * m_c of each triple", PRODUCT_BITS,
                    [v * ms[k][c] for k in KS for v, (_, _, c) in zip(pair[k], TRIPLES)])
    out += sv_table("Sine", "{T[i + 1] - T[i], T[i]}, i = 0..256", SINE_BITS + SLOPE_BITS,
                    [slope << SINE_BITS | value for value, slope in wave])
    out += sv_table("Angles", "H, 2^-20 turn", ANGLE_BITS, angle)
    out += ["  // Index of modulus `slot` (0..4), and of triple `triple` (0..3).",
            "  function automatic logic [4:0] modulus(input logic [3:0] k, input logic [2:0] slot);",
            "    modulus = 5'((k - 4'd4) * 5'd5) + 5'(slot);", "  endfunction",
            "  function automatic logic [4:0] of_triple(input logic [3:0] k, input logic [1:0] triple);",
            "    of_triple = {3'(k - 4'd4), triple};", "  endfunction", ""]
    return "\n".join(out[:-1] + ["endpackage", "`default_nettype wire", ""])


def main():
    ms = {k: moduli(k) for k in KS}
    triples = {k: [triple(ms[k], which) for which in TRIPLES] for k in KS}
    for k in KS:
        prove_page(k, ms[k])
        for which, made in zip(TRIPLES, triples[k]):
            prove_triple(ms[k], which, made)
    parts = (ms, triples, sine(), angles())
    write_or_check({C_HEADER: c_header(*parts), SV_PACKAGE: sv_package(*parts)})


if __name__ == "__main__":
    main()
