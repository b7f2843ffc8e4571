"""The published package as far as documents and tests use it: release 0.2.1 unless told otherwise, with groups and states as its
class keeps them. The arithmetic is that of adabelief.py."""

import torch

import adabelief

PUBLISHED = ["lr", "betas", "eps", "weight_decay", "amsgrad"]
DEFAULTS = {
    **{"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-16, "weight_decay": 0, "amsgrad": False},
    **{"weight_decouple": True, "fixed_decay": False, "rectify": True, "degenerated_to_sgd": True},
}


class AdaBelief(torch.optim.Optimizer):
    """Its four switches belong to the optimizer, not to a group."""

    def __init__(self, params, version="0.2.1", print_change_log=True, **options):
        options = {**DEFAULTS, **options}
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
