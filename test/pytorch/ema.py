"""PyTorch's moving averages of weights, run for test/ema.test.ts: reads a JSON list of [decay, moments], where each moment has values by
their bits, and answers the bits of the average after each moment."""

import json
import struct
import sys

import torch
from torch.optim.swa_utils import AveragedModel

try:
    from torch.optim.swa_utils import get_ema_multi_avg_fn
except ImportError:  # before 2.1 its one operation has to be written out
    get_ema_multi_avg_fn = None


def floats(bits):
    return torch.tensor(struct.unpack(f"{len(bits)}f", struct.pack(f"{len(bits)}I", *bits)), dtype=torch.float32)


def bits(values):
    return list(struct.unpack(f"{len(values)}I", values.contiguous().numpy().tobytes()))


def averages(decay, moments):
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight = torch.nn.Parameter(torch.zeros(len(moments[0])))
    if get_ema_multi_avg_fn is None:
        average = AveragedModel(model, avg_fn=lambda ours, theirs, _: torch.lerp(ours, theirs, 1 - decay))
    else:
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    for values in moments:
        model.weight.data.copy_(floats(values))
        average.update_parameters(model)
        yield bits(average.module.weight.detach())


print(json.dumps([list(averages(decay, moments)) for decay, moments in json.load(sys.stdin)], separators=(",", ":")))
