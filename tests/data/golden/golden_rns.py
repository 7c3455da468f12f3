#!/usr/bin/env python3
"""The kind `rns` of docs/signal-chain.md a second time, from the page, in Python's integers.

Usage: tests/data/golden/golden_rns.py     runs its self-check: conversions, angles, levels, an exact product

make_golden.py writes the fixtures of kind `rns` with product(). Nothing is shared with the golden model: remainders are
%, moduli are put together by the Chinese remainder theorem with pow(x, -1, m), tables come from math. Only the noise
(Threefry and the table of the Gaussian) is golden_page.py's.
"""
import math

import golden_page

REDUNDANT = {4: (19, 23), 5: (35, 37), 6: (67, 71), 7: (131, 133), 8: (259, 263)}


def moduli(k):
    return [2**k - 1, 2**k, 2**k + 1, *REDUNDANT[k]]


def shared_shift(group, bits):
    """e of a group of codes."""
    return max(0, max(abs(x) for x in group).bit_length() - bits)


def mantissa(x, e):
    return (abs(x) >> e) * (-1 if x < 0 else 1)


def half_up(x):
    return math.floor(x + 0.5)


def t_of(i):
    return half_up(2**14 * math.sin(math.pi / 2 * i / 256))


def sin16(a):
    a %= 2**16
    q, u = divmod(a, 2**14)
    if q % 2:
        u = 2**14 - u
    if u == 2**14:
        s = 2**14
    else:
        i, rest = divmod(u, 64)
        s = t_of(i) + (((t_of(i + 1) - t_of(i)) * rest + 32) >> 6)
    return -s if q >= 2 else s


def atan20(y, x):
    t = 0
    if x < 0:
        x, y, t = -x, -y, 2**19
    for i in range(16):
        h = half_up(2**20 * math.atan(2.0**-i) / (2 * math.pi))
        if y < 0:
            x, y, t = x - (y >> i), y + (x >> i), t - h
        else:
            x, y, t = x + (y >> i), y - (x >> i), t + h
    return t % 2**20


def convert(r, v):
    """Stage 9: code, and whether it saturated."""
    z = ((v + r["adc_offset"]) * r["adc_gain"] + 2 ** (r["adc_shift"] - 1)) >> r["adc_shift"]
    top = 2 ** (r["adc_bits"] - 1)
    code = max(-top, min(top - 1, z))
    return code, code != z


def channel(r, on, i, residue, draw):
    """Steps 4 to 6 of modulus i. draw: effect -> two deviates. Returns the residue received and whether it clipped."""
    m = moduli(r["rns_k"])[i]
    a = (residue * half_up(2**24 / m) + 2**7) >> 8
    if "phase" in on:
        a = (a + ((draw(9 + i)[0] * r.get(f"level_sigma[{i}]", 0) + 2**14) >> 15)) % 2**16
    parts = [sin16(a + 2**14), sin16(a)]
    if "thermal" in on:
        parts = [v + ((g * r.get("iq_sigma", 0) + 2**14) >> 15) for v, g in zip(parts, draw(4 + i))]
    s, clipped = 4, False
    if "adc" in on:
        codes = [convert(r, v) for v in parts]
        parts, clipped, s = [c for c, _ in codes], any(c for _, c in codes), 20 - r["adc_bits"]
    t = atan20(parts[1] << s, parts[0] << s)
    return ((t * m + 2**19) >> 20) % m, clipped


