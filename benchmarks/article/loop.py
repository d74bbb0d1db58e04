"""The article's side: a token loop on Hugging Face transformers that keeps nothing between steps.

Started by benchmarks/article.py in a virtual environment of its own, with one JSON object as its
argument: model (path of a GGUF file), system, question, tokens, penalty. It loads the weights,
dequantised to float32 as transformers does, and writes a line of JSON. Then it answers once for
each line that it reads, and writes a line of JSON about it; at the end of its input it ends.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # everything is on this disk
os.environ["TQDM_DISABLE"] = "1"

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging


@torch.inference_mode()
def answer(model: Any, tokenizer: Any, prompt: str, tokens: int, penalty: float) -> dict[str, Any]:
    """Read the whole text again for every token, choose the likeliest, append it."""
    began = time.perf_counter()
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    prompt_tokens = ids.shape[1]
    first = 0.0
    for _ in range(tokens):
        logits = model(input_ids=ids, use_cache=False).logits[0, -1]
        said = ids.unique()
        scores = logits[said]
        logits[said] = torch.where(scores > 0, scores / penalty, scores * penalty)
        token = logits.argmax()
        first = first or time.perf_counter() - began
        if token == tokenizer.eos_token_id:
            break
        ids = torch.cat([ids, token.view(1, 1)], dim=1)
    text = tokenizer.decode(ids[0, prompt_tokens:])
    return {
        "seconds": time.perf_counter() - began,
        "first_token_s": first,
        "prompt_tokens": prompt_tokens,
        "tokens": ids.shape[1] - prompt_tokens,
        "text": text,
    }


def main() -> None:
    job = json.loads(sys.argv[1])
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    path = Path(job["model"])
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    )
    model.eval()
    messages = [
        {"role": "system", "content": job["system"]},
        {"role": "user", "content": job["question"]},
    ]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    answer(model, tokenizer, prompt, 1, job["penalty"])  # warm
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for _ in sys.stdin:
        row = answer(model, tokenizer, prompt, job["tokens"], job["penalty"])
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
