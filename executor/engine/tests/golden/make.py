"""Writes embeddings.json beside this file: what sentence-transformers makes of some texts.

    python3 -m venv venv
    venv/bin/pip install torch==2.11.0 transformers==4.57.6 sentence-transformers==5.7.0
    venv/bin/python make.py ../../../../.infera/models/all-minilm-l6-v2

The reference runs on one CPU thread, one text at a time. Vectors are stored as the hexadecimal
bytes of little-endian float32, so that nothing is lost in printing.
"""

import json
import pathlib
import sys

import numpy
import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

MAX_LENGTH = 256

TEXTS = [
    "Raise the protocol fee from 5 to 8 basis points for six months.",
    "Fund an audit of the bridge contracts by an independent firm before the next upgrade.",
    "The cat sits outside while the new movie is awesome.",
    "",
    "a",
    "ACCENTS: Ünïcödé, naïve café, Ångström – and “quotes”…",
    "日本語の文章と한국어 문장, кириллица, العربية.",
    "Emoji 🎉🚀 and unknown \u2fff symbols \U0001f9ff.",
    "tabs\tand\nnew lines\r\n  and   many    spaces\u00a0and a zero\u200bwidth space",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis 0xdeadbeef",
    "[CLS] a text that names [MASK] special tokens [SEP] in its middle",
    " ".join(f"Clause {number}: the treasury pays {number * 37} tokens." for number in range(60)),
]

ZERO_SHOT = {
    "text": TEXTS[0],
    "labels": ["fees and revenue", "security", "marketing", "governance process"],
}


def main() -> None:
    directory = sys.argv[1]
    torch.set_num_threads(1)
    transformer = Transformer(directory, max_seq_length=MAX_LENGTH)
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    model = SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")

    def embed(text: str) -> numpy.ndarray:
        return model.encode([text], convert_to_numpy=True)[0].astype("<f4")

    def tokens(text: str) -> list[int]:
        return model.tokenizer(text, truncation=True, max_length=MAX_LENGTH)["input_ids"]

    embedded = embed(ZERO_SHOT["text"]).astype(numpy.float64)
    fixture = {
        "made_with": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "sentence-transformers": sentence_transformers.__version__,
        },
        "max_length": MAX_LENGTH,
        "texts": [
            {"text": text, "tokens": tokens(text), "vector": embed(text).tobytes().hex()} for text in TEXTS
        ],
        "zero_shot": ZERO_SHOT
        | {"cosines": [float(embedded @ embed(label).astype(numpy.float64)) for label in ZERO_SHOT["labels"]]},
    }
    path = pathlib.Path(__file__).with_name("embeddings.json")
    path.write_text(one_line_an_item(fixture) + "\n", encoding="utf-8")


def one_line_an_item(fixture: dict) -> str:
    """JSON with a line for each text, so that a change shows which one it touches."""
    texts = ",\n".join(json.dumps(text, ensure_ascii=False) for text in fixture["texts"])
    parts = [
        f"{json.dumps(key)}: " + (f"[\n{texts}\n]" if key == "texts" else json.dumps(value, ensure_ascii=False))
        for key, value in fixture.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}"


if __name__ == "__main__":
    main()