def centred(residues, ms):
    """The number with these residues, between about -P/2 and P/2."""
    product = math.prod(ms)
    x = sum(v * (product // m) * pow(product // m, -1, m) for v, m in zip(residues, ms)) % product
    return x - product if 2 * x > product - 1 else x


def checked(r, on, x, residues):
    """Step 8: (value, detected, corrected)."""
    ms = moduli(r["rns_k"])
    legal = lambda v: abs(v) <= r["range_limit"]
    agrees = lambda v, i: v % ms[i] == residues[i]
    redundant = r["redundant"] if "redundancy" in on else 0
    if redundant == 1:
        return (x, 0, 0) if legal(x) and agrees(x, 3) else (0, 1, 0)
    if redundant == 2:
        if legal(x) and (agrees(x, 3) or agrees(x, 4)):
            return x, 0, int(not (agrees(x, 3) and agrees(x, 4)))
        for d in range(3):
            kept = [i for i in (0, 1, 2, 3) if i != d]
            other = centred([residues[i] for i in kept], [ms[i] for i in kept])
            if legal(other) and agrees(other, 4):
                return other, 0, 1
        return 0, 1, 0
    return (0, 1, 0) if "range_check" in on and not legal(x) else (x, 0, 0)


def read(r, on, y, draw):
    """Steps 3 to 8: (X, clipped, detected, corrected)."""
    if "residues" not in on:
        return y, False, 0, 0
    k = r["rns_k"]
    used = moduli(k)[:3 + (r["redundant"] if "redundancy" in on else 0)]
    residues, clipped = [y % m for m in used], False
    if on & {"phase", "thermal", "adc"}:
        received = [channel(r, on, i, v, draw) for i, v in enumerate(residues)]
        residues, clipped = [v for v, _ in received], any(c for _, c in received)
    value, detected, corrected = checked(r, on, centred(residues[:3], used[:3]), residues)
    return value, clipped, detected, corrected


def product(r, on, a, b, noise=golden_page.noise):
    """The whole job: (c, clipped, detected, corrected). r: register values by name, elements of arrays as "name[i]";
    on: names of the effects that are on; noise(r, effect, row, col, sum): the two deviates of a coordinate."""
    counts = [0, 0, 0]
    c = []
    for m, xs in enumerate(a):
        c.append([])
        for n, ws in enumerate(b):
            total = 0
            for s, first in enumerate(range(0, len(xs), r["channels"])):
                groups = [codes[first:first + r["channels"]] for codes in (xs, ws)]
                shifts = [shared_shift(group, r["bfp_bits"]) if "bfp" in on else 0 for group in groups]
                y = sum(mantissa(x, shifts[0]) * mantissa(w, shifts[1]) for x, w in zip(*groups))
                place = (r["row0"] + m, r["col0"] + n, r["sum0"] + s)
                value, *flags = read(r, on, y, lambda effect: noise(r, effect, *place))
                total += value << sum(shifts)
                counts = [count + flag for count, flag in zip(counts, flags)]
            c[-1].append((total + 2**31) % 2**32 - 2**31)
    return c, *counts


def self_check():
    for k in range(4, 9):
        ms = moduli(k)
        assert all(math.gcd(p, q) == 1 for i, p in enumerate(ms) for q in ms[:i])
        limit = (math.prod(ms[:3]) - 1) // 2
        for x in (0, 1, -1, limit, -limit, limit // 3):
            r0, r1, r2 = (x % m for m in ms[:3])
            page = (2 ** (k - 1) * ms[2] * r0 - 2**k * r1 - 2 ** (k - 1) * ms[0] * r2) % (4**k - 1)
            page = r1 + 2**k * page
            assert page == x % math.prod(ms[:3]) and centred([x % m for m in ms[:3]], ms[:3]) == x, (k, x)
        r = {"rns_k": k, "adc_bits": k + 1, "adc_gain": 2**k - 1, "adc_shift": 14, "adc_offset": 0}
        for on in ({"adc"}, {"phase"}):
            for i, m in enumerate(ms):
                assert all(channel(r, on, i, v, lambda effect: (0, 0)) == (v, False) for v in range(m)), (k, m)
        r.update(redundant=2, range_limit=limit, bfp_bits=8)
        residues = [x % m for m in ms]
        for i in range(5):
            wrong = [(v + (i == j)) % m for j, (v, m) in enumerate(zip(residues, ms))]
            assert checked(r, {"redundancy"}, centred(wrong[:3], ms[:3]), wrong) == (x, 0, 1), (k, i)
    assert all(abs(sin16(a) - 2**14 * math.sin(2 * math.pi * a / 2**16)) < 1.1 for a in range(0, 2**16, 7))
    assert [shared_shift([-128, 3], 4), mantissa(-128, 4), mantissa(-15, 4), shared_shift([0], 1)] == [4, -8, 0, 0]
    r.update(channels=5, row0=0, col0=0, sum0=0)
    a, b = [[-128, 127, 3, 5, 7, 9, -11]], [[-128, 2, 9, 4, 1, 1, 1], [0, 0, 0, 0, 0, 127, -128]]
    exact = [[sum(x * w for x, w in zip(a[0], row)) for row in b]]
    assert product(r, {"residues", "redundancy", "adc"}, a, b, None) == (exact, 0, 0, 0)
    print("golden_rns: self-check passed")


if __name__ == "__main__":
    self_check()
