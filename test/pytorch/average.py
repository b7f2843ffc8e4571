"""PyTorch's averages of weights, run for test/weight-average.test.ts: reads a JSON list of values a moment, answers the average after each."""

import json
import sys

import torch
from torch.optim.swa_utils import AveragedModel

model = torch.nn.Linear(1, 1, bias=False)
moments = json.load(sys.stdin)
model.weight = torch.nn.Parameter(torch.zeros(len(moments[0])))
average = AveragedModel(model)
answers = []
for values in moments:
    model.weight.data.copy_(torch.tensor(values, dtype=torch.float32))
    average.update_parameters(model)
    answers.append(average.module.weight.tolist())
print(json.dumps(answers))
