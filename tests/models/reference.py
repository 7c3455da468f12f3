#!/usr/bin/env python3
"""Transformers in numpy and double precision, written for tests alone: what `photolane`'s float path is held against.

    reference.py llama FILE.gguf       logits of the prompts below, as JSON on stdout (tests/models/smollm2.json)
    reference.py bert FOLDER           embeddings of the sentences below (tests/models/minilm.json)
    reference.py gpt2 FILE.gguf        writes a tiny random GPT-2 model to FILE.gguf, and its logits to stdout
                                       (tests/data/tiny-gpt2.json)
    reference.py tiny-bert FOLDER      writes a tiny random BERT encoder to FOLDER, its embeddings to stdout

Token ids come from the published tokenizers: those of the `tokenizers` package, built from the vocabulary in the GGUF
file with the published split (llama), or from tokenizer.json (bert). Needs: pip install numpy gguf tokenizers."""
import json
import struct
import sys
from pathlib import Path

import numpy as np

PROMPTS = [
    "The capital of France is",
    "<|im_start|>user\nWhat is the boiling point of water?<|im_end|>\n<|im_start|>assistant\n",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "Das Wetter ist heute schön, 今天天气很好 🌞 и завтра будет",
]
SENTENCES = [
    "The cat sits on the mat.",
    "A kitten is lying on the carpet.",
    "Stock markets fell sharply on Monday.",
    "Zürich, naïve café: ÅNGSTRÖM & 東京タワー! 🙂",
]
EVERY = 97  # one logit in so many is kept: 49152 for each prompt would be a large file


# ---- Parts ------------------------------------------------------------------------------------------------------
def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer_norm(x, gain, bias, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps) * gain + bias


def rms_norm(x, gain, eps):
    return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + eps) * gain


def attention(q, k, v, heads, causal):
    """q: n x heads*d, k and v: n x kv*d."""
    n, d = len(q), q.shape[1] // heads
    group = heads // (k.shape[1] // d)
    out = np.zeros_like(q)
    mask = np.triu(np.full((n, n), -np.inf), 1) if causal else 0
    for h in range(heads):
        g = h // group
        p = softmax(q[:, h * d:h * d + d] @ k[:, g * d:g * d + d].T / np.sqrt(d) + mask)
        out[:, h * d:h * d + d] = p @ v[:, g * d:g * d + d]
    return out


def rotate(x, d, base):
    """Adjacent pairs of each head of d elements by position * base^(-2i/d)."""
    n = len(x)
    angle = np.arange(n)[:, None] * base ** (-np.arange(0, d, 2) / d)
    pairs = x.reshape(n, -1, d // 2, 2)
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.stack([pairs[..., 0] * c - pairs[..., 1] * s, pairs[..., 0] * s + pairs[..., 1] * c], -1).reshape(n, -1)


# ---- Models -----------------------------------------------------------------------------------------------------
class Gguf:
    def __init__(self, path):
        from gguf import GGUFReader, dequantize
        self.reader = GGUFReader(path)
        self.tensors = {t.name: t for t in self.reader.tensors}
        self.dequantize = dequantize

    def __getitem__(self, name):
        t = self.tensors[name]
        return self.dequantize(t.data, t.tensor_type).astype(np.float64).reshape([int(n) for n in t.shape[::-1]])

    def __contains__(self, name):
        return name in self.tensors

    def field(self, key):
        return self.reader.fields[key].contents()


def llama_logits(g, texts):
    """Last token's logits of each text (a list of ids), one layer's weights in memory at a time."""
    heads, layers = g.field("llama.attention.head_count"), g.field("llama.block_count")
    eps, base = g.field("llama.attention.layer_norm_rms_epsilon"), g.field("llama.rope.freq_base")
    embedding = g["token_embd.weight"]
    xs = [embedding[ids] for ids in texts]
    d = xs[0].shape[1] // heads
    for i in range(layers):
        w = {part: g[f"blk.{i}.{part}.weight"] for part in
             ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")}
        for j, x in enumerate(xs):
            h = rms_norm(x, w["attn_norm"], eps)
            q, k = rotate(h @ w["attn_q"].T, d, base), rotate(h @ w["attn_k"].T, d, base)
            x = x + attention(q, k, h @ w["attn_v"].T, heads, True) @ w["attn_output"].T
            h = rms_norm(x, w["ffn_norm"], eps)
            gate = h @ w["ffn_gate"].T
            xs[j] = x + (gate / (1 + np.exp(-gate)) * (h @ w["ffn_up"].T)) @ w["ffn_down"].T
    head = g["output.weight"] if "output.weight" in g else embedding
    return [head @ rms_norm(x[-1], g["output_norm.weight"], eps) for x in xs]


def gpt2_logits(w, ids, heads, layers, eps):
    """All logits. w: name -> array, as in GGUF."""
    x = w["token_embd.weight"][ids] + w["position_embd.weight"][:len(ids)]
    for i in range(layers):
        def part(name, b=f"blk.{i}."):
            return w[f"{b}{name}.weight"], w[f"{b}{name}.bias"]

        def linear(name, h):
            m, bias = part(name)
            return h @ m.T + bias
        q, k, v = np.split(linear("attn_qkv", layer_norm(x, *part("attn_norm"), eps)), 3, axis=1)
        x = x + linear("attn_output", attention(q, k, v, heads, True))
        h = linear("ffn_up", layer_norm(x, *part("ffn_norm"), eps))
        h = 0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h ** 3)))
        x = x + linear("ffn_down", h)
    return layer_norm(x, w["output_norm.weight"], w["output_norm.bias"], eps) @ w["token_embd.weight"].T


