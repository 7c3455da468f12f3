#!/usr/bin/env python3
"""Writes the tables of photon counts: host/model/poisson_table.h and rtl/optics/pl_poisson_pkg.sv.

Usage: gen_poisson.py [--check] [--report]   (from the top of the tree; --check only compares, --report prints figures)

docs/signal-chain.md, "The photon count", is the specification. What is made here:
    whole, part   a count below 16 photons is a sum of independent Poisson counts, of mean i (0..15), of mean m/32
                  (0..31) and of a remainder below 1/32 that needs no table. Entry n of a row is T_n, the tail
                  P(N >= n) in units of 2^-Bits, so that N = #{n >= 1 : u < T_n} for u of Bits random bits. Each T_n
                  is the difference of two rounded sums of tails: T_1 + T_2 + ... is the mean to the last bit.
    root          s = sqrt(mean) and 1/s of a count of 16 photons and more, from the mean's top bits
The generator proves what it writes: every assertion below runs each time, with --check too.
"""
import decimal
import math
import sys
from decimal import Decimal

from generated import write_or_check

MADE = "Made by scripts/gen_poisson.py; do not edit."
C_HEADER = "host/model/poisson_table.h"
SV_PACKAGE = "rtl/optics/pl_poisson_pkg.sv"
WHOLE_ROWS, WHOLE_COUNTS, WHOLE_BITS = 16, 64, 22  # entry 0 of a row is never looked up
PART_ROWS, PART_COUNTS, PART_BITS = 32, 16, 21
ROOT_FIRST, ROOT_END = 32, 128  # the mean's seven top bits, the highest of an even number of bits
ROOT_BITS, RISE_BITS, INVERSE_BITS = 17, 10, 13
decimal.getcontext().prec = 60


def poisson(mean, counts):
    """Probabilities of 0..counts-1."""
    p = [(-mean).exp()]
    for n in range(1, counts):
        p.append(p[-1] * mean / n)
    return p


def rounded(x):
    assert abs(x % 1 - Decimal("0.5")) > Decimal("1e-20"), x  # no ties
    return int((x + Decimal("0.5")).to_integral_value(decimal.ROUND_FLOOR))


def tails(mean, counts, bits):
    """[0, T_1, T_2, ...] of one row."""
    p = poisson(mean, 400)
    at_least = [sum(p[n:]) for n in range(counts + 1)]
    excess = [sum(at_least[n + 1:]) + sum((k - counts) * p[k] for k in range(counts + 1, 400)) for n in range(counts)]
    whole = [rounded(x * 2**bits) for x in excess]
    row = [0] + [whole[n - 1] - whole[n] for n in range(1, counts)]
    assert whole[-1] == 0 and sum(row) == mean * 2**bits, mean
    assert all(a >= b >= 0 for a, b in zip(row[1:], row[2:])) and row[1] < 1 << bits, mean
    assert all(abs(t - x * 2**bits) <= 1 for t, x in zip(row[1:], at_least[1:])), mean
    return row


def nearest(x):
    assert abs(x - math.floor(x) - 0.5) > 1e-9, x
    return math.floor(x + 0.5)


def roots():
    """[(S, rise, R)] of the top bits i = 32..127: S = 2^16 sqrt(i / 32), its rise, R = 2^12 / sqrt of the middle."""
    s = [math.isqrt(i << 27) if math.isqrt(i << 27) ** 2 == i << 27 else nearest(2**16 * math.sqrt(i / 32))
         for i in range(ROOT_FIRST, ROOT_END + 1)]
    made = [(s[n], s[n + 1] - s[n], nearest(2**12 / math.sqrt((n + ROOT_FIRST + 0.5) / 32))) for n in range(len(s) - 1)]
    assert all(a >> ROOT_BITS == b >> RISE_BITS == c >> INVERSE_BITS == 0 for a, b, c in made)
    for top in range(ROOT_FIRST << 8, ROOT_END << 8):
        start, rise, _ = made[(top >> 8) - ROOT_FIRST]
        exact = 2**16 * math.sqrt(top / 2**13)
        assert abs(start + ((rise * (top & 255) + 128) >> 8) - exact) < 3.1e-5 * exact + 1, top
    return made


def report(whole, part):
    """Distance in total variation of each table's distributions from the exact ones; the largest is printed."""
    for name, rows, step, bits in (("whole", whole, 1, WHOLE_BITS), ("part", part, Decimal(1) / 32, PART_BITS)):
        worst = 0
        for i, row in enumerate(rows):
            exact = poisson(Decimal(step * i), len(row))
            tail = [2**bits] + row[1:] + [0]
            made = [Decimal(tail[n] - tail[n + 1]) / 2**bits for n in range(len(row))]
            worst = max(worst, sum(abs(a - b) for a, b in zip(made, exact)) / 2)
        print(f"{name}: total variation {worst:.2e}, longest row {max(sum(t > 0 for t in row) for row in rows)}")


