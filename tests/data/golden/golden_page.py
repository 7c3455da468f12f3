"""What all kinds of core share in the second implementation of docs/signal-chain.md: registers, roundings, noise, converters.

Written from the page with Python's unbounded integers, not from the C; only the table of the Gaussian is shared
(scripts/gen_gauss.py). Registers: a dict of name (or name[index]) to value, with the names of rtl/registers.toml.
"""
import os
import sys
from math import isqrt

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../scripts"))
import gen_gauss  # noqa: E402
import gen_registers  # noqa: E402

DATA, REGISTERS, _ = gen_registers.load()
KINDS = DATA["kinds"]
FLAGS = REGISTERS[0]["flags"]  # name, text, letters of the kinds
RESET = {name: reg["reset"] for reg in REGISTERS
         for name in ([reg["name"]] if reg["count"] == 1 else [f"{reg['name']}[{i}]" for i in range(reg["count"])])}
TABLE = gen_gauss.table()


def effects_of(kind):
    """The names of the effects that a kind has, in the order of their bits."""
    return [name for name, _, kinds in FLAGS if kind[0] in kinds]


def mask(names):
    return sum(1 << bit for bit, (name, _, _) in enumerate(FLAGS) if name in names)


def enabled(r):
    return {name for bit, (name, _, _) in enumerate(FLAGS) if r["effects"] >> bit & 1}


def rnd(x, s):
    return (x + (1 << s >> 1)) >> s


def sat(x, low, high):
    return max(low, min(high, x))


def int32(x):
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def threefry(key, counter):
    """Threefry-2x32, 13 rounds."""
    word = 0xFFFFFFFF
    keys = [key[0], key[1], 0x1BD11BDA ^ key[0] ^ key[1]]
    x = [(counter[0] + keys[0]) & word, (counter[1] + keys[1]) & word]
    for i in range(13):
        turn = (13, 15, 26, 6, 17, 29, 16, 24)[i % 8]
        x[0] = (x[0] + x[1]) & word
        x[1] = ((x[1] << turn | x[1] >> (32 - turn)) & word) ^ x[0]
        if i % 4 == 3:
            n = i // 4 + 1
            x = [(x[0] + keys[n % 3]) & word, (x[1] + keys[(n + 1) % 3] + n) & word]
    return x


def gauss(w):
    u = (w & 0x7FFFFFFF) << 1 | 1
    z = 32 - u.bit_length()
    n = u << z
    c0, c1, c2 = TABLE[z * 8 + (n >> 28 & 7)]
    t = n >> 16 & 0xFFF
    a = c1 - ((c2 * t) >> 12)
    m = (c0 - ((a * t) >> 12) + 8) >> 4
    return -m if w >> 31 else m


def words(r, effect, row, col, total):
    """The block of a coordinate."""
    c0 = row & 0xFFFFFF | (total & 0xFF) << 24
    c1 = col & 0xFFFFF | (total >> 8 & 0xFF) << 20 | effect << 28
    return threefry((r["seed"], r["job"]), (c0, c1))


def noise(r, effect, row, col, total):
    """The two deviates of a coordinate."""
    return [gauss(w) for w in words(r, effect, row, col, total)]


def dac(r, on, which, code):
    if f"dac_{which}" not in on:
        return code
    d = 8 - r[f"dac_bits_{which}"]
    top = 1 << (7 - d)
    return sat(rnd(code, d), -top, top - 1) << d


def receive(r, v, variance, g):
    """The receiver's draw of that variance."""
    variance = min(variance, (1 << 32) - 1)
    root = isqrt(variance)
    sigma = min(root + (variance - root * root > root), 65535)
    return sat(v + (((g * sigma << r["sigma_exp"]) + (1 << 10)) >> 11), -(1 << 31), (1 << 31) - 1)


def adc(r, on, v):
    """The code, and whether the converter saturated."""
    if "adc" not in on:
        return (v + 2) >> 2, False
    z = rnd((v + r["adc_offset"]) * r["adc_gain"], r["adc_shift"])
    code = sat(z, -(1 << (r["adc_bits"] - 1)), (1 << (r["adc_bits"] - 1)) - 1)
    return code, code != z


def product_of_reads(r, on, a, b, encode, read):
    """C and the clipped reads of a kind whose elements are encoded one row at a time and whose codes add up.

    encode(r, on, which, codes of one read, row, total) -> list of elements;
    read(r, on, elements of A, elements of B, row, col, total) -> code, clipped.
    """
    channels, clipped, c = r["channels"], 0, []

    def row_of(which, codes, row):
        return [encode(r, on, which, codes[k:k + channels], row, r["sum0"] + k // channels)
                for k in range(0, len(codes), channels)]

    encoded_b = [row_of("b", codes, r["col0"] + n) for n, codes in enumerate(b)]
    for m, codes in enumerate(a):
        xs, row = row_of("a", codes, r["row0"] + m), []
        for n, ws in enumerate(encoded_b):
            total = 0
            for s, (x, w) in enumerate(zip(xs, ws)):
                code, clip = read(r, on, x, w, r["row0"] + m, r["col0"] + n, r["sum0"] + s)
                total += code
                clipped += clip
            row.append(int32(total))
        c.append(row)
    return c, clipped
