#!/usr/bin/env python3
"""Writes host/nn/unicode_table.h: the ranges of Unicode letters (L*) and numbers (N*) that the tokenizers split
text by, from Python's unicodedata. Run it again only to move to a newer Unicode version."""
import sys
import unicodedata
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "host/nn/unicode_table.h"


def ranges(major):
    """Inclusive ranges of the code points whose general category starts with `major`."""
    found = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code))[0] != major:
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def table(name, major):
    items = [f"{{0x{lo:x}, 0x{hi:x}}}," for lo, hi in ranges(major)]
    lines, line = [], " "
    for item in items:
        if len(line) + 1 + len(item) > 118:
            lines.append(line)
            line = " "
        line += " " + item
    lines.append(line)
    return f"static const code_range {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


OUT.write_text(
    f"/* Made by scripts/gen_unicode.py from Unicode {unicodedata.unidata_version}; do not edit. "
    + "Sorted, inclusive. */\n"
    + "typedef struct {\n  uint32_t first, last;\n} code_range;\n\n"
    + table("letters", "L") + "\n" + table("numbers", "N"))
