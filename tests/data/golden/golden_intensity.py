"""The kind `intensity` of docs/signal-chain.md in Python, stage by stage: the second implementation."""
from golden_page import adc, dac, noise, product_of_reads, receive, rnd, sat


def rails(r, on, which, code, channel):
    """Field and light of one element."""
    x1 = dac(r, on, which, code)
    lit, dark = 16 * abs(x1), 0
    if f"transfer_{which}" in on:
        lit, dark = r[f"transfer_{which}[{min(abs(x1), 127)}]"], r[f"transfer_{which}[0]"]
    if which == "a" and "gain" in on:
        error = r[f"dispersion[{channel % r['wavelengths']}]"]
        lit, dark = (sat(light + rnd(light * error, 15), 0, 4095) for light in (lit, dark))
    if x1 == 0:
        return 0, 2 * dark
    return (lit - dark if x1 > 0 else dark - lit), lit + dark


def encode(r, on, which, codes, row, total):
    """The elements of one read. Nothing is drawn: row and total do not matter."""
    return [rails(r, on, which, code, channel) for channel, code in enumerate(codes)]


def read(r, on, xs, ws, row, col, total):
    """ADC code and whether it clipped, of one detector read of encoded elements."""
    v = rnd(sum(x[0] * w[0] for x, w in zip(xs, ws)), 6)
    light = rnd(sum(x[1] * w[1] for x, w in zip(xs, ws)), 6)
    variance = 0
    if "shot" in on:
        variance += light * r["shot_gain"] >> r["shot_shift"]
    if "systematic" in on:
        variance += r["systematic_var"]
    if "thermal" in on:
        variance += r["thermal_var"]
    return adc(r, on, receive(r, v, variance, noise(r, 3, row, col, total)[1]))


def product(r, on, a, b):
    """C, clipped, detected and corrected reads."""
    return *product_of_reads(r, on, a, b, encode, read), 0, 0
