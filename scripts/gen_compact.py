#!/usr/bin/env python3
"""Assembles the micro-program of the compact core: rtl/compact/microprogram.txt to rtl/compact/pl_compact_pkg.sv.

Usage: gen_compact.py [--check] [--list]   (from the top of the tree; --check only compares, --list prints the listing)

The head of microprogram.txt describes the language. An instruction has 24 bits (FIELDS); the package holds them, the
first contents of the memory (constants) and the names of codes and places that the RTL needs. Memory words have the names
of rtl/registers.toml and those that `const` and `var` give; `const .name` is a word that a parameter of the module fills.
"""
import re
import sys
import tomllib

from generated import write_or_check

MADE = "Made by scripts/gen_compact.py from rtl/compact/microprogram.txt; do not edit."
SOURCE, REGISTERS, PACKAGE = "rtl/compact/microprogram.txt", "rtl/registers.toml", "rtl/compact/pl_compact_pkg.sv"
WORDS, DEPTH, BITS = 256, 512, 24

# Field: lowest bit, bits.
FIELDS = {"addr": (0, 9), "op": (9, 4), "what": (13, 4), "flag": (17, 1), "when": (18, 3), "x": (21, 2), "inv": (23, 1)}
INDEXED = 1 << 8  # in addr
OPS = ["Alu", "Mul", "Shift", "Norm", "Sqrt", "Store", "Set", "Branch", "Do", "AddX0", "AddX1", "Rounds", "Write",
       "Limit", "Drain"]
SOURCES = ["None", "Memory", "Mac", "Code", "X0", "X1", "C0", "C1", "C2", "Root", "Tail", "Carry", "MemoryOne"]
TARGETS = ["Q", "Qh", "I", "Rn", "Ra", "Rb", "Words", "Lr", "Lc", "Lanes"]
CONDITIONS = ["Neg", "Dac", "Enc", "Crosstalk", "Square", "Phase", "Shot", "Dispersion", "Output", "Receiver", "Thermal",
              "Adc", "Opb", "Odd", "First", "Always"]
ACTIONS = ["Idle", "Inci", "Next", "Clre", "CountRead", "CountClipped", "Sign", "PassField", "PassPower", "Go", "Wait", "Beat",
           "Out", "Tfz", "Ret"]
WHENS = ["Always", "Neg", "Pos", "Carry", "G"]
XS = ["Zero", "A", "Double", "Not"]
STEPS = {16: 0, 12: 1, 20: 2}  # of a multiplication
ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24]  # of the rounds; a group of four is counted by K = 4, 3, 2, 1
KINDS = ["field", "power", "tail"]


