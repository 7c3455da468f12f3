"""The photon count of docs/signal-chain.md in Python: the second implementation.

Written from the page, not from the C. The tails are worked out here, with fractions in place of decimals: no table of
scripts/gen_poisson.py is used.
"""
from fractions import Fraction
from functools import cache
from math import isqrt

from golden_page import gauss


def exp_of_minus(x):
    """e^-x to 1e-40, by the series of e^x: x >= 0, a Fraction."""
    total, term, n = Fraction(1), Fraction(1), 0
    while term > Fraction(1, 10**60) or n < 2 * x:
        n += 1
        term = term * x / n
        total += term
    return Fraction((10**80 * total.denominator) // total.numerator, 10**80)


def to_nearest(x):
    return (2 * x.numerator + x.denominator) // (2 * x.denominator)


@cache
def tails(mean, bits):
    """T_1, T_2, .. of a mean below 16, until they are 0."""
    p, above, tail = exp_of_minus(mean), mean, Fraction(1)  # P(N = n), A_n, P(N >= n), all of n = 0
    made, n = [], 0
    while to_nearest(above * 2**bits):
        n += 1
        tail -= p  # now P(N >= n)
        rest = above - tail
        made.append(to_nearest(above * 2**bits) - to_nearest(rest * 2**bits))
        above, p = rest, p * mean / n
    return made


def root16(ratio):
    """2^16 sqrt(ratio), to the nearest integer."""
    scaled = ratio * 2**64  # its root is 2^32 sqrt(ratio)
    return (isqrt(scaled.numerator // scaled.denominator) + 2**15) >> 16


def few(lam, w0, w1):
    i, m, x = lam >> 16, lam >> 11 & 31, lam & 2047
    u, u_part, u_rest = w0 >> 10, (w0 << 32 | w1) >> 21 & 0x1FFFFF, w1 & 0x1FFFFF
    q = x * x >> 12
    p3 = (q * x * 43 + (1 << 22)) >> 23
    p2 = q - 2 * p3
    p1 = 32 * x - p2 - p3
    return sum(u < t for t in tails(Fraction(i), 22)) + sum(u_part < t for t in tails(Fraction(m, 32), 21)) + \
        sum(u_rest < p for p in (p1, p2, p3))


def many(lam, w0, w1):
    g = gauss(w0)
    f = 256 * g + (w1 >> 24) - 128
    z = (36 - lam.bit_length()) // 2 * 2
    i, t = lam << z >> 29, lam << z >> 21 & 255
    start, end = root16(Fraction(i, 32)), root16(Fraction(i + 1, 32))
    s = start + (((end - start) * t + 128) >> 8)
    # 2^12 / sqrt((2 i + 1) / 64) to the nearest: half the odd number that is next below twice as much
    r = (isqrt(2**26 * 64 // (2 * i + 1)) + 1) // 2
    r = (r << 2) >> (7 - z // 2)
    h = (g * g + 512) >> 10
    c = ((h * (h + 9557)) >> 12) * 971 >> 18
    b = ((g * (h + 8192)) >> 11) * 910 >> 16
    e = ((((c - 81) * r) >> 16) - b) * r >> 12
    n = lam + 21845 + ((h * 43691 + 2**13) >> 14) + ((f * s) >> (10 + z // 2)) + e
    return max(0, n) >> 16


def count(lam, words):
    """The count of mean lam * 2^-16 photons from the two words of a block."""
    return few(lam, *words) if lam < 1 << 20 else many(lam, *words)
