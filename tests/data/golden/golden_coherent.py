"""The kind `coherent` of docs/signal-chain.md in Python, stage by stage: the second implementation."""
from golden_page import adc, dac, noise, product_of_reads, receive, rnd, sat


def field(r, on, which, code, row, channel, total):
    """The encoded field of one element, before crosstalk."""
    x = dac(r, on, which, code) << 4
    if f"enc_{which}" not in on:
        return x
    sigma = (abs(x) * r[f"enc_sigma_{which}"] + (1 << 11)) >> 12
    g = noise(r, 1 if which == "a" else 2, row, channel >> 1, total)[channel & 1]
    return sat(x + ((g * sigma + (1 << 16)) >> 17), -4095, 4095)


def encode(r, on, which, codes, row, total):
    """Field, light, power and dispersion term of each element of one read."""
    clean = [field(r, on, which, code, row, channel, total) for channel, code in enumerate(codes)]
    elements = []
    for channel, x in enumerate(clean):
        wavelength = channel % r["wavelengths"]
        if "crosstalk" in on and wavelength > 0:
            x = sat(x + rnd(clean[channel - 1] * r["crosstalk"], 15), -4095, 4095)
        q = x * x
        elements.append((x, q >> 8, min((q + (1 << 11)) >> 12, 1023),
                         (q * r[f"dispersion[{wavelength}]"] + (1 << 15)) >> 16))
    return elements


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
    return adc(r, on, receive(r, v, variance, draws[1]))


def product(r, on, a, b):
    """C, clipped, detected and corrected reads."""
    return *product_of_reads(r, on, a, b, encode, read), 0, 0
