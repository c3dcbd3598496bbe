"""Writes adamw.json: weights of torch.optim.AdamW over 20 steps, in float64, that dha.adamw must reproduce.

    .venv/bin/python tests/golden/hpo/make_adamw.py > tests/golden/hpo/adamw.json

Made with torch 2.11.0. The gradients are those of sgd.json.
"""
import json

import torch
from make_sgd import EPOCHS, SHAPES, STEPS, STEPS_PER_EPOCH, made_gradients, trajectory
from torch.optim import lr_scheduler

# name: parameters of dha.adamw, options of torch.optim.AdamW, schedule by epoch or step
CASES = {
    "defaults": ({"schedule": "constant"}, {"weight_decay": 0.01}, None, None),
    "no_decay": ({"schedule": "constant", "weight_decay": 0.0}, {"weight_decay": 0.0}, None, None),
    "matrices_decay": (
        {"schedule": "constant", "weight_decay": 0.5, "decay_vectors": False}, {"weight_decay": {"a": 0.5, "b": 0.0}}, None, None),
    "betas": (
        {"betas": [0.5, 0.99], "epsilon": 1e-3, "weight_decay": 0.1, "schedule_by": "step"},
        {"betas": (0.5, 0.99), "eps": 1e-3, "weight_decay": 0.1},
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS), "step"),
    "restarts": (
        {"schedule": "cosine_restarts", "restart_epochs": 2, "restart_factor": 2, "weight_decay": 0.1},
        {"weight_decay": 0.1},
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2), "epoch"),
}


def main():
    gradients, cases = made_gradients(), []
    for name, (params, options, schedule, schedule_by) in CASES.items():
        cases.append({"name": name, "params": {"learning_rate": 0.05, **params},
                      **trajectory(gradients, torch.optim.AdamW, 0.05, options, schedule, schedule_by)})
    print(json.dumps({
        "torch": torch.__version__.split("+")[0], "epochs": EPOCHS, "steps_per_epoch": STEPS_PER_EPOCH,
        "shapes": SHAPES, "gradients": gradients, "cases": cases}))


if __name__ == "__main__":
    main()