class Program:
    def __init__(self, text, registers, resets):
        self.names, self.first, self.params, self.labels, self.resets = dict(registers), {}, {}, {}, resets
        self.lines, self.at, self.listing = [], 0, []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#")[0].split()
            if words:
                self.read(number, words)
        self.last_var = self.at

    def fail(self, number, text):
        raise SystemExit(f"{SOURCE}:{number}: {text}")

    def read(self, number, words):
        """A directive, label or instruction; instructions are encoded when all names are known."""
        if words[0] == "at":
            self.at = int(words[1])
        elif words[0] in ("const", "var"):
            name, size = words[1], 1
            if words[0] == "const":
                self.first[name] = int(words[2], 0)
                if name.startswith("."):
                    self.params[name[1:]] = None
                self.lines.append((number, words))  # placed behind the variables
                return
            if len(words) > 2:
                size = int(words[2])
            self.define(number, name, self.at)
            self.at += size
        elif words[0].endswith(":"):
            if words[0][:-1] in self.labels:
                self.fail(number, f"label {words[0]} is there twice")
            self.labels[words[0][:-1]] = sum(1 for _, w in self.lines if w[0] != "const")
        else:
            self.lines.append((number, words))

    def define(self, number, name, place):
        if name in self.names:
            self.fail(number, f"{name} is defined twice")
        self.names[name] = place

    def assemble(self):
        self.image = [0] * WORDS
        for place, value in enumerate(self.resets[:self.first["c28"]]):
            self.image[self.names["defaults"] + place] = value
        for number, words in self.lines:
            if words[0] == "const":
                name = words[1]
                self.define(number, name[1:] + "_" if name.startswith(".") else name, self.at)
                if name.startswith("."):
                    self.params[name[1:]] = self.at
                self.image[self.at] = self.first[name]
                self.at += 1
        if self.at > WORDS:
            raise SystemExit(f"{SOURCE}: {self.at} words of memory, there are {WORDS}")
        code = [self.encode(number, words) for number, words in self.lines if words[0] != "const"]
        if len(code) > DEPTH:
            raise SystemExit(f"{SOURCE}: {len(code)} instructions, there is room for {DEPTH}")
        return code

    # ---- Operands.
    def place(self, number, text):
        indexed = text.endswith("[i]")
        name = text[:-3] if indexed else text
        if name not in self.names:
            self.fail(number, f"no word of memory is named {name}")
        return self.names[name] | (INDEXED if indexed else 0)

    def target(self, number, name):
        if name not in self.labels:
            self.fail(number, f"no label {name}")
        return self.labels[name]

    def source(self, number, text):
        """Fields of a source operand."""
        signed = text.endswith(".s")
        name = text[:-2] if signed else text
        special = {"mac": "Mac", "code": "Code", "x0": "X0", "x1": "X1", "c0": "C0", "c1": "C1", "c2": "C2",
                   "root": "Root"}
        tail = re.fullmatch(r"tail_([ab])([0-3])", name)
        fields = {"flag": int(signed)}
        if tail:
            return {**fields, "what": SOURCES.index("Tail"), "addr": int(tail[2]) | ("ab".index(tail[1]) << 2)}
        if name in special:
            return {**fields, "what": SOURCES.index(special[name])}
        return {**fields, "what": SOURCES.index("Memory"), "addr": self.place(number, name)}

    # ---- Instructions.
    def encode(self, number, words):
        words = list(words)
        fields = {}
        if words[-1].startswith("?"):
            when = {"neg": "Neg", "pos": "Pos", "c": "Carry", "g": "G"}[words.pop()[1:]]
            fields["when"] = WHENS.index(when)
        name, rest = words[0], words[1:]
        try:
            op, more = self.instruction(number, name, rest)
        except (IndexError, ValueError, KeyError):
            self.fail(number, "cannot read " + " ".join(words))
        fields.update(more)
        if "when" in fields and fields["when"] and op not in ("Alu", "Mul"):
            self.fail(number, "only operations on A can have a condition")
        fields["op"] = OPS.index(op)
        word = 0
        for field, value in fields.items():
            low, bits = FIELDS[field]
            if value >> bits:
                self.fail(number, f"{value} does not fit field {field}")
            word |= value << low
        self.listing.append(f"{len(self.listing):4d}  {word:06x}  {' '.join(words)}")
        return word

    def instruction(self, number, name, rest):
        x = {k: XS.index(v) for k, v in {"ld": "Zero", "ldn": "Zero", "add": "A", "sub": "A", "rsb": "Not"}.items()}
        none, carry = SOURCES.index("None"), SOURCES.index("Carry")
        if name in x:
            return "Alu", {**self.source(number, rest[0]), "x": x[name], "inv": int(name in ("ldn", "sub"))}
        if name in ("clr", "neg", "dbl"):
            return "Alu", {"what": none, "x": XS.index({"clr": "Zero", "neg": "Not", "dbl": "Double"}[name])}
        if name == "mul":
            return "Mul", {**self.source(number, rest[0]), "when": STEPS[int(rest[1])], "x": XS.index("Double")}
        if name in ("shr", "shl"):
            by_memory = not rest[0].isdigit()
            return "Shift", {"flag": int(by_memory), "inv": int(name == "shl"), "x": XS.index("A"),
                             "addr": self.place(number, rest[0]) if by_memory else int(rest[0]),
                             "what": carry if rest[1:] == ["r"] else none}
        if name in ("min", "max"):
            return "Limit", {**self.source(number, rest[0]), "inv": int(name == "min"), "x": XS.index("A")}
        if name == "drain":
            return "Drain", {"addr": self.place(number, rest[0]), "what": SOURCES.index("Mac"), "flag": 1, "x": XS.index("A")}
        if name == "norm":
            return "Norm", {"x": XS.index("Double")}
        if name == "sqrt":
            return "Sqrt", {"what": SOURCES.index("Root")}
        if name == "st":
            return "Store", {"addr": self.place(number, rest[0]), "what": none, "x": XS.index("A")}
        if name == "addst":
            return "Store", {**self.source(number, rest[0]), "x": XS.index("A")}
        if name == "inc":
            return "Store", {**self.source(number, rest[0]), "what": SOURCES.index("MemoryOne"), "x": XS.index("Zero")}
        if name == "set":
            return "Set", {"what": TARGETS.index(rest[0].capitalize()), "addr": self.place(number, rest[1])}
        if name in ("br", "call"):
            condition = rest[0] if name == "br" else "always"
            if condition in ("pos", "!neg", "!pos"):
                condition = "neg" if condition == "!pos" else "!neg"
            return "Branch", {"what": CONDITIONS.index(condition.lstrip("!").capitalize()),
                              "flag": int(condition.startswith("!")), "inv": int(name == "call"),
                              "addr": self.target(number, rest[-1])}
        if name in ("tfa", "tfb"):
            return {"tfa": "AddX0", "tfb": "AddX1"}[name], {"addr": self.place(number, rest[0])}
        if name in ("round", "rounds"):
            step = ROTATIONS.index(int(rest[0]))
            return "Rounds", {"what": step >> 2, "addr": 4 - (step & 3), "flag": int(name == "round")}
        if name == "wr":
            return "Write", {"what": KINDS.index(rest[0]), "addr": int(rest[1]) if len(rest) > 1 else 0}
        if name == "pass":
            return "Do", {"what": ACTIONS.index("Pass" + rest[0].capitalize())}
        action = "".join(part.capitalize() for part in name.split("_"))
        return "Do", {"what": ACTIONS.index(action)}


