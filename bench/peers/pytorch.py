"""An optimizer of PyTorch as the benchmark's peer: pytorch.py KIND THREADS DEVICE, tensor lengths as JSON on the first line of standard
input.

KIND is fused-adam (PyTorch >= 2.4), foreach-adam, adabelief (plain tensor operations, as the published class), or copy (of the gradients
into the parameters: no optimizer, but what moving memory costs); DEVICE cpu or cuda. Prints "ready", then for every line with a number of
steps the nanoseconds that they took."""

import json
import math
import sys
import time

import torch


class PlainAdaBelief:
    """Version 0.0.5 without options, one tensor operation after the other."""

    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.lr, self.beta1, self.beta2, self.eps = params, lr, beta1, beta2, eps
        self.state = [(torch.zeros_like(p), torch.zeros_like(p)) for p in params]
        self.t = 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        c1, c2 = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        for p, (m, s) in zip(self.params, self.state):
            g = p.grad
            m.mul_(self.beta1).add_(g, alpha=1 - self.beta1)
            residual = g - m
            s.mul_(self.beta2).addcmul_(residual, residual, value=1 - self.beta2)
            denominator = (s.add_(self.eps).sqrt() / math.sqrt(c2)).add_(self.eps)
            p.addcdiv_(m, denominator, value=-self.lr / c1)


class Copy:
    """Reads and writes every float once."""

    def __init__(self, params):
        self.params = params

    @torch.no_grad()
    def step(self):
        for p in self.params:
            p.copy_(p.grad)


def make(kind, params):
    if kind == "adabelief":
        return PlainAdaBelief(params)
    if kind == "copy":
        return Copy(params)
    options = {"fused": True} if kind == "fused-adam" else {"foreach": True}
    return torch.optim.Adam(params, lr=1e-3, **options)


def main():
    kind, threads, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    params = []
    for length in json.loads(sys.stdin.readline()):
        p = torch.nn.Parameter(torch.sin(torch.arange(length, dtype=torch.float32, device=device)))
        p.grad = torch.cos(torch.arange(length, dtype=torch.float32, device=device)) * 1e-2
        params.append(p)
    optimizer = make(kind, params)
    optimizer.step()
    wait()
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        started = time.perf_counter_ns()
        for _ in range(int(line)):
            optimizer.step()
        wait()
        print(time.perf_counter_ns() - started, flush=True)


main()