def lines(values, per_line, indent="  "):
    return [indent + " ".join(values[i:i + per_line]) for i in range(0, len(values), per_line)]


def c_header(whole, part, root):
    out = [f"/* {MADE}", " *",
           " * Tables of photon counts: docs/signal-chain.md, \"The photon count\". Entry row * counts + n of tails is",
           " * T_n; a row's entry 0 is not used. Entry i of the roots belongs to top bits PL_ROOT_FIRST + i.",
           " */", "#ifndef PHOTOLANE_POISSON_TABLE_H", "#define PHOTOLANE_POISSON_TABLE_H", "",
           "#include <stdint.h>", "",
           f"enum {{ PL_WHOLE_COUNTS = {WHOLE_COUNTS}, PL_PART_COUNTS = {PART_COUNTS}, "
           f"PL_ROOT_FIRST = {ROOT_FIRST} }};", ""]
    for name, rows, bits in (("whole", whole, WHOLE_BITS), ("part", part, PART_BITS)):
        out += [f"/* P(N >= n), 2^-{bits}. */",
                f"static const uint32_t pl_poisson_{name}[{len(rows) * len(rows[0])}] = {{"]
        for row in rows:
            out += lines([f"{t}," for t in row], 16)
        out += ["};", ""]
    out += ["/* S | rise to the next S << 20. */", f"static const uint32_t pl_poisson_root[{len(root)}] = {{",
            *lines([f"{rise << 20 | s:#x}," for s, rise, _ in root], 8), "};", "",
            "/* R. */", f"static const uint32_t pl_poisson_inverse[{len(root)}] = {{",
            *lines([f"{r}," for _, _, r in root], 12), "};", ""]
    return "\n".join(out + ["#endif", ""])


def sv_table(name, comment, width, values):
    """A packed table; entry i is Name[i*width +: width]."""
    out = [f"  // {comment}", f"  localparam logic [{len(values) * width - 1}:0] {name} = {{"]
    entries = [f"{width}'d{v}" + ("," if i else "") for i, v in reversed(list(enumerate(values)))]
    return out + lines(entries, 8, "    ") + ["  };", ""]


def sv_package(whole, part, root):
    flat = lambda rows: [t for row in rows for t in row]
    out = [f"// {MADE}", "//",
           "// Tables of photon counts: docs/signal-chain.md, \"The photon count\".",
           "// Entry i of a table is Table[i*Bits +: Bits].",
           "// Tails: entry row * Counts + n is P(N >= n) in 2^-Bits; a row's entry 0 is not used.",
           "// Roots: entry i belongs to top bits RootFirst + i.",
           "`default_nettype none", "package pl_poisson_pkg;",
           f"  localparam int WholeRows = {WHOLE_ROWS};", f"  localparam int WholeCounts = {WHOLE_COUNTS};",
           f"  localparam int WholeBits = {WHOLE_BITS};", f"  localparam int PartRows = {PART_ROWS};",
           f"  localparam int PartCounts = {PART_COUNTS};", f"  localparam int PartBits = {PART_BITS};",
           f"  localparam int Roots = {len(root)};", f"  localparam int RootFirst = {ROOT_FIRST};",
           f"  localparam int RootBits = {ROOT_BITS};", f"  localparam int RiseBits = {RISE_BITS};",
           f"  localparam int InverseBits = {INVERSE_BITS};", ""]
    out += sv_table("Whole", "of means 0..15", WHOLE_BITS, flat(whole))
    out += sv_table("Part", "of means 0..31 / 32", PART_BITS, flat(part))
    out += sv_table("Root", "{R, rise to the next S, S}", ROOT_BITS + RISE_BITS + INVERSE_BITS,
                    [r << (ROOT_BITS + RISE_BITS) | rise << ROOT_BITS | s for s, rise, r in root])
    return "\n".join(out[:-1] + ["endpackage", "`default_nettype wire", ""])


def main():
    whole = [tails(Decimal(i), WHOLE_COUNTS, WHOLE_BITS) for i in range(WHOLE_ROWS)]
    part = [tails(Decimal(m) / 32, PART_COUNTS, PART_BITS) for m in range(PART_ROWS)]
    if "--report" in sys.argv[1:]:
        report(whole, part)
    parts = (whole, part, roots())
    write_or_check({C_HEADER: c_header(*parts), SV_PACKAGE: sv_package(*parts)})


if __name__ == "__main__":
    main()