def erf(x):
    from math import erf as one
    return np.vectorize(one)(x)


def bert_embedding(w, ids, heads, layers, eps):
    def linear(name, h):
        return h @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(name, h):
        return layer_norm(h, w[name + ".weight"], w[name + ".bias"], eps)
    e = "embeddings."
    x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:len(ids)]
    x = norm(e + "LayerNorm", x + w[e + "token_type_embeddings.weight"][0])
    for i in range(layers):
        b = f"encoder.layer.{i}."
        q, k, v = (linear(f"{b}attention.self.{part}", x) for part in ("query", "key", "value"))
        x = norm(b + "attention.output.LayerNorm", x + linear(b + "attention.output.dense", attention(q, k, v, heads, False)))
        h = linear(b + "intermediate.dense", x)
        x = norm(b + "output.LayerNorm", x + linear(b + "output.dense", 0.5 * h * (1 + erf(h / np.sqrt(2)))))
    mean = x.mean(0)
    return mean / np.sqrt(mean @ mean)


def read_safetensors(path):
    data = Path(path).read_bytes()
    size, = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    return {name: np.frombuffer(data, np.float32, count=(t["data_offsets"][1] - t["data_offsets"][0]) // 4,
                                offset=8 + size + t["data_offsets"][0]).reshape(t["shape"]).astype(np.float64)
            for name, t in header.items() if name != "__metadata__" and t["dtype"] == "F32"}


