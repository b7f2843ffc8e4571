"""Training in PyTorch from checkpoint to checkpoint: what test/checkpoint-pytorch.test.ts runs.

`snippet` is the Python of docs/checkpoints.md. Reads one JSON object a line from standard input: {"version", "options", "schedule", "skip",
"shapes", "values" (a file of float32, or null), "load" (or null), "gradients" (a file: a row a step), "from", "to", "save"}."""

import json
import sys

import snippet
import torch

import adabelief

PUBLISHED = ["lr", "betas", "eps", "weight_decay", "amsgrad"]


class AdaBelief(torch.optim.Optimizer):
    """With groups and states as the published classes keep them: their four switches belong to the optimizer."""

    def __init__(self, params, version, options):
        super().__init__(params, {key: options[key] for key in PUBLISHED})
        self.version = version
        self.switches = {key: value for key, value in options.items() if key not in PUBLISHED}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_var=torch.zeros_like(p))
                    if group["amsgrad"]:
                        state["max_exp_avg_var"] = torch.zeros_like(p)
                adabelief.step(p, p.grad, state, self.version, {**self.switches, **group})


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
    optimizer = AdaBelief(params, request["version"], request["options"])
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
