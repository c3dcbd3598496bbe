"""A search step of DARTS, of both orders, in dha and in PyTorch, in turns, on the same threads.

usage: darts_step.py BUILD_DIR [--channels 16 --cells 8 --batch 64] [--orders 1 2] [--rounds 3] [--threads 2] [--memory]

What the peer does, in eager PyTorch, written from the paper (Liu et al., ICLR 2019): a module for every operation of every
edge, all of which run; an edge is the sum of their outputs times a softmax of its row of alpha. A step:
1. order 1: the gradient of the validation loss with respect to alpha.
   order 2: the gradient of the training loss with respect to the weights; a copy of the network takes the weights that
   SGD would reach with it; the gradient of the copy's validation loss with respect to alpha and the copy's weights; the
   gradient of the training loss with respect to alpha at two points along the latter, 0.01 away, whose difference stands for
   the second derivative (equations 7 and 8);
2. alpha learns by Adam;
3. the weights learn from the training loss: clipping at 5, SGD with momentum and weight decay.
Passes that need the gradients of alpha alone compute no others, and the copy is made once and filled in place: the
published program does more. Both programs have the same supernet, whose number of weights is compared, and as many images and
threads, in single precision; the images are noise that is ready in memory.

A round runs steps of the peer with contiguous tensors and with channels_last, and dha's (bench/darts_step.cpp). Prints the
median step of each and the median over rounds of its ratio to the peer's better format. --memory: the peak memory of three
steps instead, each contender in a process of its own, beyond what it held before them. Without
--orders, both searches of the peer and two processes of dha are in memory together.
"""
import argparse
import copy
import pathlib
import sys
import time

import turns

sys.path.insert(0, str(turns.ROOT / "tests" / "golden" / "cell"))
import torch  # noqa: E402
from network import Classifier, FactorizedReduce, Preprocess, Stem, bn, operation  # noqa: E402
from torch import nn  # noqa: E402

OPERATIONS = ["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3",
              "dil_conv_5x5"]
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
NODES, CLASSES, SIDE = 4, 10, 32
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, CLIP = 0.025, 0.9, 3e-4, 5.0
RADIUS = 0.01


def without_affine(module):
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.affine, norm.weight, norm.bias = False, None, None
    return module