# ---- Published tokenizers ---------------------------------------------------------------------------------------
def smollm_tokenizer(g):
    """The vocabulary of the file, split as SmolLM's tokenizer.json says: digits alone, then GPT-2's pattern."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    tokens, types = g.field("tokenizer.ggml.tokens"), g.field("tokenizer.ggml.token_type")
    merges = [tuple(m.split(" ")) for m in g.field("tokenizer.ggml.merges")]
    t = Tokenizer(models.BPE({text: i for i, text in enumerate(tokens)}, merges))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(text, normalized=False, special=True)
                          for text, kind in zip(tokens, types) if kind == 3])
    return t


def bert_tokenizer(folder):
    from tokenizers import Tokenizer
    t = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    t.no_padding()
    t.no_truncation()
    return t


# ---- Tiny models ------------------------------------------------------------------------------------------------
def tiny_gpt2(path):
    import gguf
    rng = np.random.default_rng(5)
    dim, ffn, heads, layers, context, vocab = 32, 64, 4, 2, 48, 258
    w = {"token_embd.weight": rng.normal(0, 1, (vocab, dim)), "position_embd.weight": rng.normal(0, .5, (context, dim))}
    for name, n in [("output_norm", dim)] + [(f"blk.{i}.{p}", dim) for i in range(layers) for p in ("attn_norm", "ffn_norm")]:
        w[name + ".weight"], w[name + ".bias"] = rng.normal(1, .2, n), rng.normal(0, .2, n)
    for i in range(layers):
        for p, a, b in (("attn_qkv", dim, 3 * dim), ("attn_output", dim, dim), ("ffn_up", dim, ffn), ("ffn_down", ffn, dim)):
            w[f"blk.{i}.{p}.weight"], w[f"blk.{i}.{p}.bias"] = rng.normal(0, a ** -.5, (b, a)), rng.normal(0, .3, b)
    w = {k: v.astype(np.float32) for k, v in w.items()}
    out = gguf.GGUFWriter(path, "gpt2")
    out.add_block_count(layers)
    out.add_context_length(context)
    out.add_embedding_length(dim)
    out.add_feed_forward_length(ffn)
    out.add_head_count(heads)
    out.add_layer_norm_eps(1e-5)
    shown = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    hidden = [b for b in range(256) if b not in shown]
    text = {b: chr(b) for b in shown} | {b: chr(256 + i) for i, b in enumerate(hidden)}
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list([text[b] for b in range(256)] + ["th", "<|endoftext|>"])
    out.add_token_types([1] * 257 + [3])
    out.add_token_merges(["t h"])
    out.add_bos_token_id(257)
    out.add_eos_token_id(257)
    for name, value in w.items():
        out.add_tensor(name, value)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    ids = [int(i) for i in rng.integers(0, vocab, 20)]
    logits = gpt2_logits({k: v.astype(np.float64) for k, v in w.items()}, ids, heads, layers, 1e-5)
    return {"ids": ids, "logits": [[round(float(v), 6) for v in row[::7]] for row in logits], "every": 7}


def tiny_bert(folder):
    rng = np.random.default_rng(6)
    dim, ffn, heads, layers, context = 24, 48, 3, 2, 40
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "optic", "##al", "core", "s", "##s", "light", ".", ",", "a"]
    w = {"embeddings.word_embeddings.weight": rng.normal(0, 1, (len(words), dim)),
         "embeddings.position_embeddings.weight": rng.normal(0, .5, (context, dim)),
         "embeddings.token_type_embeddings.weight": rng.normal(0, .5, (2, dim))}
    norms = ["embeddings.LayerNorm"]
    for i in range(layers):
        b = f"encoder.layer.{i}."
        norms += [b + "attention.output.LayerNorm", b + "output.LayerNorm"]
        for p, n, m in (("attention.self.query", dim, dim), ("attention.self.key", dim, dim), ("attention.self.value", dim, dim),
                        ("attention.output.dense", dim, dim), ("intermediate.dense", dim, ffn), ("output.dense", ffn, dim)):
            w[b + p + ".weight"], w[b + p + ".bias"] = rng.normal(0, n ** -.5, (m, n)), rng.normal(0, .3, m)
    for name in norms:
        w[name + ".weight"], w[name + ".bias"] = rng.normal(1, .2, dim), rng.normal(0, .2, dim)
    w = {k: v.astype(np.float32) for k, v in w.items()}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in w.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "bert", "hidden_act": "gelu", "hidden_size": dim, "intermediate_size": ffn, "num_hidden_layers": layers,
         "num_attention_heads": heads, "max_position_embeddings": context, "layer_norm_eps": 1e-12}, indent=1) + "\n")
    ids = [2, 5, 6, 7, 8, 10, 12, 3]  # [CLS] the optical cores . [SEP]
    vector = bert_embedding({k: v.astype(np.float64) for k, v in w.items()}, ids, heads, layers, 1e-12)
    return {"text": "The opticál CORES.", "ids": ids, "embedding": [round(float(v), 7) for v in vector]}


def main(kind, path):
    if kind == "llama":
        g = Gguf(path)
        t = smollm_tokenizer(g)
        texts = [t.encode(p, add_special_tokens=False).ids for p in PROMPTS]
        rows = llama_logits(g, texts)
        result = {"every": EVERY, "prompts": [
            {"text": p, "ids": ids, "best": int(row.argmax()), "logits": [round(float(v), 5) for v in row[::EVERY]]}
            for p, ids, row in zip(PROMPTS, texts, rows)]}
    elif kind == "bert":
        config = json.loads((Path(path) / "config.json").read_text())
        w, t = read_safetensors(Path(path) / "model.safetensors"), bert_tokenizer(path)
        ids = [t.encode(s).ids for s in SENTENCES]
        result = {"sentences": [
            {"text": s, "ids": i, "embedding": [round(float(v), 7) for v in bert_embedding(
                w, i, config["num_attention_heads"], config["num_hidden_layers"], config["layer_norm_eps"])]}
            for s, i in zip(SENTENCES, ids)]}
    else:
        result = tiny_gpt2(path) if kind == "gpt2" else tiny_bert(path)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("llama", "bert", "gpt2", "tiny-bert"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
