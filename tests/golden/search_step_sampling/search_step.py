"""Whole search steps of ENAS and MANAS in plain torch and float64: what dha must reproduce.

    python tests/golden/search_step_sampling/search_step.py          (torch 2.11.0, CPU)

Written from the papers (ENAS, arXiv 1802.03268; MANAS, as submitted to ICLR 2020) alone: the weights learn by
torch.optim.SGD, the controller is ../enas_controller/make_controller.py under autograd and torch.optim.Adam, the linear
model of MANAS-LS is solved by the pseudo-inverse. The network, its weights and the batches are those of ../joint_step;
its batches for second passes are the validation images here.

draws.safetensors    for each case the paths that dha drew, and the controller at the start: data, written by
                     DHA_WRITE_DRAWS=draws.safetensors search_step_sampling_golden_test
<case>.safetensors   what each step came to
Of the weights the files keep one number per step, the sum of their projections on random directions, and at the end the
projection of each weight, its momentum and each running statistic.
"""
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "cell"), str(HERE.parent / "joint_step"), str(HERE.parent / "enas_controller")]
from joint_step import (AUXILIARY, CLASSES, NODES, OPERATIONS, choice_of_affine, fill, make_supernet,  # noqa: E402
                        normalised, projection)
from make_controller import Controller  # noqa: E402

STEPS, CLIP, LR, MOMENTUM, WD = 3, 5.0, 0.01, 0.9, 1e-3
UNITS, CONTROLLER_STEPS, CONTROLLER_SAMPLES, ENTROPY_WEIGHT, DECAY = 6, 2, 3, 0.01, 0.9
CONTROLLER = dict(temperature=1.5, tanh_constant=1.1, operation_reduction=2.5, fixed_bias=0.25)
CHOICES = [(f"{cell}.node{j}", 2 + j, list(range(len(OPERATIONS))), 2, True) for cell in ("normal", "reduce")
           for j in range(NODES)]
EDGES = [(choice, i) for choice in range(2 * NODES) for i in range(2 + choice % NODES)]
FAVOURED = {"sep_conv_3x3", "sep_conv_5x5"}
LIMIT = 5.0


class Search:
    def __init__(self, start):
        self.start = start
        self.network = make_supernet()
        fill(self.network, start)
        self.network.train()
        self.weights = dict(self.network.named_parameters())
        for name, weight in self.weights.items():
            weight.requires_grad_(choice_of_affine(name) is None)
        trained = [w for w in self.weights.values() if w.requires_grad]
        self.sgd = torch.optim.SGD(trained, lr=LR, momentum=MOMENTUM, nesterov=True, weight_decay=WD)
        self.validated, self.record = 0, {}

    def keep(self, name, value):
        self.record.setdefault(name, []).append(torch.as_tensor(value, dtype=torch.float64).detach().clone())

    def forward(self, images, active):
        """`active`: the candidates of each choice."""
        gates = [(kept, [torch.ones((), dtype=torch.float64)] * len(kept)) for kept in active]
        return self.network(normalised(images), gates)

    def weight_step(self, index, active):
        logits, auxiliary = self.forward(self.start["images"][index], active)
        truth = self.start["labels"][index]
        losses = (nn.functional.cross_entropy(logits, truth, reduction="none")
                  + AUXILIARY * nn.functional.cross_entropy(auxiliary, truth, reduction="none"))
        self.sgd.zero_grad(set_to_none=True)
        losses.mean().backward()
        self.keep("losses", losses)
        self.keep("norm", nn.utils.clip_grad_norm_(list(self.weights.values()), CLIP))
        self.sgd.step()
        self.keep("theta", sum(projection(f"theta {n}", index, w) for n, w in self.weights.items()))

    def validate(self, active):
        """Loss and accuracy of the main head on the next validation batch, with the statistics of that batch."""
        index = self.validated % len(self.start["probe_images"])
        self.validated += 1
        buffers = {n: b.clone() for n, b in self.network.named_buffers()}
        with torch.no_grad():
            logits, _ = self.forward(self.start["probe_images"][index], active)
        for name, buffer in self.network.named_buffers():
            buffer.copy_(buffers[name])
        truth = self.start["probe_labels"][index]
        return float(nn.functional.cross_entropy(logits, truth)), float((logits.argmax(1) == truth).double().mean())

    def save(self, name):
        tensors = {n: torch.stack(v) for n, v in self.record.items()}
        momentum = {n: self.sgd.state[w]["momentum_buffer"] if w in self.sgd.state else torch.zeros_like(w)
                    for n, w in self.weights.items()}
        statistics = {n: b for n, b in self.network.named_buffers() if "running" in n}
        for what, of in (("theta", self.weights), ("momentum", momentum), ("statistics", statistics)):
            tensors["end_" + what] = torch.stack([projection(f"{what} {n}", STEPS, of[n]) for n in sorted(of)])
        save_file(tensors, HERE / f"{name}.safetensors", {"torch": torch.__version__})


