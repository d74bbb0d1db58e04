"""Trains a LoRA adapter for the assistant's language model on conversations of your own.

    python train.py TALKS.jsonl OUT [--base NAME_OR_FOLDER] [--epochs 3] [--rank 16]

TALKS.jsonl has one conversation a line:

    {"messages": [{"role": "system", "content": "..."}, {"role": "user", "content": "..."},
                  {"role": "assistant", "content": "..."}]}

Only what the assistant says is learned. It runs on a GPU where there is one, and needs torch,
transformers and peft; nothing of it is part of the assistant.
"""

import argparse
import json
import random
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""All that is multiplied in a layer; not the embedding, not the head."""
UNLEARNED = -100
"""What transformers takes for "this token is no answer"."""


def encoded(tokenizer, messages):
    """Return token ids and labels of a conversation in ChatML, the form that Qwen2.5 knows."""
    ids, labels = [], []
    for message in messages:
        start = tokenizer.encode(f"<|im_start|>{message['role']}\n", add_special_tokens=False)
        text = tokenizer.encode(f"{message['content']}<|im_end|>", add_special_tokens=False)
        after = tokenizer.encode("\n", add_special_tokens=False)
        ids += start + text + after
        learned = text if message["role"] == "assistant" else [UNLEARNED] * len(text)
        labels += [UNLEARNED] * len(start) + learned + [UNLEARNED] * len(after)
    return ids, labels


def main():
    """Train, and write the adapter in PEFT's form."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("talks", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B-Instruct")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-4)
    options = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    model = AutoModelForCausalLM.from_pretrained(options.base, dtype=torch.float32).to(device)
    wanted = LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        lora_dropout=0.05,
        target_modules=MODULES,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, wanted)
    model.print_trainable_parameters()

    lines = options.talks.read_text(encoding="utf-8").splitlines()
    talks = [encoded(tokenizer, json.loads(line)["messages"]) for line in lines if line.strip()]
    optimizer = torch.optim.AdamW(
        (weight for weight in model.parameters() if weight.requires_grad), lr=options.rate
    )
    random.seed(1)
    model.train()
    for epoch in range(1, options.epochs + 1):
        random.shuffle(talks)
        total = 0.0
        for ids, labels in talks:
            batch = {"input_ids": torch.tensor([ids]), "labels": torch.tensor([labels])}
            loss = model(**{name: tensor.to(device) for name, tensor in batch.items()}).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            total += loss.item()
        print(f"epoch {epoch}: loss {total / len(talks):.3f}", flush=True)
    model.save_pretrained(options.out)


if __name__ == "__main__":
    main()
