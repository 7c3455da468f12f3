#!/usr/bin/env python3
"""Writes the table of the Gaussian: host/model/gauss_table.h and rtl/optics/pl_gauss_pkg.sv.

Usage: gen_gauss.py [--check] [--report]   (from the top of the tree; --check only compares, --report prints figures)

The magnitude of a deviate is the inverse of the two-sided tail: P(|x| > m) = U / 2^32, U odd. Octaves of U
(z = its leading zeros) are cut into 8 segments, each a quadratic of the 12-bit position t in the segment:
    a = c1 - ((c2 * t) >> 12);  m15 = c0 - ((a * t) >> 12);  m = (m15 + 8) >> 4
m15 is Q15, m is Q11. docs/signal-chain.md, "The Gaussian", is the specification.
"""
import math
import sys
from statistics import NormalDist

from generated import write_or_check

MADE = "Made by scripts/gen_gauss.py; do not edit."
C_HEADER = "host/model/gauss_table.h"
SV_PACKAGE = "rtl/optics/pl_gauss_pkg.sv"
SEGMENTS, C0_BITS, C1_BITS, C2_BITS = 256, 18, 12, 7
STANDARD = NormalDist()


def magnitude(tail):
    """|x| with P(|x'| > |x|) = tail. The library's inv_cdf (Wichura's AS241) has 16 digits down to 1e-300."""
    return -STANDARD.inv_cdf(tail / 2)


def positions(segment):
    """[(t, tail, words)] that occur in a segment: the middle of the tails that share t, and how many U they are."""
    z, part = divmod(segment, 8)
    free = 28 - z  # bits of U below the three that choose the segment, the lowest of them is always 1
    unit = 2.0 ** -(z + 1)  # tail at the start of the octave
    at = lambda t: unit * (1 + (part + t / 4096) / 8)
    if free > 12:  # t is cut: each stands for an interval
        return [(t, at(t + 0.5), 1 << (free - 13)) for t in range(4096)]
    if free > 0:  # t is exact, and its lowest bit in use is 1
        step = 1 << (12 - free)
        return [(t, at(t), 1) for t in range(step, 4096, 2 * step)]
    # The three bits hold the lowest bit of U, and zeros below it. Above octave 30 only part 0 is left.
    occurs = part % (2 << -free) == (1 << -free) if free > -3 else part == 0
    return [(0, at(0), 1)] if occurs else []


def evaluate(entry, t):
    c0, c1, c2 = entry
    return c0 - (((c1 - ((c2 * t) >> 12)) * t) >> 12)


