"""Embeds texts with sentence-transformers and takes the time: reference.py MODEL_DIRECTORY

Reads {"text", "calls"} as lines of JSON, embeds the text so many times, one call after the other on one thread, and
answers each line with {"nanoseconds", "vector"}. Its first line names the versions.
"""

import json
import sys
import time

import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer

try:
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
except ImportError:  # before 5.2
    from sentence_transformers.models import Normalize, Pooling, Transformer


def main(directory):
    torch.set_num_threads(1)
    transformer = Transformer(directory, max_seq_length=256)
    pooling = Pooling(transformer.auto_model.config.hidden_size, pooling_mode="mean")
    model = SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")
    versions = (
        f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}, "
        f"torch {torch.__version__}"
    )
    say({"versions": versions})
    for line in sys.stdin:
        request = json.loads(line)
        text, nanoseconds = request["text"], []
        for _ in range(request["calls"]):
            start = time.perf_counter_ns()
            vector = model.encode(text, show_progress_bar=False)
            nanoseconds.append(time.perf_counter_ns() - start)
        say({"nanoseconds": nanoseconds, "vector": vector.tolist()})


def say(answer):
    print(json.dumps(answer), flush=True)


main(sys.argv[1])
