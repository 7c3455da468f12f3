#!/usr/bin/env python3
"""Proves scripts/ecp5_row_mul.v: products of random widths and signs, mapped to the ECP5's carry cells, equal a * b for all inputs.

Usage: row_mul.py [CASES [SEED]]       from the top of the tree; default 40 cases, seed 1

Yosys builds each product twice, maps one of them, and its SAT solver looks for inputs that tell them apart, with the cells as
Yosys's own library has them. Closing line: "N passed, N failed"; a case that failed is named before it.
"""
import pathlib
import random
import subprocess
import sys
import tempfile

WIDEST = 7  # bits of an operand: 40 cases take 7 s, with 8 bits 48 s; the ULX3S' netlists have wider ones


def main():
    if len(sys.argv) > 3 or not all(value.isdecimal() for value in sys.argv[1:]):
        sys.exit("row_mul.py: wants the number of cases and the seed, two whole numbers")
    cases, seed = (int(value) for value in sys.argv[1:] + ["40", "1"][len(sys.argv) - 1:])
    random.seed(seed)
    source, commands, names = [], [], []
    for n in range(cases):
        a, b, signed = random.randint(1, WIDEST), random.randint(1, WIDEST), random.choice(["", "signed "])
        y = random.choice([a + b, random.randint(1, a + b + 4)])
        names.append(f"{signed}{a} x {b} bits to {y}")
        source += [f"module {kind}{n}(input {signed}[{a - 1}:0] a, input {signed}[{b - 1}:0] b, output {signed}[{y - 1}:0] y);"
                   " assign y = a * b; endmodule" for kind in ("product", "mapped")]
        commands += [f"miter -equiv -flatten -make_outputs product{n} mapped{n} miter{n}",
                     f"sat -verify -prove trigger 0 -timeout 60 miter{n}"]
    with tempfile.TemporaryDirectory() as folder:
        file, log = pathlib.Path(folder) / "products.v", pathlib.Path(folder) / "log"
        file.write_text("\n".join(source), encoding="utf-8")
        script = [f"read_verilog {file}", "read_verilog +/ecp5/cells_sim.v", "proc", "chtype -set $__row_mul mapped*/t:$mul",
                  "techmap -map scripts/ecp5_row_mul.v mapped*", "select -assert-none t:$__row_mul", "select -clear",
                  "hierarchy", "flatten mapped*", *commands, ""]
        done = subprocess.run(["yosys", "-Q", "-T", "-l", str(log), "-s", "/dev/stdin"], input="\n".join(script), text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        text = log.read_text(encoding="utf-8")
    passed = text.count("SAT proof finished - no model found: SUCCESS!")
    if done.returncode or passed != cases:  # -verify ends the script at the first that differs
        case = names[min(passed, cases - 1)]
        print(f"row_mul: seed {seed}, case {passed}: {case}: the product differs, or Yosys failed:\n{text[-1500:]}")
    print(f"{passed} passed, {int(passed != cases)} failed")
    return int(passed != cases)


if __name__ == "__main__":
    sys.exit(main())