def least_squares(points, degree):
    """Coefficients of the polynomial in u = t / 4096 nearest to [(t, value)]; normal equations, degree <= 2."""
    n = degree + 1
    powers = [sum((t / 4096) ** e for t, _ in points) for e in range(2 * n - 1)]
    rows = [[powers[i + j] for j in range(n)] + [sum(v * (t / 4096) ** i for t, v in points)] for i in range(n)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(n):
            if r != i:
                f = rows[r][i] / rows[i][i]
                rows[r] = [x - f * y for x, y in zip(rows[r], rows[i])]
    return [rows[i][n] / rows[i][i] for i in range(n)] + [0.0] * (2 - degree)


def fit(segment):
    """The entry (c0, c1, c2) of a segment. Each coefficient is rounded and those below it are fitted again, c0
    last and against the integer evaluation: so the floor shifts leave no bias."""
    points = [(t, 32768 * magnitude(tail)) for t, tail, _ in positions(segment)]
    if not points:  # never looked up
        z, part = divmod(segment, 8)
        return round(32768 * magnitude(2.0 ** -(z + 1) * (1 + part / 8))), 0, 0
    degree = min(len(points), 3) - 1
    c2 = max(0, round(least_squares(points, degree)[2])) if degree == 2 else 0
    if degree > 0:
        # The floor of c2*t adds 1/2 to the slope on average.
        rest = [(t, v - (((c2 * t) >> 12) * t) / 4096) for t, v in points]
        c1 = max(0, round(-least_squares(rest, 1)[1]))
    else:
        c1 = 0
    # Rounding half up to Q11 adds 1/2 of a Q15 step on average, taken off here: it would widen the bell by 1e-5.
    c0 = round(sum(v - evaluate((0, c1, c2), t) for t, v in points) / len(points) - 0.5)
    return c0, c1, c2


def table():
    made = [fit(segment) for segment in range(SEGMENTS)]
    for i, (c0, c1, c2) in enumerate(made):
        if c0 >> C0_BITS or c1 >> C1_BITS or c2 >> C2_BITS or c2 > c1:
            raise SystemExit(f"segment {i}: {c0} {c1} {c2} does not fit the widths")
    return made


def report(made):
    """Figures of the distribution, all 2^32 words counted. Returns what is wrong with it."""
    total = second = fourth = 0
    worst = backward = 0.0
    last = None
    largest = 0
    for z in range(32):
        for segment in range(z * 8 + 7, z * 8 - 1, -1):  # from the middle of the bell outwards
            for t, tail, words in reversed(positions(segment)):
                m = (evaluate(made[segment], t) + 8) >> 4
                if m < 0:
                    return f"segment {segment}: negative magnitude"
                if last is not None:
                    backward = max(backward, last - m)
                last = m
                largest = max(largest, m)
                total += words
                second += words * m * m
                fourth += words * m**4
                worst = max(worst, abs(m / 2048 - magnitude(tail)))
    variance = second / total / 2048**2
    kurtosis = fourth / total / 2048**4 / variance**2
    print(f"words {2 * total} (2^32 = {2**32}), variance - 1 = {variance - 1:.3g}, kurtosis - 3 = {kurtosis - 3:.3g}, "
          f"largest {largest / 2048:.4f}, worst error {worst * 2048:.3f} Q11 steps, backward steps {backward} Q11, "
          f"bits {[max(e[i] for e in made).bit_length() for i in range(3)]}")
    if total != 2**31 or abs(variance - 1) > 2e-5 or abs(kurtosis - 3) > 1e-4 or worst * 2048 > 0.75 or backward > 1:
        return "the distribution is out of its bounds"
    return None


def c_header(made):
    out = [f"/* {MADE}", " *",
           " * The 256 quadratic segments of the inverse normal: docs/signal-chain.md, \"The Gaussian\".",
           " * Index: 8 * (leading zeros of U) + next three bits. c0: Q15 magnitude at the start of the segment;",
           " * c1: its fall over the segment, Q15; c2: the curvature, Q15. Here c0 has the 8 that rounds it to Q11 in it, and",
           " * c21 = c2 | c1 << 16: one look-up for both.",
           " */",
           "#ifndef PHOTOLANE_GAUSS_TABLE_H", "#define PHOTOLANE_GAUSS_TABLE_H", "", "#include <stdint.h>", ""]
    for name, values in (("c0", [c0 + 8 for c0, _, _ in made]), ("c21", [f"{c1 << 16 | c2:#x}" for _, c1, c2 in made])):
        out.append(f"static const uint32_t pl_gauss_{name}[{SEGMENTS}] = {{")
        for start in range(0, SEGMENTS, 8):
            out.append("  " + " ".join(f"{value}," for value in values[start:start + 8]))
        out += ["};", ""]
    return "\n".join(out + ["#endif", ""])


def sv_package(made):
    width = C0_BITS + C1_BITS + C2_BITS
    out = [f"// {MADE}", "//",
           "// The 256 quadratic segments of the inverse normal: docs/signal-chain.md, \"The Gaussian\".",
           "// Entry i is Table[i*EntryBits +: EntryBits] = {c2, c1, c0}, i = {leading zeros of U, next three bits}:",
           "//   c0 = entry[C0Low +: C0Bits]   Q15 magnitude at the start of the segment",
           "//   c1 = entry[C1Low +: C1Bits]   its fall over the segment, Q15",
           "//   c2 = entry[C2Low +: C2Bits]   the curvature, Q15; never above c1",
           "`default_nettype none", "package pl_gauss_pkg;",
           f"  localparam int Entries = {SEGMENTS};",
           f"  localparam int C0Bits = {C0_BITS};", f"  localparam int C1Bits = {C1_BITS};",
           f"  localparam int C2Bits = {C2_BITS};", "  localparam int C0Low = 0;",
           f"  localparam int C1Low = {C0_BITS};", f"  localparam int C2Low = {C0_BITS + C1_BITS};",
           f"  localparam int EntryBits = {width};", "",
           f"  localparam logic [{SEGMENTS * width - 1}:0] Table = {{"]
    for i in range(SEGMENTS - 1, -1, -1):
        c0, c1, c2 = made[i]
        word = (c2 << (C0_BITS + C1_BITS)) | (c1 << C0_BITS) | c0
        out.append(f"    {width}'h{word:0{(width + 3) // 4}x}{',' if i else ''}  // {i}: {c0} {c1} {c2}")
    return "\n".join(out + ["  };", "endpackage", "// verilator lint_on UNUSEDPARAM", "`default_nettype wire", ""])


def main():
    made = table()
    if "--report" in sys.argv[1:]:
        wrong = report(made)
        if wrong:
            raise SystemExit(wrong)
    write_or_check({C_HEADER: c_header(made), SV_PACKAGE: sv_package(made)})


if __name__ == "__main__":
    main()