class MixedOperation(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        # Pools end in a batch norm, skip connections do not.
        self.operations = nn.ModuleList(operation(name, channels, stride, name.endswith("pool_3x3")) for name in OPERATIONS)

    def forward(self, x, weights):
        return sum(weight * one(x) for weight, one in zip(weights, self.operations))


class Cell(nn.Module):
    def __init__(self, before_last, last, channels, reduction, reduced_before):
        super().__init__()
        self.reduction = reduction
        self.preprocess0 = FactorizedReduce(before_last, channels) if reduced_before else Preprocess(before_last, channels)
        self.preprocess1 = Preprocess(last, channels)
        self.edges = nn.ModuleList(MixedOperation(channels, 2 if reduction and i < 2 else 1)
                                   for j in range(NODES) for i in range(2 + j))

    def forward(self, s0, s1, weights):
        states, edges = [self.preprocess0(s0), self.preprocess1(s1)], iter(zip(self.edges, weights))
        for _ in range(NODES):
            states.append(sum(edge(state, row) for state, (edge, row) in zip(list(states), edges)))
        return torch.cat(states[2:], 1)


class Supernet(nn.Module):
    def __init__(self, channels, cells):
        super().__init__()
        self.stem = Stem(conv=nn.Conv2d(3, 3 * channels, 3, 1, 1, bias=False), norm=bn(3 * channels))
        before_last = last = 3 * channels
        reduced, built = False, []
        for i in range(cells):
            reduction = i in (cells // 3, 2 * cells // 3)
            channels *= 2 if reduction else 1
            built.append(without_affine(Cell(before_last, last, channels, reduction, reduced)))
            before_last, last, reduced = last, NODES * channels, reduction
        self.cells = nn.ModuleList(built)
        self.classifier = Classifier(last, CLASSES)

    def forward(self, images, alphas):
        normal, reduction = (torch.softmax(alpha, 1) for alpha in alphas)
        s0 = s1 = self.stem(images)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1, reduction if cell.reduction else normal)
        return self.classifier(s1)


class Search:
    """The step in PyTorch."""

    def __init__(self, options, order, memory_format):
        torch.manual_seed(1)
        self.order = order
        self.network = Supernet(options.channels, options.cells).to(memory_format=memory_format)
        self.weights = list(self.network.parameters())
        self.ahead = copy.deepcopy(self.network) if order == 2 else None
        edges = NODES * (NODES + 3) // 2
        self.alphas = [(1e-3 * torch.randn(edges, len(OPERATIONS))).requires_grad_(True) for _ in range(2)]
        self.sgd = torch.optim.SGD(self.weights, LEARNING_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY, foreach=True)
        self.adam = torch.optim.Adam(self.alphas, lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)
        self.training, self.validation = (
            (torch.randn(options.batch, 3, SIDE, SIDE).contiguous(memory_format=memory_format),
             torch.randint(CLASSES, (options.batch,))) for _ in range(2))

    def parameters(self):
        return sum(weight.numel() for weight in self.weights)

    def gradients(self, network, batch, variables):
        images, labels = batch
        return torch.autograd.grad(nn.functional.cross_entropy(network(images, self.alphas), labels), variables)

    def look_ahead(self):
        """Fills the copy with the weights after the coming step."""
        gradients = self.gradients(self.network, self.training, self.weights)
        with torch.no_grad():
            for after, weight, gradient in zip(self.ahead.parameters(), self.weights, gradients):
                momentum = self.sgd.state[weight].get("momentum_buffer", torch.zeros_like(weight))
                after.copy_(weight - LEARNING_RATE * (MOMENTUM * momentum + gradient + WEIGHT_DECAY * weight))

    def displaced(self, directions, distance):
        """The training loss's gradients of alpha at the weights moved by distance * directions."""
        with torch.no_grad():
            torch._foreach_add_(self.weights, directions, alpha=distance)
        gradients = self.gradients(self.network, self.training, self.alphas)
        with torch.no_grad():
            torch._foreach_add_(self.weights, directions, alpha=-distance)
        return gradients

    def second_order(self):
        self.look_ahead()
        found = self.gradients(self.ahead, self.validation, [*self.alphas, *self.ahead.parameters()])
        of_alphas, directions = found[:2], found[2:]
        distance = float(RADIUS / torch.nn.utils.get_total_norm(directions))
        above, below = self.displaced(directions, distance), self.displaced(directions, -distance)
        return [g - LEARNING_RATE * (a - b) / (2 * distance) for g, a, b in zip(of_alphas, above, below)]

    def step(self):
        gradients = (self.second_order() if self.order == 2
                     else self.gradients(self.network, self.validation, self.alphas))
        for alpha, gradient in zip(self.alphas, gradients):
            alpha.grad = gradient
        self.adam.step()
        for weight, gradient in zip(self.weights, self.gradients(self.network, self.training, self.weights)):
            weight.grad = gradient
        torch.nn.utils.clip_grad_norm_(self.weights, CLIP)
        self.sgd.step()
        self.sgd.zero_grad()

    def run(self, steps):
        times = []
        for _ in range(steps):
            begun = time.perf_counter()
            self.step()
            times.append((time.perf_counter() - begun) * 1e3)
        return times


def dha_command(options, order, *mode):
    program = pathlib.Path(options.build) / "bench-programs" / "darts_step"
    return [program, *mode, order, options.channels, options.cells, options.batch]


def served(options, order, parameters):
    program = turns.WaitingSteps(dha_command(options, order), options.threads)
    found = int(program.greeting.split()[1])
    assert found == parameters, f"dha's supernet has {found} weights, PyTorch's {parameters}"
    return program


def print_size(options):
    print(f"search step of DARTS: C={options.channels} cells={options.cells} batch={options.batch} "
          f"threads={options.threads} rounds={options.rounds} of {options.steps} steps")


def compare(options):
    print_size(options)
    contenders, peers = {}, {}
    for order in options.orders:
        peers[order] = {f"order {order}, PyTorch, {name}": Search(options, order, memory_format)
                        for name, memory_format in FORMATS.items()}
        parameters = next(iter(peers[order].values())).parameters()
        contenders.update({**peers[order], f"order {order}, dha": served(options, order, parameters)})
    times = turns.rounds_of_steps(contenders, options.rounds, options.steps, warm_up=1)
    for one in contenders.values():
        if isinstance(one, turns.WaitingSteps):
            one.close()
    for order in options.orders:
        own = {name: values for name, values in times.items() if name.startswith(f"order {order},")}
        turns.print_times(own, turns.better_of(own, peers[order]))


def eager_memory(options):
    order, name = options.memory_of
    search = Search(options, int(order), FORMATS[name])
    turns.report_memory(search)


def compare_memory(options):
    print_size(options)
    size = turns.size_options(options)
    found = {}
    for order in options.orders:
        for name in FORMATS:
            command = [sys.executable, "-B", __file__, options.build, *size, "--memory-of", order, name]
            found[f"order {order}, PyTorch, {name}"] = turns.memory_of(command, options.threads)
        found[f"order {order}, dha"] = turns.memory_of(dha_command(options, order, "--memory"), options.threads)
    turns.print_memory(found)


def main():
    parser = turns.arguments(__doc__, steps=1)
    parser.set_defaults(batch=64, rounds=3)
    parser.add_argument("--orders", type=int, nargs="+", choices=(1, 2), default=[1, 2])
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    turns.run_mode(options, compare, compare_memory, eager_memory)


if __name__ == "__main__":
    main()
