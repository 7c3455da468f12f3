#!/usr/bin/env python3
"""Writes the golden fixtures: small jobs with their register image, operands, result and clip count.

Usage: tests/data/golden/make_golden.py [--check]    (from the top of the tree; --check only compares)

The results come from this file, not from the C model: it is a second, slow implementation of docs/signal-chain.md,
written from the page with Python's unbounded integers. Only the table of the Gaussian is shared (scripts/gen_gauss.py).
tests/unit/test_model_fixtures.c holds the C model against the files; the RTL is held against the same files.

Format, one item per line: `reg NAME VALUE` (only words that differ from their reset value), `a V V ...` one line per
row of A, `b V V ...` one line per row of B, `c V V ...` one line per row of C, `clipped COUNT`. `#` starts a comment.
"""
import math
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../scripts"))
import gen_gauss  # noqa: E402

EFFECTS = ["dac_a", "dac_b", "enc_a", "enc_b", "dispersion", "phase", "output", "shot", "thermal", "adc"]
RESET = {"effects": 0, "seed": 0, "job": 0, "channels": 64, "wavelengths": 12, "dac_bits_a": 8, "dac_bits_b": 8,
         "enc_sigma_a": 0, "enc_sigma_b": 0, "phase_loss": 0, "phase_gain": 0, "phase_shift": 0, "output_sigma": 0,
         "shot_gain": 0, "shot_shift": 0, "thermal_var": 0, "sigma_exp": 0, "adc_bits": 8, "adc_gain": 1,
         "adc_shift": 2, "adc_offset": 0, "row0": 0, "col0": 0, "sum0": 0, "rows": 1, "cols": 1, "depth": 1}
TABLE = gen_gauss.table()


# ---- The page ----

def rnd(x, s):
    return (x + (1 << s >> 1)) >> s


def sat(x, low, high):
    return max(low, min(high, x))


def threefry(key, counter):
    """Threefry-2x32, 13 rounds."""
    mask = 0xFFFFFFFF
    keys = [key[0], key[1], 0x1BD11BDA ^ key[0] ^ key[1]]
    x = [(counter[0] + keys[0]) & mask, (counter[1] + keys[1]) & mask]
    for i in range(13):
        turn = (13, 15, 26, 6, 17, 29, 16, 24)[i % 8]
        x[0] = (x[0] + x[1]) & mask
        x[1] = ((x[1] << turn | x[1] >> (32 - turn)) & mask) ^ x[0]
        if i % 4 == 3:
            n = i // 4 + 1
            x = [(x[0] + keys[n % 3]) & mask, (x[1] + keys[(n + 1) % 3] + n) & mask]
    return x


def noise(r, effect, row, col, total):
    c0 = row & 0xFFFFFF | (total & 0xFF) << 24
    c1 = col & 0xFFFFF | (total >> 8 & 0xFF) << 20 | effect << 28
    return [gauss(w) for w in threefry((r["seed"], r["job"]), (c0, c1))]


def gauss(w):
    u = (w & 0x7FFFFFFF) << 1 | 1
    z = 32 - u.bit_length()
    n = u << z
    c0, c1, c2 = TABLE[z * 8 + (n >> 28 & 7)]
    t = n >> 16 & 0xFFF
    a = c1 - ((c2 * t) >> 12)
    m = (c0 - ((a * t) >> 12) + 8) >> 4
    return -m if w >> 31 else m


def encode(r, on, which, code, row, channel, total):
    """Field, light, power and dispersion term of one element."""
    x1 = code
    if f"dac_{which}" in on:
        d = 8 - r[f"dac_bits_{which}"]
        top = 1 << (7 - d)
        x1 = sat(rnd(code, d), -top, top - 1) << d
    field = x1 << 4
    if f"enc_{which}" in on:
        sigma = (abs(field) * r[f"enc_sigma_{which}"] + (1 << 11)) >> 12
        g = noise(r, 1 if which == "a" else 2, row, channel >> 1, total)[channel & 1]
        field = sat(field + ((g * sigma + (1 << 16)) >> 17), -4095, 4095)
    q = field * field
    coupler = r.get(f"dispersion[{channel % r['wavelengths']}]", 0)
    return field, q >> 8, min((q + (1 << 11)) >> 12, 1023), (q * coupler + (1 << 15)) >> 16


def read(r, on, xs, ws, row, col, total):
    """ADC code and whether it clipped, of one detector read of encoded elements."""
    y = sum(x[0] * w[0] for x, w in zip(xs, ws))
    light = sum(x[1] + w[1] for x, w in zip(xs, ws))
    power = sum(x[2] * w[2] for x, w in zip(xs, ws))
    dispersion = sum(x[3] - w[3] for x, w in zip(xs, ws))
    v = rnd(y, 6)
    if "phase" in on:
        v -= (v * r["phase_loss"] + (1 << 23)) >> 24
    if "dispersion" in on:
        v += rnd(dispersion, 6)
    draws = noise(r, 3, row, col, total)
    if "output" in on:
        sigma = (abs(v) * r["output_sigma"]) >> 16
        v = sat(v + ((draws[0] * sigma + (1 << 10)) >> 11), -(1 << 31), (1 << 31) - 1)
    variance = 0
    if "phase" in on:
        variance += power * r["phase_gain"] >> r["phase_shift"]
    if "shot" in on:
        variance += light * r["shot_gain"] >> r["shot_shift"]
    if "thermal" in on:
        variance += r["thermal_var"]
    variance = min(variance, (1 << 32) - 1)
    root = math.isqrt(variance)
    sigma = min(root + (variance - root * root > root), 65535)
    v = sat(v + (((draws[1] * sigma << r["sigma_exp"]) + (1 << 10)) >> 11), -(1 << 31), (1 << 31) - 1)
    if "adc" not in on:
        return (v + 2) >> 2, False
    z = rnd((v + r["adc_offset"]) * r["adc_gain"], r["adc_shift"])
    code = sat(z, -(1 << (r["adc_bits"] - 1)), (1 << (r["adc_bits"] - 1)) - 1)
    return code, code != z


