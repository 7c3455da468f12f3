#!/usr/bin/env python3
"""Writes the golden fixtures: small jobs with their register image, operands, result and counts.

Usage: tests/data/golden/make_golden.py [--check]    (from the top of the tree; --check only compares)

The results come from the files beside this one, not from the C model: golden_page.py and one file for each kind of core
are a second, slow implementation of docs/signal-chain.md. tests/unit/test_model_fixtures.c holds the C model against the
fixtures; the RTL is held against the same files.

Format, one item per line: `reg NAME VALUE` (only words that differ from their reset value), `a V V ...` one line per
row of A, `b V V ...` one line per row of B, `c V V ...` one line per row of C, `clipped COUNT`, and for the kind rns
`detected COUNT` and `corrected COUNT`. `#` starts a comment.
"""
import os
import random
import sys

import golden_coherent
import golden_intensity
import golden_rns
from golden_page import HERE, KINDS, RESET, effects_of, enabled, mask

PRODUCT = {"coherent": golden_coherent.product, "intensity": golden_intensity.product, "rns": golden_rns.product}


def array(name, values):
    return {f"{name}[{i}]": value for i, value in enumerate(values)}


# A lively setting of the registers, in which few reads saturate. A job says which effects are on and what differs.
COMMON = {"seed": 20240229, "job": 77, "channels": 12, "wavelengths": 5, "dac_bits_a": 6, "dac_bits_b": 5,
          "shot_gain": 50000, "thermal_var": 900000, "sigma_exp": 1, "adc_bits": 14, "adc_gain": 40503,
          "adc_shift": 20, "adc_offset": 1237, "row0": 1000, "col0": 300,
          **array("dispersion", [1311, -983, 16384, -16384, 401])}
