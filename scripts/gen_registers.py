#!/usr/bin/env python3
"""Writes the C header, the SystemVerilog package and the document of the registers.

Usage: gen_registers.py [--check]     (from the top of the tree; --check only compares)
"""
import tomllib

from generated import write_or_check

SOURCE = "rtl/registers.toml"
MADE = "Made by scripts/gen_registers.py from rtl/registers.toml; do not edit."


def load():
    with open(SOURCE, "rb") as f:
        data = tomllib.load(f)
    offset = 0
    for r in data["register"]:
        r.setdefault("count", 1)
        r.setdefault("signed", False)
        r["offset"] = offset
        offset += r["count"]
        low, high = (-(1 << (r["bits"] - 1)), (1 << (r["bits"] - 1)) - 1) if r["signed"] else (0, (1 << r["bits"]) - 1)
        if not low <= r["min"] <= r["reset"] <= r["max"] <= high:
            raise SystemExit(f"{SOURCE}: {r['name']}: reset or range does not fit {r['bits']} bits")
    return data["version"], data["register"], offset


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def c_header(version, regs, words):
    out = [f"/* {MADE} */", "#ifndef PHOTOLANE_REGISTERS_H", "#define PHOTOLANE_REGISTERS_H", "",
           f"#define PL_REG_VERSION {version}", f"#define PL_REG_WORDS {words}", "", "/* Word offsets. */", "enum pl_reg {"]
    out += [f"  PL_REG_{r['name'].upper()} = {r['offset']}," for r in regs]
    out += ["};", "", "/* Bits of PL_REG_EFFECTS. */", "enum pl_effect {"]
    for bit, (name, text) in enumerate(regs[0]["flags"]):
        out.append(f"  PL_EFFECT_{name.upper()} = 1 << {bit}, /* {text} */")
    out += ["};", "", "/* X(NAME, name, offset, count, bits, is_signed, min, max, reset) for every register. */",
            "#define PL_REGISTERS(X) \\"]
    out += [f"  X({r['name'].upper()}, \"{r['name']}\", {r['offset']}, {r['count']}, {r['bits']}, {int(r['signed'])}, "
            f"{r['min']}LL, {r['max']}LL, {r['reset']}LL) \\" for r in regs]
    out[-1] = out[-1][:-2]
    return "\n".join(out + ["", "#endif", ""])


def sv_package(version, regs, words):
    out = [f"// {MADE}", "`default_nettype none", "package pl_regs_pkg;",
           f"  localparam int RegVersion = {version};", f"  localparam int RegWords = {words};"]
    for r in regs:
        out.append(f"  localparam int Reg{camel(r['name'])} = {r['offset']};")
        out.append(f"  localparam int Bits{camel(r['name'])} = {r['bits']};")
    for bit, (name, _) in enumerate(regs[0]["flags"]):
        out.append(f"  localparam int Effect{camel(name)} = {bit};")
    out += ["", "  // Reset value of the word at an offset.", "  function automatic logic [31:0] reset_value(input integer offset);",
            "    reset_value = 32'd0;"]
    for r in regs:
        if r["reset"]:
            last = r["offset"] + r["count"] - 1
            cond = f"offset == {r['offset']}" if r["count"] == 1 else f"offset >= {r['offset']} && offset <= {last}"
            out.append(f"    if ({cond}) reset_value = 32'd{r['reset'] & 0xffffffff};")
    return "\n".join(out + ["  endfunction", "endpackage", "`default_nettype wire", ""])


def document(version, regs, words):
    out = ["# Registers", "", f"{MADE}", "", f"Version {version}, {words} words of 32 bits. Stages and units: `signal-chain.md`.", "",
           "| word | name | bits | range | reset | unit | meaning |", "|---|---|---|---|---|---|---|"]
    for r in regs:
        where = str(r["offset"]) if r["count"] == 1 else f"{r['offset']}..{r['offset'] + r['count'] - 1}"
        sign = "s" if r["signed"] else "u"
        out.append(f"| {where} | `{r['name']}` | {sign}{r['bits']} | {r['min']}..{r['max']} | {r['reset']} | {r['unit']} | {r['text']} |")
    out += ["", "## Bits of `effects`", "", "| bit | name | meaning |", "|---|---|---|"]
    out += [f"| {bit} | `{name}` | {text} |" for bit, (name, text) in enumerate(regs[0]["flags"])]
    return "\n".join(out + [""])


def main():
    version, regs, words = load()
    write_or_check({
        "include/photolane/registers.h": c_header(version, regs, words),
        "rtl/pl_regs_pkg.sv": sv_package(version, regs, words),
        "docs/registers.md": document(version, regs, words),
    })


if __name__ == "__main__":
    main()
