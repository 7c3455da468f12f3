#!/usr/bin/env python3
"""Token ids of the published tokenizers for texts of many kinds, as JSON on stdout (tests/models/tokens.json).

    tokens.py models/smollm2.gguf models/minilm > tests/models/tokens.json

Texts: languages and scripts, emoji with joiners, code, white space of all kinds, control characters, and random mixtures
of characters from all planes (seed 1). Needs: pip install numpy gguf tokenizers."""
import json
import random
import sys

import reference

TEXTS = [
    "", " ", "  ", "\n", "\t\t x", "a", "Hello, world!", "The quick brown fox jumps over the lazy dog.",
    "I'm you're he'd we'll they've it's DON'T 'tis rock'n'roll o'clock",
    "  leading and trailing  ", "a  b   c    d", "line\r\nbreaks\n\n\nand\ttabs \n ends ",
    "\u00a0no-break\u2003em\u3000ideographic\u2028line\u0085next", "zero\u200bwidth\u200djoin\ufeffbom",
    "1 12 123 1234567 3.14159 1,000,000 0x1F ½ ² ٣٤٥ ①", "2024-05-17T12:34:56Z v1.2.3-rc4",
    "Größe, Straße, Übermaß; l'été à Noël, cœur, naïve façade", "Zażółć gęślą jaźń. Příliš žluťoučký kůň.",
    "Ελληνικά: Η γρήγορη αλεπού. ΌΧΙ", "Быстрая коричневая лиса. Ёлка, ІЇЄ", "شكرا جزيلا على المساعدة، إلى اللقاء",
    "עברית עם נִקּוּד", "हिन्दी में लिखा हुआ वाक्य।", "ภาษาไทยไม่มีช่องว่าง", "今天天气很好，我们去公园吧。", "東京タワーはとても高いです。カタカナ ﾊﾝｶｸ",
    "한국어 문장입니다. 각", "Tiếng Việt có dấu", "İstanbul ŞĞÇ ıI", "ﬁ ligature ﬀ Ǆ Ω Å Å é e\u0301 \u1e9b\u0323",
    "🙂", "👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪", "I ❤️ NY ☃ ♻️ ✈", "emoji🙂in🚀words",
    "def f(x):\n    return x**2  # square\n", "for (int i = 0; i < n; ++i) { a[i] += b[i] << 3; }",
    "<html><body class=\"x\">&amp;</body></html>", "SELECT * FROM t WHERE a='b' AND c<>1;", "\\frac{a}{b} $x_{1}^{2}$ \\\\n",
    "https://example.org/path?q=1&r=%20#frag user@mail.example", "CamelCaseAndsnake_case and kebab-case __init__",
    "!!!???...---***///", "(a)[b]{c}<d>«e»„f“‚g‘", "«»“”‘’–—…•§¶†‡€£¥©®™", "C++ C# .NET a/b and/or w/o 50%",
    "x" * 99, "y" * 100, "z" * 101, "w" * 300, "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "\u0001\u0002control\u007f\u0080 chars\u200e", "\ufffd replacement", "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚 𐍈 𠀀𪜀", "[UNK] and [SEP]ish [ CLS ]",
    "The\u0301 a\u030a combining \u0344", "ﷺ ㎏ ℃ Ⅷ ⅷ", "ΑΣ ΑΣΑ ς", "\u1100\u1161\u11a8 \uac01",
]


def random_text(rng):
    ranges = [(32, 126), (32, 126), (0xa0, 0x24f), (0x300, 0x36f), (0x370, 0x5ff), (0x600, 0xdff), (0xe00, 0x1fff),
              (0x2000, 0x206f), (0x2070, 0x2bff), (0x3000, 0x30ff), (0x4e00, 0x9fff), (0xac00, 0xd7a3), (0xf900, 0xffff),
              (0x10000, 0x1ffff), (0x20000, 0x2ffff)]
    out = []
    for _ in range(rng.randint(1, 12)):
        lo, hi = rng.choice(ranges)
        out += [chr(rng.randint(lo, hi)) for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.3:
            out.append(" ")
    return "".join(out)


rng = random.Random(1)
TEXTS += [random_text(rng) for _ in range(160)]
gguf, folder = sys.argv[1:3]
smollm, bert = reference.smollm_tokenizer(reference.Gguf(gguf)), reference.bert_tokenizer(folder)
print(json.dumps({"texts": [
    {"text": t, "smollm2": smollm.encode(t, add_special_tokens=False).ids, "minilm": bert.encode(t).ids}
    for t in TEXTS if "\0" not in t]}))