def product(r, a, b):
    on = {name for bit, name in enumerate(EFFECTS) if r["effects"] >> bit & 1}
    channels, clipped, c = r["channels"], 0, []

    def row_of(which, codes, row):
        return [encode(r, on, which, x, row, k % channels, r["sum0"] + k // channels) for k, x in enumerate(codes)]

    encoded_b = [row_of("b", codes, r["col0"] + n) for n, codes in enumerate(b)]
    for m, codes in enumerate(a):
        x, row = row_of("a", codes, r["row0"] + m), []
        for n, w in enumerate(encoded_b):
            total = 0
            for s in range(0, len(x), channels):
                code, clip = read(r, on, x[s:s + channels], w[s:s + channels], r["row0"] + m, r["col0"] + n,
                                  r["sum0"] + s // channels)
                total += code
                clipped += clip
            row.append((total + (1 << 31)) % (1 << 32) - (1 << 31))
        c.append(row)
    return c, clipped


# ---- The jobs ----

def mask(*names):
    return sum(1 << EFFECTS.index(name) for name in names)


# A lively setting of every register, in which few reads saturate. A job says which effects are on and what differs.
LIVELY = {"seed": 20240229, "job": 77, "channels": 12, "wavelengths": 5, "dac_bits_a": 6, "dac_bits_b": 5,
          "enc_sigma_a": 7864, "enc_sigma_b": 5243, "phase_loss": 50000, "phase_gain": 40000, "phase_shift": 14,
          "output_sigma": 3277, "shot_gain": 50000, "shot_shift": 10, "thermal_var": 900000, "sigma_exp": 1,
          "adc_bits": 14, "adc_gain": 40503, "adc_shift": 20, "adc_offset": 1237, "row0": 1000, "col0": 300,
          **{f"dispersion[{i}]": v for i, v in enumerate([1311, -983, 16384, -16384, 401])}}
ALL = (1 << len(EFFECTS)) - 1


def jobs():
    """name: (registers, m, n, k, how the operands are drawn)"""
    made = {"exact": ({"channels": 7}, 3, 4, 30, "full"),
            "converters": ({"effects": mask("dac_a", "dac_b", "adc")}, 3, 4, 30, "full"),
            "all": ({"effects": ALL}, 4, 5, 30, "full"),
            "all-one-channel": ({"effects": ALL, "channels": 1, "adc_shift": 18}, 2, 3, 11, "full"),
            "all-64-channels": ({"effects": ALL, "channels": 64, "wavelengths": 12, "adc_shift": 22}, 3, 9, 150, "full"),
            "all-wide": ({"effects": ALL, "channels": 300, "wavelengths": 32, "adc_shift": 23,
                          **{f"dispersion[{i}]": 997 * i - 15000 for i in range(32)}}, 2, 3, 700, "full"),
            "all-extreme": ({"effects": ALL, "channels": 40, "adc_shift": 21, "adc_bits": 16}, 3, 3, 90, "extreme"),
            "saturating": ({"effects": ALL, "adc_shift": 17, "adc_bits": 8}, 4, 5, 30, "full"),
            "one-column": ({"effects": ALL, "adc_bits": 12}, 1, 1, 12, "full"),
            "far-coordinates": ({"effects": ALL, "row0": 16777213, "col0": 1048572, "seed": 0xFFFFFFFF,
                                 "job": 0x80000001}, 3, 4, 25, "full"),
            "late-sum": ({"effects": ALL, "sum0": 4094}, 2, 3, 40, "full"),
            "strong-noise": ({"effects": ALL, "enc_sigma_a": 65535, "enc_sigma_b": 65535, "output_sigma": 65535,
                              "phase_loss": 1048575, "thermal_var": 0xFFFFFFFF, "sigma_exp": 3, "adc_bits": 16,
                              "adc_shift": 24}, 3, 4, 30, "full")}
    for name in EFFECTS:
        made[f"only-{name.replace('_', '-')}"] = ({"effects": mask(name)}, 3, 4, 30, "full")
    return made


def text_of(name, overrides, m, n, k, kind):
    r = {**RESET, **LIVELY, **overrides, "rows": m, "cols": n, "depth": k}
    source = random.Random(f"photolane {name}")
    draw = {"full": lambda: source.randint(-128, 127), "extreme": lambda: source.choice([-128, 127, 127, -128, 0])}[kind]
    a = [[draw() for _ in range(k)] for _ in range(m)]
    b = [[draw() for _ in range(k)] for _ in range(n)]
    c, clipped = product(r, a, b)
    lines = ["# Made by tests/data/golden/make_golden.py; do not edit."]
    lines += [f"reg {key} {value}" for key, value in r.items() if value != RESET.get(key, 0)]
    for tag, rows in (("a", a), ("b", b), ("c", c)):
        lines += [f"{tag} " + " ".join(map(str, row)) for row in rows]
    return "\n".join(lines + [f"clipped {clipped}", ""])


def main():
    stale = []
    for name, job in jobs().items():
        path, text = os.path.join(HERE, f"{name}.txt"), text_of(name, *job)
        if "--check" in sys.argv[1:]:
            if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
                stale.append(path)
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    if stale:
        raise SystemExit("out of date, run tests/data/golden/make_golden.py: " + " ".join(stale))


if __name__ == "__main__":
    main()
