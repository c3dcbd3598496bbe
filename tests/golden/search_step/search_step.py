"""Three search steps of DARTS, P-DARTS and ProxylessNAS in plain torch and float64: what dha must reproduce.

    python tests/golden/search_step/search_step.py          (torch 2.11.0, CPU)

Written from the papers (DARTS, ICLR 2019; P-DARTS, ICCV 2019; ProxylessNAS, ICLR 2019) alone. An architecture step on a
validation batch comes before each weight step. The architecture variables learn by torch.optim.Adam, with gradients from
autograd through softmax and network; weights by torch.optim.SGD after clip_grad_norm_. The second order of DARTS is the
finite difference of its equation 8. ProxylessNAS runs every candidate, with a gate of 0 outside the path, and draws by
the inverse of the distribution function from numbers of a torch.Generator.

Weights, images and alpha at the start are formulas (`direction` of ../joint_step), so that the files hold results only:
losses and alpha of every step, the largest value of every weight, momentum and running statistic and its projection on a
random direction. The network is that of ../cell/supernet.py.
"""
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.func import functional_call

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "cell"), str(HERE.parent / "joint_step")]
from joint_step import direction, normalised, projection  # noqa: E402
from supernet import Supernet  # noqa: E402

OPERATIONS = ["none", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "dil_conv_3x3"]
CHANNELS, CELLS, REDUCTIONS, NODES, CLASSES, SIDE, BATCH, STEPS = 4, 3, [1], 2, 5, 16, 4, 3
AUXILIARY, CLIP, SEED = 0.4, 2.0, 5
LR, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 3e-3
ALPHA_LR, ALPHA_BETAS, ALPHA_DECAY = 0.02, (0.5, 0.999), 1e-3
CASES = {
    "darts_first_order": dict(method="darts", order=1),
    "darts_second_order": dict(method="darts", order=2),
    "pdarts": dict(method="pdarts", clip=5.0),
    "pdarts_clipped": dict(method="pdarts", clip=0.01),
    "proxyless_all": dict(method="proxyless", gradient="all"),
    "proxyless_two_paths": dict(method="proxyless", gradient="two_paths"),
}
SIZES = [len(OPERATIONS) * (2 + j) for j in range(NODES)] * 2  # candidates of each choice


def start_of(name, shape):
    value = direction("start " + name, 0, shape)
    if name.endswith("running_var") or ("norm" in name and name.endswith(".weight")):
        return 1 + value / 4
    if len(shape) >= 2:
        return value * 2.0 ** -math.floor(math.log2(value[0].numel()) / 2 + 0.5)
    return value / 4


def make_network():
    network = Supernet(OPERATIONS, CHANNELS, CELLS, NODES, CLASSES, REDUCTIONS).double()
    for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
        if not name.endswith("num_batches_tracked"):
            tensor.data.copy_(start_of(name, tensor.shape))
    return network.train()


def batch(part, index):
    images = ((direction(part, index, (BATCH, 3, SIDE, SIDE)) + 1) * 115).to(torch.uint8)
    labels = torch.tensor([(index + n + len(part)) % CLASSES for n in range(BATCH)])
    return normalised(images), labels


