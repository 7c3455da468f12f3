#!/usr/bin/env python3
"""Writes host/nn/bert_unicode_table.h: what the text clean-up of BERT does with each character.

The published vocabularies were made with, and are used through, the `tokenizers` package (PyPI), whose Unicode is older
than anybody else's: it is asked character by character, so that both agree on all of them. Needs `pip install
tokenizers`; run it again only to follow that package."""
from pathlib import Path

import tokenizers
from tokenizers import normalizers, pre_tokenizers

OUT = Path(__file__).resolve().parent.parent / "host/nn/bert_unicode_table.h"
HANGUL = range(0xAC00, 0xD7A4)  # taken apart by arithmetic

codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
cleaned = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False)
lowered = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=True)
split = pre_tokenizers.BertPreTokenizer()


def ranges(found):
    out = []
    for code in found:
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def table(kind, name, items):
    lines, line = [], " "
    for item in items:
        if len(line) + 1 + len(item) > 118:
            lines.append(line)
            line = " "
        line += " " + item
    return f"static const {kind} {name}[] = {{\n" + "\n".join(lines + [line]) + "\n};\n"


def range_table(name, found):
    return table("bert_range", name, [f"{{0x{lo:x}, 0x{hi:x}}}," for lo, hi in ranges(found)])


removed, blank, apart, dropped, single, several, punctuation = [], [], [], [], [], [], []
for c in codes:
    ch = chr(c)
    clean = cleaned.normalize_str(ch)
    if not clean:
        removed.append(c)
        continue
    if clean == " ":
        blank.append(c)
        continue
    if clean == f" {ch} ":
        apart.append(c)
    else:
        assert clean == ch, hex(c)
    low = lowered.normalize_str(ch)
    if c in HANGUL:
        continue
    if not low:
        dropped.append(c)
    elif len(low) > 1:
        several.append((c, low))
    elif low != ch:
        single.append((c, ord(low)))
    if len(split.pre_tokenize_str(f"a{ch}b")) == 3:
        punctuation.append(c)

runs = []  # first, last, what the first becomes: neighbours that become neighbours
for c, to in single:
    if runs and runs[-1][1] == c - 1 and runs[-1][2] + c - runs[-1][0] == to:
        runs[-1][1] = c
    else:
        runs.append([c, c, to])
assert all(len(low) <= 3 for _, low in several)

OUT.write_text(
    f"/* Made by scripts/gen_bert_unicode.py with tokenizers {tokenizers.__version__}; do not edit. Sorted, inclusive. */\n"
    "typedef struct {\n  uint32_t first, last;\n} bert_range;\n"
    "typedef struct {\n  uint32_t first, last, to;\n} bert_run; /* first becomes to, first + 1 to + 1 */\n"
    "typedef struct {\n  uint32_t code, to[3];\n} bert_several; /* 0 ends a short one */\n\n"
    + range_table("removed", removed) + "\n" + range_table("blank", blank) + "\n"
    + range_table("apart", apart) + "\n" + range_table("dropped", dropped) + "\n"
    + range_table("punctuation", punctuation) + "\n"
    + table("bert_run", "lowered", [f"{{0x{a:x}, 0x{b:x}, 0x{t:x}}}," for a, b, t in runs]) + "\n"
    + table("bert_several", "taken_apart",
            [f"{{0x{c:x}, {{{', '.join(f'0x{ord(x):x}' for x in low)}}}}}," for c, low in several]))
