"""Writes sgd.json: weights of torch.optim.SGD over 20 steps, in float64, that dha.sgd must reproduce.

    .venv/bin/python tests/golden/hpo/make_sgd.py > tests/golden/hpo/sgd.json

Made with torch 2.11.0. The gradients are part of the file; null: the weight took no part in that step.
"""
import json
import random

import torch
from torch.optim import lr_scheduler

STEPS, EPOCHS = 20, 10
STEPS_PER_EPOCH = STEPS // EPOCHS
SHAPES = {"a": (2, 2), "b": (3,)}


def made_gradients():
    draw = random.Random(7)
    steps = []
    for step in range(STEPS):
        gradients = {}
        for name, shape in SHAPES.items():
            absent = name == "b" and step in (0, 5, 6, 13)
            values = [round(draw.uniform(-1, 1), 6) for _ in range(torch.Size(shape).numel())]
            gradients[name] = None if absent else values
        steps.append(gradients)
    return steps


def warm_up_then_cosine(optimizer):
    warm_up = lr_scheduler.LinearLR(optimizer, start_factor=1 / 3, total_iters=2)  # 1/3, 2/3, 1
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS - 3, eta_min=0.001)
    return lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[3])


# name: parameters of dha.sgd, options of torch.optim.SGD, schedule by epoch or step
CASES = {
    "plain": ({"momentum": 0.0}, {}, None, None),
    "momentum": ({}, {"momentum": 0.9}, None, None),
    "nesterov": ({"nesterov": True, "weight_decay": 0.01}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, None, None),
    "decay": ({"momentum": 0.8, "weight_decay": 0.05}, {"momentum": 0.8, "weight_decay": 0.05}, None, None),
    "cosine": (
        {"schedule": "cosine", "minimum_learning_rate": 0.001, "weight_decay": 3e-4},
        {"momentum": 0.9, "weight_decay": 3e-4},
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS, eta_min=0.001), "epoch"),
    "cosine_by_step": (
        {"schedule": "cosine", "schedule_by": "step", "nesterov": True},
        {"momentum": 0.9, "nesterov": True},
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS), "step"),
    "linear": (
        {"schedule": "linear", "minimum_learning_rate": 0.02},
        {"momentum": 0.9},
        lambda o: lr_scheduler.LinearLR(o, start_factor=1, end_factor=0.2, total_iters=EPOCHS), "epoch"),
    "step": (
        {"schedule": "step", "step_epochs": 3, "step_factor": 0.5},
        {"momentum": 0.9},
        lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.5), "epoch"),
    "restarts": (
        {"schedule": "cosine_restarts", "restart_epochs": 2, "restart_factor": 3, "minimum_learning_rate": 0.001},
        {"momentum": 0.9},
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=3, eta_min=0.001), "epoch"),
    "restarts_by_step": (
        {"schedule": "cosine_restarts", "schedule_by": "step", "restart_epochs": 3, "restart_factor": 1},
        {"momentum": 0.9},
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=3 * STEPS_PER_EPOCH), "step"),
    "matrices_decay": (
        {"weight_decay": 0.05, "decay_vectors": False},
        {"momentum": 0.9, "weight_decay": {"a": 0.05, "b": 0.0}}, None, None),
    "warm_up": (
        {"schedule": "cosine", "warm_up_epochs": 3, "minimum_learning_rate": 0.001},
        {"momentum": 0.9}, warm_up_then_cosine, "epoch"),
}


def trajectory(gradients, rule, learning_rate, options, make_schedule, schedule_by):
    """`options` of the rule; "weight_decay" may be given by weight."""
    options = dict(options)
    decays = options.pop("weight_decay", 0.0)
    weights = {
        name: torch.linspace(-1, 1, torch.Size(shape).numel(), dtype=torch.float64).reshape(shape).requires_grad_()
        for name, shape in SHAPES.items()
    }
    groups = [{"params": [w], "weight_decay": decays[n] if isinstance(decays, dict) else decays} for n, w in weights.items()]
    optimizer = rule(groups, lr=learning_rate, **options)
    schedule = make_schedule(optimizer) if make_schedule else None
    rates, values = [], []
    for step, given in enumerate(gradients):
        for name, weight in weights.items():
            weight.grad = None if given[name] is None else torch.tensor(given[name], dtype=torch.float64).reshape(SHAPES[name])
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        values.append({name: weight.detach().reshape(-1).tolist() for name, weight in weights.items()})
        if schedule and (schedule_by == "step" or (step + 1) % STEPS_PER_EPOCH == 0):
            schedule.step()
    return {"rates": rates, "weights": values}


def main():
    gradients = made_gradients()
    cases = []
    for name, (params, options, schedule, schedule_by) in CASES.items():
        full = {"learning_rate": 0.1, "weight_decay": 0.0, "schedule": "constant", **params}
        cases.append({"name": name, "params": full, **trajectory(gradients, torch.optim.SGD, 0.1, options, schedule, schedule_by)})
    print(json.dumps({
        "torch": torch.__version__.split("+")[0], "epochs": EPOCHS, "steps_per_epoch": STEPS_PER_EPOCH,
        "shapes": SHAPES, "gradients": gradients, "cases": cases}))


if __name__ == "__main__":
    main()
