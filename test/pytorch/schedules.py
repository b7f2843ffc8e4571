"""PyTorch's schedules, run for test/pytorch-schedules.test.ts and recorded in test/golden/schedules.json.

Reads one JSON request a line: {"optimizer": "adam" or "sgd", "lrs": [one a group], "schedulers": [[name, options], ...], "epochs"}, answers
each with {"lr", "momentum": [[one a group], ...]}: after the schedules were made, and after each step of all of them in turn.

    "metrics"   the metric of each epoch, for ReduceLROnPlateau
    "initial"   sets initial_lr of the groups beforehand, for last_epoch
    "exact"     computes math.cos and powers rounded correctly, which the C library does nearly always
    "save"      an epoch: answers "saved" as well, the schedules' state dicts there
    "resume"    {"states", "lr", "momentum"}: loads these first

With the name of a recording as its argument it makes the recording anew: for 60 epochs, saved at epoch 20."""

import decimal
import json
import math
import sys
import warnings

import torch
from torch.optim import lr_scheduler, swa_utils

warnings.simplefilter("ignore")
libm_cos = math.cos

LAMBDAS = {"inverse": lambda e: 1 / (1 + e), "saw": lambda e: (e % 7 + 1) / 7}
SCALES = {"halves": lambda x: 0.5 ** x, "fifths": lambda x: (x % 5) / 5}


class Exact(float):
    """A number whose powers are rounded correctly, as base and as exponent."""

    def __pow__(self, exponent):
        return exact_pow(float(self), float(exponent))

    def __rpow__(self, base):
        return exact_pow(float(base), float(self))


def exact_pow(base, exponent):
    if base == 0 or exponent == 0:
        return base**exponent
    with decimal.localcontext() as context:
        context.prec = 90
        power = decimal.Decimal(base) ** decimal.Decimal(exponent)
        return float(power)


def exact_cos(x):
    with decimal.localcontext() as context:
        context.prec = 80 + int(abs(x))  # terms grow to e^|x| before they shrink
        square = decimal.Decimal(x) ** 2
        total, term, n = decimal.Decimal(0), decimal.Decimal(1), 1
        while abs(term) > decimal.Decimal(10) ** -70:
            total += term
            term = -term * square / (n * (n + 1))
            n += 2
        return float(total)


def make(optimizer, name, options, exact):
    options = dict(options)
    for key in ("power", "gamma"):
        if exact and key in options and name in ("PolynomialLR", "CyclicLR"):
            options[key] = Exact(options[key])
    if "schedulers" in options:
        options["schedulers"] = [make(optimizer, *part, exact) for part in options["schedulers"]]
    if name == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(options["schedulers"])
    if "scale_fn" in options:
        options["scale_fn"] = SCALES[options["scale_fn"]]
    if name in ("LambdaLR", "MultiplicativeLR"):
        functions = options["lr_lambda"]
        options["lr_lambda"] = [LAMBDAS[f] for f in functions] if isinstance(functions, list) else LAMBDAS[functions]
    return getattr(swa_utils if name == "SWALR" else lr_scheduler, name)(optimizer, **options)


def plain(value):
    """What JSON can hold: infinity as a word, as float() reads it; nothing for a function."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return None if callable(value) else value


def python_dict(state):
    """A saved dict as PyTorch has it. Its release 1.13 would take the place of a function for one."""
    return {key: python(key, item) for key, item in state.items() if key != "_scale_fn_custom"}


def python(key, value):
    """A saved value as PyTorch has it: JSON makes words of infinity and of the numbers that name milestones."""
    if key == "milestones":
        return {int(epoch): count for epoch, count in value.items()}
    if key == "_schedulers":
        return [python_dict(part) for part in value]
    return float(value) if value in ("Infinity", "-Infinity") else value


def answer(request):
    exact = request.get("exact", False)
    math.cos = exact_cos if exact else libm_cos
    groups = [{"params": [torch.zeros(1)], "lr": lr} for lr in request["lrs"]]
    for group, initial in zip(groups, request.get("initial", [])):
        group["initial_lr"] = initial
    adam = request["optimizer"] == "adam"
    optimizer = torch.optim.Adam(groups) if adam else torch.optim.SGD(groups, lr=1, momentum=0.5)
    schedulers = [make(optimizer, *one, exact) for one in request["schedulers"]]
    if "resume" in request:
        resume = request["resume"]
        for scheduler, state in zip(schedulers, resume["states"]):
            scheduler.load_state_dict(python_dict(state))
        for group, lr, momentum in zip(optimizer.param_groups, resume["lr"], resume["momentum"]):
            group["lr"] = lr
            group.update({"betas": (momentum, 0.999)} if adam else {"momentum": momentum})

    rows = {"lr": [], "momentum": []}
    for epoch in range(request["epochs"] + 1):
        if epoch > 0:
            for scheduler in schedulers:
                scheduler.step(*([request["metrics"][epoch - 1]] if "metrics" in request else []))
        rows["lr"].append([group["lr"] for group in optimizer.param_groups])
        rows["momentum"].append([group["betas"][0] if adam else group["momentum"] for group in optimizer.param_groups])
        if epoch == request.get("save"):
            rows["saved"] = [plain(scheduler.state_dict()) for scheduler in schedulers]
    return rows


def record(path):
    with open(path) as file:
        recording = json.load(file)
    recording["pytorch"] = torch.__version__
    for case in recording["cases"].values():
        case["answer"] = answer({**case["request"], "epochs": 60, "save": 20})
        if all(momenta == case["answer"]["momentum"][0] for momenta in case["answer"]["momentum"]):
            case["answer"]["momentum"] = case["answer"]["momentum"][:1]
    with open(path, "w") as file:
        file.write('{"pytorch": %s, "cases": {\n' % json.dumps(recording["pytorch"]))
        lines = (f"{json.dumps(name)}: {json.dumps(case)}" for name, case in recording["cases"].items())
        file.write(",\n".join(lines) + "\n}}\n")


if len(sys.argv) > 1:
    record(sys.argv[1])
else:
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
