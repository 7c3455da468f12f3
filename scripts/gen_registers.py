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
        offset = r.get("at", offset)
        r["offset"] = offset
        offset += r["count"]
        low, high = (-(1 << (r["bits"] - 1)), (1 << (r["bits"] - 1)) - 1) if r["signed"] else (0, (1 << r["bits"]) - 1)
        if not low <= r["min"] <= r["reset"] <= r["max"] <= high:
            raise SystemExit(f"{SOURCE}: {r['name']}: reset or range does not fit {r['bits']} bits")
    word = 0
    for d in data["device"]:
        d.setdefault("count", 1)
        d["offset"] = word
        word += d["count"]
    data["device_end"] = word
    return data, data["register"], offset

def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def c_header(data, regs, words):
    out = [f"/* {MADE} */", "#ifndef PHOTOLANE_REGISTERS_H", "#define PHOTOLANE_REGISTERS_H", "",
           f"#define PL_REG_VERSION {data['version']}", f"#define PL_REG_WORDS {words}",
           f"#define PL_REG_TABLES {data['tables']} /* words from here on are tables */", "", "/* Word offsets. */", "enum pl_reg {"]
    out += [f"  PL_REG_{r['name'].upper()} = {r['offset']}," for r in regs]
    out += ["};", "", "/* Bits of PL_REG_EFFECTS. */", "enum pl_effect {"]
    for bit, (name, text, _) in enumerate(regs[0]["flags"]):
        out.append(f"  PL_EFFECT_{name.upper()} = 1 << {bit}, /* {text} */")
    out += ["};", "", "/* X(NAME, name, bit, kinds) for every effect; kinds: bit k is set if kind k has it. */", "#define PL_EFFECTS(X) \\"]
    out += [f"  X({name.upper()}, \"{name}\", {bit}, {sum(1 << n for n, kind in enumerate(data['kinds']) if kind[0] in kinds)}) \\"
            for bit, (name, _, kinds) in enumerate(regs[0]["flags"])]
    out[-1] = out[-1][:-2]
    out += ["", "/* Values of PL_REG_KIND. */", "enum pl_kind {"]
    out += [f"  PL_KIND_{kind.upper()} = {n}," for n, kind in enumerate(data["kinds"])]
    out += [f"  PL_KINDS = {len(data['kinds'])}", "};", f"#define PL_KIND_NAMES {', '.join(chr(34) + k + chr(34) for k in data['kinds'])}",
            "", "/* X(NAME, name, offset, count, bits, is_signed, min, max, reset) for every register. */",
            "#define PL_REGISTERS(X) \\"]
    out += [f"  X({r['name'].upper()}, \"{r['name']}\", {r['offset']}, {r['count']}, {r['bits']}, {int(r['signed'])}, "
            f"{r['min']}LL, {r['max']}LL, {r['reset']}LL) \\" for r in regs]
    out[-1] = out[-1][:-2]
    out += ["", "/* What a device behind a link tells of itself: READ from PL_DEVICE_BASE + PL_DEVICE_... */",
            f"#define PL_DEVICE_BASE 0x{data['device_base']:x}", f"#define PL_DEVICE_MAGIC_VALUE 0x{data['device_magic']:x}u",
            f"#define PL_PROTOCOL_VERSION {data['protocol']}", "enum pl_device_word {"]
    out += [f"  PL_DEVICE_{d['name'].upper()} = {d['offset']}," for d in data["device"]]
    out += [f"  PL_DEVICE_END = {data['device_end']}", "};"]
    return "\n".join(out + ["", "#endif", ""])


def sv_package(data, regs, words):
    out = [f"// {MADE}", "`default_nettype none", "package pl_regs_pkg;",
           f"  localparam int RegVersion = {data['version']};",
           f"  localparam int RegWords = {max(r['offset'] + r['count'] for r in regs if r['offset'] < data['tables'])};"
           "  // in flip-flops", f"  localparam int RegTables = {data['tables']};  // word offset of the tables",
           f"  localparam int RegEnd = {words};"]
    out += [f"  localparam int Kind{camel(kind)} = {n};" for n, kind in enumerate(data["kinds"])]
    for r in regs:
        out.append(f"  localparam int Reg{camel(r['name'])} = {r['offset']};")
        out.append(f"  localparam int Bits{camel(r['name'])} = {r['bits']};")
    for bit, (name, _, _) in enumerate(regs[0]["flags"]):
        out.append(f"  localparam int Effect{camel(name)} = {bit};")
    out += ["", f"  localparam int ProtocolVersion = {data['protocol']};",
            f"  localparam logic [15:0] DeviceBase = 16'h{data['device_base']:x};",
            f"  localparam logic [31:0] DeviceMagicValue = 32'h{data['device_magic']:x};"]
    out += [f"  localparam int Device{camel(d['name'])} = {d['offset']};" for d in data["device"]]
    out += [f"  localparam int DeviceEnd = {data['device_end']};", "", "  // Reset value of the word at an offset.", "  function automatic logic [31:0] reset_value(input integer offset);",
            "    reset_value = 32'd0;"]
    for r in regs:
        if r["reset"] and r["offset"] < data["tables"]:
            last = r["offset"] + r["count"] - 1
            cond = f"offset == {r['offset']}" if r["count"] == 1 else f"offset >= {r['offset']} && offset <= {last}"
            out.append(f"    if ({cond}) reset_value = 32'd{r['reset'] & 0xffffffff};")
    return "\n".join(out + ["  endfunction", "endpackage", "`default_nettype wire", ""])


def document(data, regs, words):
    out = ["# Registers", "", f"{MADE}", "", f"Version {data['version']}, {words} words of 32 bits. Stages and units: `signal-chain.md`.", "",
           "| word | name | bits | range | reset | unit | meaning |", "|---|---|---|---|---|---|---|"]
    for r in regs:
        where = str(r["offset"]) if r["count"] == 1 else f"{r['offset']}..{r['offset'] + r['count'] - 1}"
        sign = "s" if r["signed"] else "u"
        out.append(f"| {where} | `{r['name']}` | {sign}{r['bits']} | {r['min']}..{r['max']} | {r['reset']} | {r['unit']} | {r['text']} |")
    out += ["", "## Bits of `effects`", "", "| bit | name | kinds | meaning |", "|---|---|---|---|"]
    out += [f"| {bit} | `{name}` | {', '.join(k for k in data['kinds'] if k[0] in kinds)} | {text} |"
            for bit, (name, text, kinds) in enumerate(regs[0]["flags"])]
    out += ["", "## Words of a device", "", f"Behind a link (`protocol.md`), READ from 0x{data['device_base']:x} + word.", "",
            "| word | name | meaning |", "|---|---|---|"]
    for d in data["device"]:
        where = str(d["offset"]) if d["count"] == 1 else f"{d['offset']}..{d['offset'] + d['count'] - 1}"
        out.append(f"| {where} | `{d['name']}` | {d['text']} |")
    return "\n".join(out + [""])


def main():
    data, regs, words = load()
    write_or_check({
        "include/photolane/registers.h": c_header(data, regs, words),
        "rtl/pl_regs_pkg.sv": sv_package(data, regs, words),
        "docs/registers.md": document(data, regs, words),
    })


if __name__ == "__main__":
    main()
