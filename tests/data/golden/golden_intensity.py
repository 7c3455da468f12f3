"""The kind `intensity` of docs/signal-chain.md in Python, stage by stage: the second implementation."""
from golden_page import adc, dac, noise, product_of_reads, receive, rnd, sat, words
from golden_poisson import count


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


def photons(r, y, light, row, col, total):
    """The value of the difference of the two detectors' counts."""
    counts = []
    for effect, doubled in ((4, light + y), (5, light - y)):
        assert doubled >= 0 and doubled % 2 == 0
        mean = min((doubled // 2 * r["photon_gain"]) >> r["photon_shift"], (1 << 36) - 1)
        counts.append(count(mean, words(r, effect, row, col, total)))
    d = (counts[0] - counts[1]) * r["photon_step"] << 16
    return sat(rnd(d, r["photon_step_shift"]), -(1 << 31), (1 << 31) - 1)


def read(r, on, xs, ws, row, col, total):
    """ADC code and whether it clipped, of one detector read of encoded elements."""
    y = sum(x[0] * w[0] for x, w in zip(xs, ws))
    total_light = sum(x[1] * w[1] for x, w in zip(xs, ws))
    v, light = rnd(y, 6), rnd(total_light, 6)
    if "photons" in on:
        v = photons(r, y, total_light, row, col, total)
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