def open_candidates(method):
    """Of P-DARTS's later stages: three of five on each edge."""
    width = len(OPERATIONS)
    return [[k for k in range(size) if method != "pdarts" or (k + k // width) % width not in (0, 3)] for size in SIZES]


class Search:
    def __init__(self, settings):
        self.settings = settings
        self.network = make_network()
        self.names = [name for name, _ in self.network.named_parameters()]
        self.weights = [weight for _, weight in self.network.named_parameters()]
        self.alpha = (direction("alpha", 0, (sum(SIZES),)) / 2).requires_grad_(True)
        self.open = open_candidates(settings["method"])
        self.optimizer = torch.optim.SGD(self.weights, lr=LR, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
        self.adam = torch.optim.Adam([self.alpha], lr=ALPHA_LR, betas=ALPHA_BETAS, weight_decay=ALPHA_DECAY)
        self.generator = torch.Generator().manual_seed(SEED)
        self.record = {}

    def losses(self, weights, gates, data):
        images, truth = data
        logits, auxiliary = functional_call(self.network, dict(zip(self.names, weights)), (images, gates))
        entropy = nn.functional.cross_entropy
        return entropy(logits, truth, reduction="none") + AUXILIARY * entropy(auxiliary, truth, reduction="none")

    def without_statistics(self, action):
        """Runs `action` with running statistics that stand still."""
        norms = [m for m in self.network.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 0.0
        result = action()
        for norm in norms:
            norm.momentum = 0.1
        return result

    def step(self, index):
        data, validation = batch("images", index), batch("validation", index)
        gradient = self.without_statistics(lambda: self.architecture_gradient(data, validation))
        self.alpha.grad = gradient.detach().clone()
        self.learn()
        losses = self.losses(self.weights, self.weight_gates(), data)
        self.optimizer.zero_grad()
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.weights, CLIP)
        self.optimizer.step()
        self.keep("losses", losses)
        self.keep("alpha", self.alpha)
        self.keep("average", self.adam.state[self.alpha]["exp_avg"])  # shows the gradient's size, which a step does not
        momentum = [self.optimizer.state[w].get("momentum_buffer") for w in self.weights]
        self.keep_large("theta", index, dict(zip(self.names, self.weights)))
        self.keep_large("momentum", index, {n: m if m is not None else torch.zeros_like(w)
                                            for n, m, w in zip(self.names, momentum, self.weights)})
        self.keep_large("statistics", index, {n: v for n, v in self.network.named_buffers() if "running" in n})

    def learn(self):
        self.adam.step()

    def keep(self, name, value):
        self.record.setdefault(name, []).append(value.detach().clone())

    def keep_large(self, what, step, tensors):
        self.keep(what, torch.stack([projection(f"{what} {n}", step, tensors[n]) for n in sorted(tensors)]))
        self.keep(what + "_max", torch.stack([tensors[n].abs().max().float() for n in sorted(tensors)]))

    def save(self, file):
        metadata = {"settings": json.dumps(self.settings), "torch": torch.__version__}
        save_file({n: torch.stack(v) for n, v in self.record.items()}, file, metadata)


class Relaxed(Search):
    """DARTS and P-DARTS: a softmax over the open operations of each edge."""

    def mixture(self, alpha):
        gates, offset, width = [], 0, len(OPERATIONS)
        for size, open_ in zip(SIZES, self.open):
            weights = {}
            for first in range(0, size, width):
                edge = [k for k in range(first, first + width) if k in open_]
                for k, weight in zip(edge, torch.softmax(torch.stack([alpha[offset + k] for k in edge]), 0)):
                    weights[k] = weight
            gates.append((open_, [weights[k] for k in open_]))
            offset += size
        return gates

    def weight_gates(self):
        return self.mixture(self.alpha.detach())

    def of_alpha(self, weights, data):
        return torch.autograd.grad(self.losses(weights, self.mixture(self.alpha), data).mean(), self.alpha)[0]

    def architecture_gradient(self, data, validation):
        weights = [w.detach() for w in self.weights]
        if self.settings.get("order", 1) == 1:
            return self.of_alpha(weights, validation)
        live = [w.clone().requires_grad_(True) for w in weights]
        gradients = torch.autograd.grad(self.losses(live, self.weight_gates(), data).mean(), live)
        ahead = []
        for parameter, weight, gradient in zip(self.weights, weights, gradients):
            buffer = self.optimizer.state[parameter].get("momentum_buffer", torch.zeros_like(weight))
            ahead.append((weight - LR * (MOMENTUM * buffer + gradient + WEIGHT_DECAY * weight)).requires_grad_(True))
        loss = self.losses(ahead, self.mixture(self.alpha), validation).mean()
        of_alpha, *directions = torch.autograd.grad(loss, [self.alpha, *ahead])
        epsilon = 0.01 / math.sqrt(sum(float((d * d).sum()) for d in directions))
        above, below = (self.of_alpha([w + sign * epsilon * d for w, d in zip(weights, directions)], data)
                        for sign in (1, -1))
        second = LR * (above - below) / (2 * epsilon)
        assert second.norm() > 1e-3 * of_alpha.norm(), "the second order makes no difference"
        return of_alpha - second

    def learn(self):
        """P-DARTS clips, and leaves the variables of dropped candidates alone."""
        if self.settings["method"] == "pdarts":
            norm = torch.nn.utils.clip_grad_norm_([self.alpha], self.settings["clip"])
            assert (norm > self.settings["clip"]) == (self.settings["clip"] < 1)
        before = self.alpha.detach().clone()
        self.adam.step()
        closed, offset = [], 0
        for size, open_ in zip(SIZES, self.open):
            closed += [offset + k for k in range(size) if k not in open_]
            offset += size
        with torch.no_grad():
            self.alpha[closed] = before[closed]


class Proxyless(Search):
    """Draws of two candidates of distinct inputs per node; `none` cannot be kept in a node and is never drawn."""

    def draw_one(self, scores, positions):
        number = float(torch.rand(1, generator=self.generator, dtype=torch.float64))
        cumulative = torch.softmax(scores[positions], 0).cumsum(0)
        return positions[min(int((cumulative <= number).sum()), len(positions) - 1)]

    def draw(self, two):
        """For each choice the competitors and the drawn candidate of both draws."""
        paths, offset, width = [], 0, len(OPERATIONS)
        for size in SIZES:
            scores = self.alpha.detach()[offset:offset + size]
            open_ = [k for k in range(size) if k % width != 0]
            draws = []
            for _ in range(2):
                competitors = open_
                if two and len(open_) > 2:
                    first = self.draw_one(scores, open_)
                    second = self.draw_one(scores, [k for k in open_ if k != first])
                    competitors = sorted((first, second))
                drawn = self.draw_one(scores, competitors)
                draws.append((competitors, drawn))
                open_ = [k for k in open_ if k // width != drawn // width]
            paths.append(draws)
            offset += size
        return paths

    def weight_gates(self):
        return [(sorted(k for _, k in draws), [1.0, 1.0]) for draws in self.draw(False)]

    def architecture_gradient(self, data, validation):
        self.paths = self.draw(self.settings["gradient"] == "two_paths")
        gates, leaves = [], []
        for size, draws in zip(SIZES, self.paths):
            drawn = [k for _, k in draws]
            leaf = torch.tensor([float(k in drawn) for k in range(size)], dtype=torch.float64, requires_grad=True)
            gates.append((list(range(size)), list(leaf)))
            leaves.append(leaf)
        weights = [w.detach() for w in self.weights]
        of_gates = torch.autograd.grad(self.losses(weights, gates, validation).mean(), leaves)
        gradient, offset = torch.zeros_like(self.alpha), 0
        for size, draws, of_choice in zip(SIZES, self.paths, of_gates):
            for competitors, _ in draws:
                p = torch.softmax(self.alpha.detach()[offset:offset + size][competitors], 0)
                for i, a in enumerate(competitors):
                    gradient[offset + a] += sum(of_choice[b] * p[j] * (float(i == j) - p[i])
                                                for j, b in enumerate(competitors))
            offset += size
        return gradient.detach()

    def learn(self):
        """With two paths only their scores move, and the sum of their exponentials stays."""
        before = self.alpha.detach().clone()
        self.adam.step()
        if self.settings["gradient"] == "all":
            return
        offset = 0
        with torch.no_grad():
            moved = self.alpha.clone()
            self.alpha.copy_(before)
            for size, draws in zip(SIZES, self.paths):
                involved = [offset + k for k in sorted({k for competitors, _ in draws for k in competitors})]
                shift = torch.logsumexp(moved[involved], 0) - torch.logsumexp(before[involved], 0)
                self.alpha[involved] = moved[involved] - shift
                offset += size


def main():
    torch.set_num_threads(1)
    for name, settings in CASES.items():
        search = (Proxyless if settings["method"] == "proxyless" else Relaxed)(settings)
        for index in range(STEPS):
            search.step(index)
        search.save(HERE / f"{name}.safetensors")
        print(name, [round(float(v.mean()), 4) for v in search.record["losses"]],
              [round(float(v.norm()), 4) for v in search.record["average"]])


if __name__ == "__main__":
    main()