def enas(start, draws):
    search = Search(start)
    for index in range(STEPS):
        search.weight_step(index, draws["enas.paths"][index].tolist())
    flat = draws["enas.controller"].clone().requires_grad_(True)
    adam = torch.optim.Adam([flat], lr=3.5e-3, betas=(0.0, 0.999), eps=1e-3)
    samples, baseline = iter(draws["enas.samples"].tolist()), 0.0
    for _ in range(CONTROLLER_STEPS):
        loss = 0
        for _ in range(CONTROLLER_SAMPLES):
            drawn = next(samples)  # candidates of each choice in the order in which they were drawn
            pairs = [[divmod(candidate, len(OPERATIONS)) for candidate in choice] for choice in drawn]
            controller = Controller(flat, CONTROLLER, UNITS, OPERATIONS, CHOICES, FAVOURED)
            controller.path(pairs)
            _, accuracy = search.validate([sorted(choice) for choice in drawn])
            reward = accuracy + ENTROPY_WEIGHT * controller.entropy
            baseline = DECAY * baseline + (1 - DECAY) * reward
            search.keep("rewards", reward)
            loss = loss - controller.log_p * (reward - baseline) / CONTROLLER_SAMPLES
        adam.zero_grad()
        loss.backward()
        adam.step()
    search.keep("controller", flat)
    search.keep("baseline", baseline)
    assert len({float(r) for r in search.record["rewards"]}) > 2, "rewards that say nothing"
    search.save("enas")


def active_of(actions):
    active = [[] for _ in CHOICES]
    for (choice, i), action in zip(EDGES, actions):
        active[choice].append(i * len(OPERATIONS) + action)
    return active


def manas(name, start, draws):
    search = Search(start)
    actions = draws[name + ".actions"].tolist()
    count = len(OPERATIONS)
    estimates = torch.zeros(len(EDGES), count, dtype=torch.float64)
    policy = torch.full_like(estimates, 1 / count)
    eta, limited = math.sqrt(2 * math.log(count) / (count * STEPS)) / math.log(CLASSES), 0
    for index in range(STEPS):
        search.weight_step(index, active_of(actions[index]))
        loss, _ = search.validate(active_of(actions[index]))
        search.keep("validation_losses", loss)
        if name == "manas":
            for edge, action in enumerate(actions[index]):
                estimates[edge, action] += loss / policy[edge, action]
            for edge in range(len(EDGES)):
                largest = eta * (estimates[edge].max() - estimates[edge].min())
                limited += bool(largest > LIMIT)
                policy[edge] = torch.softmax(-eta * min(1.0, LIMIT / largest) * estimates[edge], 0)
        search.keep("policy", policy)
    if name == "manas_ls":
        features = torch.stack([nn.functional.one_hot(torch.tensor(a), count).double().flatten() for a in actions])
        losses = torch.stack(search.record["validation_losses"])
        centred = torch.linalg.pinv(features - features.mean(0)) @ (losses - losses.mean())
        estimates = centred.reshape(len(EDGES), count)
    else:
        assert 0 < limited < STEPS * len(EDGES), "the limit is not tried on both sides"
    search.record["estimates"] = [estimates]
    search.save(name)


def main():
    torch.set_num_threads(1)
    start, draws = load_file(HERE.parent / "joint_step" / "start.safetensors"), load_file(HERE / "draws.safetensors")
    enas(start, draws)
    manas("manas", start, draws)
    manas("manas_ls", start, draws)


if __name__ == "__main__":
    main()