LIVELY = {"coherent": {**COMMON, "enc_sigma_a": 7864, "enc_sigma_b": 5243, "phase_loss": 50000, "phase_gain": 40000,
                       "phase_shift": 14, "output_sigma": 3277, "shot_shift": 10, "crosstalk": 3277},
          # A modulator with a floor, and one whose curve saturates.
          "intensity": {**COMMON, "kind": KINDS.index("intensity"), "shot_shift": 14, "systematic_var": 1234567,
                       "photon_gain": 53000, "photon_shift": 18, "photon_step": 40000, "photon_step_shift": 18,
                        **array("transfer_a", [41 + 1991 * i // 127 for i in range(128)]),
                        **array("transfer_b", [17 + 4000 * i // (i + 120) for i in range(128)])},
          # Sums of 12 products of 5-bit mantissas, k = 6: one residue in 30 is wrong, about.
          "rns": {**COMMON, "kind": KINDS.index("rns"), "rns_k": 6, "redundant": 2, "bfp_bits": 5, "range_limit": 131039,
                  "iq_sigma": 3000, "adc_bits": 9, "adc_gain": 32000, "adc_shift": 21, "adc_offset": 3,
                  **array("level_sigma", [3600, 3700, 3500, 2000, 3000])}}

# name: (registers, m, n, k, how the operands are drawn). ALL: every effect of the kind; BRIGHT: without photon counts;
# NONE: none.
ALL, BRIGHT, NONE = "all", "bright", ()
JOBS = {
    "coherent": {
        "exact": (NONE, {"channels": 7}, 3, 4, 30, "full"),
        "converters": (("dac_a", "dac_b", "adc"), {}, 3, 4, 30, "full"),
        "all": (ALL, {}, 4, 5, 30, "full"),
        "all-one-channel": (ALL, {"channels": 1, "adc_shift": 18}, 2, 3, 11, "full"),
        "all-64-channels": (ALL, {"channels": 64, "wavelengths": 12, "adc_shift": 22}, 3, 9, 150, "full"),
        "all-wide": (ALL, {"channels": 300, "wavelengths": 32, "adc_shift": 23,
                           **array("dispersion", [997 * i - 15000 for i in range(32)])}, 2, 3, 700, "full"),
        "all-extreme": (ALL, {"channels": 40, "adc_shift": 21, "adc_bits": 16}, 3, 3, 90, "extreme"),
        "all-negative": (ALL, {"adc_shift": 21}, 3, 4, 30, "negative"),
        "saturating": (ALL, {"adc_shift": 17, "adc_bits": 8}, 4, 5, 30, "full"),
        "one-column": (ALL, {"adc_bits": 12}, 1, 1, 12, "full"),
        "far-coordinates": (ALL, {"row0": 16777213, "col0": 1048572, "seed": 0xFFFFFFFF, "job": 0x80000001},
                            3, 4, 25, "full"),
        "late-sum": (ALL, {"sum0": 4094}, 2, 3, 40, "full"),
        "strong-noise": (ALL, {"enc_sigma_a": 65535, "enc_sigma_b": 65535, "output_sigma": 65535,
                               "phase_loss": 1048575, "thermal_var": 0xFFFFFFFF, "sigma_exp": 3, "adc_bits": 16,
                               "adc_shift": 24}, 3, 4, 30, "full"),
        "crosstalk-saturating": (("crosstalk", "enc_a", "enc_b", "shot", "dispersion"),
                                 {"crosstalk": 16384, "enc_sigma_a": 65535, "enc_sigma_b": 65535}, 3, 4, 30, "extreme"),
        "crosstalk-one-wavelength": (("crosstalk", "enc_b"), {"wavelengths": 1, "crosstalk": 16384}, 3, 4, 30, "full"),
        "crosstalk-one-group": (("crosstalk", "enc_a", "phase"), {"wavelengths": 32, "channels": 32}, 3, 4, 70, "full"),
    },
    "intensity": {
        "exact": (NONE, {"channels": 7}, 3, 4, 30, "full"),
        "converters": (("dac_a", "dac_b", "adc"), {}, 3, 4, 30, "full"),
        "tables": (("transfer_a", "transfer_b", "gain"), {}, 3, 4, 30, "full"),
        "all": (BRIGHT, {}, 4, 5, 30, "full"),
        "one-channel": (BRIGHT, {"channels": 1, "adc_shift": 18}, 2, 3, 11, "full"),
        "64-channels": (BRIGHT, {"channels": 64, "wavelengths": 12, "adc_shift": 22}, 3, 9, 150, "full"),
        "wide": (BRIGHT, {"channels": 300, "wavelengths": 32, "adc_shift": 23,
                       **array("dispersion", [997 * i - 15000 for i in range(32)])}, 2, 3, 700, "full"),
        # The largest fields, then the most light: rails saturate.
        "extreme": (BRIGHT, {"channels": 40, "adc_shift": 24, "adc_bits": 16, "dac_bits_a": 8,
                          **array("dispersion", [16384, 0, 16384, -16384, 16384]),
                          **array("transfer_a", [0] + [4095] * 127),
                          **array("transfer_b", [0] + [4095] * 127)}, 3, 3, 90, "extreme"),
        "brightest": (("transfer_a", "transfer_b", "gain", "shot"),
                      {**array("transfer_a", [4095] * 128), **array("transfer_b", [4095] * 128)}, 3, 3, 30, "full"),
        "dark": (BRIGHT, {"shot_shift": 4, "adc_shift": 16}, 3, 4, 30, "dark"),
        "negative": (BRIGHT, {"adc_shift": 21}, 3, 4, 30, "negative"),
        "falling-tables": (("transfer_a", "transfer_b", "shot"),
                           {**array("transfer_a", [4000 - 31 * i for i in range(128)]),
                            **array("transfer_b", [2000 - (97 * i) % 1999 for i in range(128)])}, 3, 4, 30, "full"),
        "saturating": (BRIGHT, {"adc_bits": 12}, 4, 5, 30, "full"),
        "far-coordinates": (BRIGHT, {"row0": 16777213, "col0": 1048572, "seed": 0xFFFFFFFF, "job": 0x80000001},
                            3, 4, 25, "full"),
        "late-sum": (BRIGHT, {"sum0": 4094}, 2, 3, 40, "full"),
        "strong-noise": (BRIGHT, {"thermal_var": 0xFFFFFFFF, "systematic_var": 0xFFFFFFFF, "sigma_exp": 3, "adc_bits": 16,
                               "adc_shift": 24}, 3, 4, 30, "full"),
        # Photon counts. PHOTONS has some 20 in a read, on both sides of 16; then the light is changed.
        "photons-all": (ALL, {}, 4, 5, 30, "full"),
        "photons-alone": (("photons",), {"photon_step": 40000, "photon_step_shift": 22}, 4, 5, 40, "full"),
        "photons-few": (("photons", "transfer_a", "transfer_b"), {"photon_shift": 24}, 4, 6, 60, "full"),
        "photons-one": (("photons",), {"channels": 1, "photon_shift": 20}, 4, 5, 30, "full"),
        "photons-many": (ALL, {"channels": 40, "photon_shift": 10, "photon_step_shift": 29}, 4, 5, 90, "full"),
        "photons-most": (("photons",), {"photon_gain": 65535, "photon_shift": 0}, 3, 4, 30, "extreme"),
        "photons-largest-step": (("photons",), {"photon_step": 65535, "photon_step_shift": 0}, 3, 4, 30, "full"),
        "photons-dark": (ALL, {"photon_shift": 17}, 3, 4, 30, "dark"),
        "photons-nothing": (("photons", "thermal"), {"photon_gain": 0}, 3, 4, 30, "full"),
        "photons-far": (ALL, {"row0": 16777213, "col0": 1048572, "seed": 0xFFFFFFFF, "job": 0x80000001},
                        3, 4, 25, "full"),
        "photons-late-sum": (("photons",), {"sum0": 4094}, 2, 3, 40, "full"),
    },
    "rns": {
        "exact": (NONE, {"channels": 7}, 3, 4, 30, "full"),
        "exact-residues": (("residues", "adc"), {"rns_k": 8, "adc_bits": 11, "adc_gain": 2047, "adc_shift": 15},
                           3, 4, 30, "full"),
        "all": (ALL, {}, 4, 5, 30, "full"),
        "one-channel": (ALL, {"channels": 1}, 2, 3, 11, "full"),
        "64-channels": (ALL, {"channels": 64, "bfp_bits": 4}, 3, 9, 150, "full"),
        "wide": (ALL, {"channels": 300, "bfp_bits": 4, "rns_k": 7}, 2, 3, 700, "full"),
        "extreme": (ALL, {"channels": 40, "bfp_bits": 8, "rns_k": 8, "range_limit": 1 << 27}, 3, 3, 90, "extreme"),
        "beyond-the-moduli": (("residues", "range_check"), {"rns_k": 4, "range_limit": 1500}, 3, 4, 30, "full"),
        "dark": (ALL, {}, 3, 4, 30, "dark"),
        "negative": (ALL, {}, 3, 4, 30, "negative"),
        "range-check": (("residues", "bfp", "phase", "range_check"), {"range_limit": 700}, 3, 4, 60, "full"),
        "limit-redundant-1": (("residues", "bfp", "phase", "redundancy"), {"range_limit": 700, "redundant": 1},
                              3, 4, 60, "full"),
        "limit-redundant-2": (("residues", "bfp", "phase", "redundancy"), {"range_limit": 700}, 3, 4, 60, "full"),
        "no-residues": (("bfp", "phase", "thermal", "adc", "range_check", "redundancy"), {}, 3, 4, 30, "full"),
        "saturating": (ALL, {"adc_gain": 33500, "adc_offset": -100}, 4, 5, 30, "full"),
        "coarse-adc": (("residues", "adc", "redundancy"), {"adc_bits": 4, "adc_gain": 60000, "adc_shift": 27},
                       3, 4, 30, "full"),
        "far-coordinates": (ALL, {"row0": 16777213, "col0": 1048572, "seed": 0xFFFFFFFF, "job": 0x80000001},
                            3, 4, 25, "full"),
        "late-sum": (ALL, {"sum0": 4094}, 2, 3, 40, "full"),
        "strong-noise": (ALL, {"iq_sigma": 65535, "adc_gain": 8000, **array("level_sigma", [65535] * 5)},
                         3, 4, 30, "full"),
    },
}
# Every modulus, with no redundant one, one and two.
for bits in range(4, 9):
    setting = {"rns_k": bits, "adc_bits": bits + 2, "adc_gain": ((2 << bits) - 1) * 31, "adc_shift": 19, "iq_sigma": 0,
               "bfp_bits": min(8, bits - 1), "range_limit": 2 ** (3 * bits - 1) - 2 ** (bits - 1) - 1, "channels": bits,
               **array("level_sigma", [v << 6 >> bits for v in (3600, 3700, 3500, 2000, 3000)])}
    for redundant in range(3):
        JOBS["rns"][f"k{bits}-redundant-{redundant}"] = (ALL, {**setting, "redundant": redundant}, 3, 4, 30, "full")
for kind_name, kind_jobs in JOBS.items():
    for effect in effects_of(kind_name):
        alone = {"residues", effect} if kind_name == "rns" else {effect}  # without residues most of rns has no part
        kind_jobs[f"only-{effect.replace('_', '-')}"] = (alone, {}, 3, 4, 30, "full")


def jobs():
    """(file name, kind, job) of every fixture; those of coherent, the first kind, go without its name."""
    for kind, named in JOBS.items():
        for name, job in named.items():
            yield (name if kind == "coherent" else f"{kind}-{name}"), kind, job


def draw(source, how):
    if how == "full":
        return source.randint(-128, 127)
    if how == "extreme":
        return source.choice([-128, 127, 127, -128, 0])
    if how == "negative":
        return source.randint(-128, -1)
    return 0  # dark


def text_of(name, kind, effects, overrides, m, n, k, how):
    on = effects_of(kind) if effects in (ALL, BRIGHT) else effects
    if effects == BRIGHT:
        on.remove("photons")
    r = {**RESET, **LIVELY[kind], **overrides, "effects": mask(on), "rows": m, "cols": n, "depth": k}
    source = random.Random(f"photolane {name}")
    a = [[draw(source, how) for _ in range(k)] for _ in range(m)]
    b = [[draw(source, how) for _ in range(k)] for _ in range(n)]
    c, clipped, detected, corrected = PRODUCT[kind](r, enabled(r), a, b)
    lines = ["# Made by tests/data/golden/make_golden.py; do not edit."]
    lines += [f"reg {key} {value}" for key, value in r.items() if value != RESET[key]]
    for tag, rows in (("a", a), ("b", b), ("c", c)):
        lines += [f"{tag} " + " ".join(map(str, row)) for row in rows]
    lines.append(f"clipped {clipped}")
    if kind == "rns":
        lines += [f"detected {detected}", f"corrected {corrected}"]
    return "\n".join(lines + [""])


def main():
    stale = []
    for name, kind, job in jobs():
        path, text = os.path.join(HERE, f"{name}.txt"), text_of(name, kind, *job)
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