def register_places():
    """{name: word offset} and the reset values of the registers in front of the tables (rtl/registers.toml)."""
    with open(REGISTERS, "rb") as f:
        toml = tomllib.load(f)
    places, resets = {}, []
    for register in toml["register"]:
        if register.get("at", 0) >= toml["tables"]:
            break
        places[register["name"]] = len(resets)
        resets += [register["reset"] & 0xffffffff] * register.get("count", 1)
    return places, resets


def package(program, code):
    out = [f"// {MADE}", "//",
           "// Code[24*i +: 24] is instruction i, Image[32*w +: 32] what word w of the memory holds from configuration on.",
           "`default_nettype none", "package pl_compact_pkg;",
           f"  localparam int Instructions = {len(code)};"]
    for field, (low, bits) in FIELDS.items():
        out.append(f"  localparam int {field.capitalize()}At = {low};")
        out.append(f"  localparam int {field.capitalize()}Bits = {bits};")
    for what, bits, items in (("Op", 4, OPS), ("From", 4, SOURCES), ("Set", 4, TARGETS), ("If", 4, CONDITIONS),
                              ("Do", 4, ACTIONS), ("When", 3, WHENS), ("X", 2, XS)):
        out += [f"  localparam logic [{bits - 1}:0] {what}{name} = {bits}'d{i};" for i, name in enumerate(items)]
    out += [f"  localparam int At{''.join(p.capitalize() for p in name.split('_'))} = {place};"
            for name, place in program.params.items()]
    out.append(f"  localparam logic [{WORDS * 32 - 1}:0] Image = {{")
    for w in range(WORDS - 1, -1, -1):
        out.append(f"    32'h{program.image[w]:08x}{',' if w else ''}")
    out += ["  };", f"  localparam logic [{len(code) * BITS - 1}:0] Code = {{"]
    for i in range(len(code) - 1, -1, -1):
        out.append(f"    {BITS}'h{code[i]:06x}{',' if i else ''}  //{program.listing[i][:4]} {program.listing[i][14:]}")
    return "\n".join(out + ["  };", "endpackage", "`default_nettype wire", ""])


def main():
    with open(SOURCE, encoding="utf-8") as f:
        text = f.read()
    places, resets = register_places()
    program = Program(text, places, resets)
    code = program.assemble()
    if "--list" in sys.argv[1:]:
        print("\n".join(program.listing))
    write_or_check({PACKAGE: package(program, code)})


if __name__ == "__main__":
    main()
