"""Training in PyTorch from checkpoint to checkpoint: what test/checkpoint-pytorch.test.ts runs.

`snippet` is the Python of docs/checkpoints.md. Reads one JSON object a line from standard input: {"version", "options", "schedule", "skip",
"shapes", "values" (a file of float32, or null), "load" (or null), "gradients" (a file: a row a step), "from", "to", "save"}."""

import json
import sys

import snippet
import torch

from adabelief_pytorch import AdaBelief


def floats(path):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.float32)


def tensors_in(flat, shapes):
    sizes = [torch.Size(shape).numel() for shape in shapes]
    return [part.reshape(shape).clone() for part, shape in zip(flat.split(sizes), shapes)]


def run(request):
    shapes = request["shapes"]
    total = sum(torch.Size(shape).numel() for shape in shapes)
    values = floats(request["values"]) if request["values"] else torch.zeros(total)
    params = [torch.nn.Parameter(tensor) for tensor in tensors_in(values, shapes)]
    optimizer = AdaBelief(params, request["version"], **request["options"])
    extra = snippet.load_state(optimizer, request["load"], parameters=True) if request["load"] else "from PyTorch"
    gradients = floats(request["gradients"]).reshape(-1, total)
    for step in range(request["from"], request["to"] + 1):
        for group in optimizer.param_groups:
            group["lr"] = request["schedule"].get(str(step), group["lr"])
        missing = request["skip"].get(str(step), [])
        for i, (p, gradient) in enumerate(zip(params, tensors_in(gradients[step - 1], shapes))):
            p.grad = None if i in missing else gradient
        optimizer.step()
    snippet.save_state(optimizer, request["save"], parameters=True, extra=extra)


torch.set_num_threads(1)
for line in sys.stdin:
    run(json.loads(line))
