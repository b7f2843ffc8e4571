"""AdaBelief in plain PyTorch tensor operations, run in float32: what test/pytorch.test.ts compares bits with.

Reads one JSON object a line from standard input: {"version", "options", "steps", "inputs"}, where the file `inputs` holds the parameters
and then the gradients of every step as float32; answers each with a line that names the file with parameters and states."""

import json
import math
import sys

import torch


def step(p, g, state, version, o):
    """One step. Every line that touches a tensor is one operation of PyTorch's, which rounds to float32 as it does."""
    newest = version == "0.2.1"
    beta1, beta2 = o["betas"]
    lr, eps, decay = o["lr"], o["eps"], o["weight_decay"]
    if o["weight_decouple"]:
        p.mul_(1.0 - (decay if o["fixed_decay"] else lr * decay))
    elif decay != 0:
        g = g.clone().add_(p, alpha=decay)

    state["step"] += 1
    t = state["step"]
    c1, c2 = 1 - beta1**t, 1 - beta2**t
    m, s = state["exp_avg"], state["exp_avg_var"]
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    residual = g - m
    s.mul_(beta2).addcmul_(residual, residual, value=1 - beta2)

    variance = s
    if newest:
        s.add_(eps)
    if o["amsgrad"]:
        variance = state["max_exp_avg_var"]
        torch.max(variance, s, out=variance)
    if not newest:
        variance.add_(eps)

    rho_inf = 2 / (1 - beta2) - 1
    rho_t = rho_inf - 2 * t * beta2**t / c2
    if not o["rectify"]:
        p.addcdiv_(m, (variance.sqrt() / math.sqrt(c2)).add_(eps), value=-(lr / c1))
    elif newest and rho_t >= 5:
        r = math.sqrt(c2 * (rho_t - 4) / (rho_inf - 4) * (rho_t - 2) / rho_t * rho_inf / (rho_inf - 2)) / c1
        p.addcdiv_(m, s.sqrt().add_(eps), value=-r * lr)
    elif newest and o["degenerated_to_sgd"]:
        p.add_(m, alpha=-(1 / c1) * lr)
    elif not newest and rho_t > 4:
        r = math.sqrt((rho_t - 4) * (rho_t - 2) * rho_inf / (rho_inf - 4) / (rho_inf - 2) / rho_t)
        p.addcdiv_(m, (variance.sqrt() / math.sqrt(c2)).add_(eps), value=-(r * lr / c1))
    elif not newest:
        p.add_(m, alpha=-lr)


def main():
    torch.set_num_threads(1)
    for line in sys.stdin:
        request = json.loads(line)
        with open(request["inputs"], "rb") as file:
            numbers = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        rows = numbers.reshape(request["steps"] + 1, -1)
        p = rows[0].clone()
        state = {"step": 0, "exp_avg": torch.zeros_like(p), "exp_avg_var": torch.zeros_like(p)}
        if request["options"]["amsgrad"]:
            state["max_exp_avg_var"] = torch.zeros_like(p)
        for g in rows[1:]:
            step(p, g, state, request["version"], request["options"])
        answer = request["inputs"] + ".out"
        with open(answer, "wb") as file:
            for tensor in [p, *(value for value in state.values() if torch.is_tensor(value))]:
                file.write(bytes(tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage().untyped()))
        print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    main()
