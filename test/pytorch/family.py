"""The elementwise optimizers of the family in PyTorch, run in float32: what test/pytorch-family.test.ts compares bits with.

SGD, Adam and AdamW are PyTorch's own; the others are the published rules, one tensor operation a line. Reads one JSON object a line from
standard input: {"optimizer", "options", "lrs", "inputs"}, where the file `inputs` holds the parameters and then the gradients of every
step as float32, and `lrs` the learning rate of each; answers with a file of the parameters after every step."""

import json
import math
import sys

import torch


def corrections(o, state):
    state["step"] += 1
    return 1 - o["betas"][0] ** state["step"], 1 - o["betas"][1] ** state["step"]


def decayed(g, p, o):
    return g.add(p, alpha=o["weight_decay"]) if o["weight_decay"] != 0 else g


def radam(p, g, m, v, state, o):
    beta1, beta2 = o["betas"]
    v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    c1, c2 = corrections(o, state)
    t = state["step"]
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * t * beta2**t / c2
    if length < 5 and not o["degenerated_to_sgd"]:
        return
    if o["weight_decay"] != 0:
        p.add_(p, alpha=-o["weight_decay"] * o["lr"])
    if length >= 5:
        size = math.sqrt(c2 * (length - 4) / (limit - 4) * (length - 2) / length * limit / (limit - 2)) / c1
        p.addcdiv_(m, v.sqrt().add_(o["eps"]), value=-size * o["lr"])
    else:
        p.add_(m, alpha=-(1.0 / c1) * o["lr"])


def yogi(p, g, m, v, state, o):
    beta1, beta2 = o["betas"]
    c1, c2 = corrections(o, state)
    g = decayed(g, p, o)
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    square = g.mul(g)
    v.addcmul_(torch.sign(v - square), square, value=-(1 - beta2))
    p.addcdiv_(m, (v.sqrt() / math.sqrt(c2)).add_(o["eps"]), value=-(o["lr"] / c1))


def msvag(p, g, m, v, state, o):
    beta1 = o["betas"][0]
    c1, c2 = corrections(o, state)
    g = decayed(g, p, o)
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    v.mul_(beta1).addcmul_(g, g, value=1 - beta1)
    power = beta1 ** state["step"]
    rho = (1.0 - beta1) / (1.0 + beta1) * (1.0 + power) / (1.0 - power)
    mean, square = m / c1, v / (c1 if o["consistent_bias_correction"] else c2)
    spread = (square - mean**2) / (1.0 - rho)
    gamma = mean**2 / (mean**2 + rho * spread)
    gamma[gamma != gamma] = 0.0
    p.add_(-o["lr"] * mean * gamma)


def adabound(p, g, m, v, state, o):
    beta1, beta2 = o["betas"]
    c1, c2 = corrections(o, state)
    g = decayed(g, p, o)
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    if o["amsbound"]:
        largest = state.setdefault("largest", torch.zeros_like(p))
        torch.max(largest, v, out=largest)
        v = largest
    final = o["final_lr"] * o["lr"] / o["base_lr"]
    lower = final * (1 - 1 / (o["gamma"] * state["step"] + 1))
    upper = final * (1 + 1 / (o["gamma"] * state["step"]))
    size = torch.full_like(p, o["lr"] * math.sqrt(c2) / c1).div_(v.sqrt().add_(o["eps"]))
    p.add_(-size.clamp_(lower, upper).mul_(m))


RULES = {"RAdam": radam, "Yogi": yogi, "MSVAG": msvag, "AdaBound": adabound}
CLASSES = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}


def stepper(name, p, options):
    """A function of a gradient and a learning rate."""
    if name in CLASSES:
        optimizer = CLASSES[name]([p], **options)

        def step(g, lr):
            p.grad, optimizer.param_groups[0]["lr"] = g.clone(), lr
            optimizer.step()

        return step
    o, state = {**options, "base_lr": options["lr"]}, {"step": 0}
    m, v = (torch.full_like(p, o.get("initial_accumulator", 0.0)) for _ in range(2))
    return lambda g, lr: RULES[name](p, g.clone(), m, v, state, {**o, "lr": lr})


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    for line in sys.stdin:
        request = json.loads(line)
        with open(request["inputs"], "rb") as file:
            numbers = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        rows = numbers.reshape(len(request["lrs"]) + 1, -1)
        p = rows[0].clone()
        step = stepper(request["optimizer"], p, request["options"])
        with open(request["inputs"] + ".out", "wb") as file:
            for g, lr in zip(rows[1:], request["lrs"]):
                step(g, lr)
                file.write(p.numpy().tobytes())


if __name__ == "__main__":
    main()
