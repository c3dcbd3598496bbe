"""Log-probability, entropy and gradient of paths under the controller of ENAS, from torch.nn.LSTMCell and autograd.

    python tests/golden/enas_controller/make_controller.py > tests/golden/enas_controller/controller.json   (torch 2.11.0)

Written from the paper (ENAS, arXiv 1802.03268) and the constants of its published code. The variables are given by a
formula, in the order of the vector of dha: LSTM (input and state to i, f, o, g), first input, embeddings, softmax,
biases, attention of anchors, attention of the state, attention vector.
"""
import json

import torch

UNITS = 5
OPERATIONS = ["sep_conv_3x3", "skip_connect", "max_pool_3x3"]
FAVOURED = {"sep_conv_3x3"}
# name, inputs, operations, keep, distinct inputs
CHOICES = [("normal.node0", 2, [0, 1, 2], 2, True), ("normal.node1", 3, [0, 1, 2], 2, True),
           ("reduce.node0", 2, [0, 1, 2], 2, False), ("reduce.node1", 3, [0, 1, 2], 2, False),
           ("block.first", 1, [0, 2], 1, False), ("block.second", 1, [0, 1, 2], 1, False)]
# (input, operation) in order of drawing.
PATHS = [
    [[(0, 0), (1, 2)], [(2, 1), (0, 1)], [(1, 0), (1, 2)], [(0, 2), (2, 0)], [(0, 2)], [(0, 1)]],
    [[(1, 1), (0, 1)], [(0, 0), (1, 0)], [(0, 1), (1, 1)], [(2, 2), (2, 1)], [(0, 0)], [(0, 0)]],
]
SETTINGS = [dict(temperature=1.0, tanh_constant=1.1, operation_reduction=2.5, fixed_bias=0.25),
            dict(temperature=2.0, tanh_constant=0.0, operation_reduction=2.5, fixed_bias=-0.5)]


def parts_of(flat, u, o):
    shapes = dict(lstm=(2 * u, 4 * u), start=(u,), embeddings=(o, u), softmax=(u, o), bias=(o,), anchor=(u, u), state=(u, u),
                  attention=(u,))
    parts, start = {}, 0
    for name, shape in shapes.items():
        end = start + torch.Size(shape).numel()
        parts[name] = flat[start:end].reshape(shape)
        start = end
    assert start == len(flat)
    return parts


def make_variables():
    count = 8 * UNITS**2 + UNITS + 2 * UNITS * len(OPERATIONS) + len(OPERATIONS) + 2 * UNITS**2 + UNITS
    return torch.sin(torch.arange(1, count + 1, dtype=torch.float64) ** 2).requires_grad_(True)


class Controller:
    def __init__(self, flat, settings, units=UNITS, operations=OPERATIONS, choices=CHOICES, favoured=FAVOURED):
        parts = parts_of(flat, units, len(operations))
        self.parts, self.settings, self.units, self.choices = parts, settings, units, choices
        self.signs = torch.tensor([1.0 if o in favoured else -1.0 for o in operations], dtype=torch.float64)
        i, f, o, g = parts["lstm"].t().chunk(4)  # torch's order is i, f, g, o
        weight = torch.cat([i, f, g, o])
        self.cell = torch.nn.LSTMCell(units, units, bias=False, dtype=torch.float64)
        self.weights = {"weight_ih": weight[:, :units], "weight_hh": weight[:, units:]}
        self.h = self.c = torch.zeros(1, units, dtype=torch.float64)
        self.log_p, self.entropy = 0, 0

    def advance(self, x):
        self.h, self.c = torch.func.functional_call(self.cell, self.weights, (x.reshape(1, -1), (self.h, self.c)))

    def squash(self, logits, constant):
        logits = logits / self.settings["temperature"]
        return constant * torch.tanh(logits) if constant else logits

    def decide(self, logits, allowed, which):
        closed = torch.full_like(logits, -torch.inf)
        closed[allowed] = 0
        distribution = torch.distributions.Categorical(logits=logits + closed)
        self.log_p = self.log_p + distribution.log_prob(torch.tensor(which))
        p = distribution.probs.detach()
        self.entropy += float(-(p[p > 0] * p[p > 0].log()).sum())

    def path(self, path):
        p, constant = self.parts, self.settings["tanh_constant"]
        x, cell = p["start"], None
        for (name, inputs, operations, keep, distinct), draws in zip(self.choices, path):
            attends = not name.startswith("block")
            if name.split(".")[0] != cell:
                first_cell = cell is None
                cell, anchors = name.split(".")[0], []
                if attends:
                    for _ in range(2):
                        self.advance(p["start"])
                        anchors.append((torch.zeros(self.units, dtype=torch.float64), self.h[0]))
                    x = p["start"]
            open_pairs = [(i, o) for i in range(inputs) for o in operations]
            for pair in draws:
                if attends:
                    self.advance(x)
                    scores = torch.stack([p["attention"] @ torch.tanh(h @ p["anchor"] + self.h[0] @ p["state"])
                                          for _, h in anchors[:inputs]])
                    self.decide(self.squash(scores, constant), sorted({i for i, _ in open_pairs}), pair[0])
                    x = anchors[pair[0]][0]
                self.advance(x)
                logits = self.squash(self.h[0] @ p["softmax"] + p["bias"], constant / self.settings["operation_reduction"])
                if first_cell:
                    logits = logits + self.settings["fixed_bias"] * self.signs
                self.decide(logits, [o for i, o in open_pairs if i == pair[0]], pair[1])
                x = p["embeddings"][pair[1]]
                open_pairs = [q for q in open_pairs if q != pair and not (distinct and q[0] == pair[0])]
            if attends:
                self.advance(x)
                anchors.append((self.h[0], self.h[0]))
                x = p["start"]


def main():
    cases = []
    for settings in SETTINGS:
        for path in PATHS:
            flat = make_variables()
            controller = Controller(flat, settings)
            controller.path(path)
            controller.log_p.backward()
            cases.append({"settings": settings, "path": path, "log_probability": float(controller.log_p.detach()),
                          "entropy": controller.entropy, "gradient": flat.grad.tolist()})
    print(json.dumps({"torch": torch.__version__, "units": UNITS, "operations": OPERATIONS, "choices": CHOICES, "cases": cases}))


if __name__ == "__main__":
    main()
