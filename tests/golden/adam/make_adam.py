"""Writes adam.json: variables after steps of torch.optim.Adam with given gradients, in double.

Row 1 has no gradient from step 6 on, as a decided variable: Adam then leaves it alone. Run with: torch 2.11.0.
"""

import json
import pathlib

import torch

torch.manual_seed(3)
options = {"learning_rate": 3e-4, "beta1": 0.5, "beta2": 0.999, "weight_decay": 1e-3, "epsilon": 1e-8}
rows = [torch.nn.Parameter(1e-3 * torch.randn(4, dtype=torch.float64)) for _ in range(3)]
optimizer = torch.optim.Adam(rows, lr=options["learning_rate"], betas=(options["beta1"], options["beta2"]),
                             eps=options["epsilon"], weight_decay=options["weight_decay"])
start = torch.stack([row.detach().clone() for row in rows])
steps = []
for step in range(12):
    gradient = torch.randn(3, 4, dtype=torch.float64) * 10.0 ** (step % 4 - 2)
    live = [True, step < 6, True]
    for row, row_gradient, is_live in zip(rows, gradient, live):
        row.grad = row_gradient.clone() if is_live else None
    optimizer.step()
    steps.append({"gradient": gradient.tolist(), "live": live, "code": [row.tolist() for row in rows]})
golden = {"torch": torch.__version__, "options": options, "start": start.tolist(), "steps": steps}
pathlib.Path(__file__).with_name("adam.json").write_text(json.dumps(golden) + "\n")
