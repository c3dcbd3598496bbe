"""A joint step of DHA in dha and in PyTorch, in turns, on the same threads.

usage: joint_step.py BUILD_DIR [--channels 16 --cells 8 --batch 32] [--rounds 15] [--threads 2] [--memory]

What the peer does, in eager PyTorch, with the two passes of the paper and of its authors' code:
1. draws a pair of image operations for each sample by softmax(tau), applies them with Pillow to ready RGB images, and
   normalises;
2. runs the supernet of tests/golden/cell/supernet.py under gates that are a function of the codes b: only the active
   candidates, the same as dha's; batch norms inside of candidates have affine weights that are not trained yet;
3. tau learns from the losses of the samples (SGD, Nesterov), theta and b get their gradients from one backward pass, b
   learns (Adam), theta's gradients are clipped;
4. theta is updated as a function of the learning rate and the weight decay, which stays in autograd's graph, with
   _foreach_ operators; only weights that took part are touched;
5. the supernet runs a second time, at the updated weights and codes, on the same images (main head only), and autograd
   goes back through the update for the gradients of the learning rate and the weight decay, which learn (SGD, Nesterov)
   and are clamped to their ranges.
dha makes the same two passes where it probes a `batch`, and one where it probes the `next` batch. Both programs have the
same network, candidates, number of images and threads; the images are noise that is ready in memory.

A round runs a few steps of the peer with contiguous tensors and with channels_last, of dha's two probes and of its plain
step. Prints the median step of each and the median over rounds of its ratio to the peer's better format. --memory: the
peak memory of three steps instead, each contender in a process of its own.
"""
import argparse
import json
import pathlib
import sys
import time

import turns

sys.path.insert(0, str(turns.ROOT / "tests" / "golden" / "cell"))
sys.path.insert(0, str(turns.ROOT / "tests" / "golden" / "image_operations"))
import numpy  # noqa: E402
import pillow_operations  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from supernet import Supernet  # noqa: E402
from torch.func import functional_call  # noqa: E402

OPERATIONS = ["max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"]
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
KINDS = {"next": "dha, probe next", "batch": "dha, probe batch", "plain": "dha, plain step"}
CLASSES, SIDE, NODES, ROWS = 10, 32, 4, 7
MEAN, SD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
LEAST, MOST = (0.001, 1e-4), (0.05, 5e-4)  # learning rate, weight decay
AUXILIARY, CLIP, MOMENTUM = 0.4, 5.0, 0.9
cross_entropy = torch.nn.functional.cross_entropy


class Policy:
    """tau: draws pairs, applies them, learns."""

    def __init__(self):
        count = len(pillow_operations.OPERATIONS)
        self.tau = torch.full((count * count,), 1 / count**2, requires_grad=True)
        self.optimizer = torch.optim.SGD([self.tau], lr=0.02, momentum=0.9, nesterov=True, weight_decay=5e-4)
        self.random = numpy.random.default_rng(1)

    def one(self, picture, operation):
        level, sign, cubic = self.random.random(3)
        return pillow_operations.apply(picture, "paper", pillow_operations.OPERATIONS[operation], level,
                                       1 if sign < 0.5 else -1, "bicubic" if cubic < 0.5 else "bilinear")

    def apply(self, pictures):
        """uint8 (N, height, width, 3) of Pillow's pictures, and the pairs."""
        pairs = torch.multinomial(torch.softmax(self.tau.detach(), 0), len(pictures), replacement=True)
        count = len(pillow_operations.OPERATIONS)
        changed = [numpy.asarray(self.one(self.one(picture, pair // count), pair % count))
                   for picture, pair in zip(pictures, pairs.tolist())]
        return torch.from_numpy(numpy.stack(changed)), pairs

    def learn(self, losses, pairs):
        self.optimizer.zero_grad()
        (-losses * torch.softmax(self.tau, 0)[pairs]).mean().backward()
        self.optimizer.step()


class Codes:
    """b: gates that it is the code of, with the active candidates of `gates`, and its Adam."""

    def __init__(self, gates):
        self.active = [choice["active"] for choice in gates]
        self.columns = torch.rand(len(gates), len(self.active[0]), ROWS)
        self.b = (1e-3 * torch.randn(len(gates), ROWS)).requires_grad_(True)
        self.optimizer = torch.optim.Adam([self.b], lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)
        with torch.no_grad():
            self.bias = self.weights(0) - torch.tensor([choice["weights"] for choice in gates])

    def weights(self, bias):
        return (self.columns @ self.b.unsqueeze(2)).squeeze(2) - bias

    def gates(self):
        return [(active, row.unbind()) for active, row in zip(self.active, self.weights(self.bias).unbind())]

    def learn(self, gradient):
        self.b.grad = gradient
        self.optimizer.step()


class Eager:
    """The step in PyTorch."""

    def __init__(self, options, memory_format, gates):
        torch.manual_seed(1)
        self.memory_format = memory_format
        self.network = Supernet(OPERATIONS, options.channels, options.cells, NODES, CLASSES).to(memory_format=memory_format)
        self.policy, self.codes = Policy(), Codes(gates)
        pixels = numpy.random.default_rng(1).integers(0, 256, (options.batch, SIDE, SIDE, 3), numpy.uint8)
        self.pictures = [Image.fromarray(one) for one in pixels]
        self.labels = torch.randint(CLASSES, (options.batch,))
        self.mean, self.sd = (255 * torch.tensor(v).reshape(1, 3, 1, 1) for v in (MEAN, SD))
        self.eta = [torch.tensor((a + b) / 2, requires_grad=True) for a, b in zip(LEAST, MOST)]
        self.eta_optimizer = torch.optim.SGD(self.eta, lr=1e-8, momentum=0.9, nesterov=True, weight_decay=5e-4)
        self.names, self.weights = self.trained()
        self.momentum = [torch.zeros_like(weight) for weight in self.weights]

    def trained(self):
        """Weights that a step gives a gradient: outside of candidates, and of active ones what is not affine."""
        cells, candidates = self.network.cells, set()
        for index, cell in enumerate(cells):
            for node in range(NODES):
                candidates |= {f"cells.{index}.node{node}.from{k // len(OPERATIONS)}.{OPERATIONS[k % len(OPERATIONS)]}."
                               for k in self.codes.active[cell.first_choice + node]}
        names, weights = [], []
        for name, weight in self.network.named_parameters():
            inside = ".node" in name
            active = not inside or any(name.startswith(candidate) for candidate in candidates)
            weight.requires_grad_(active and not (inside and ".norm" in name))
            if weight.requires_grad:
                names.append(name)
                weights.append(weight)
        return names, weights

    def images(self, pixels):
        images = (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.sd
        return images.contiguous(memory_format=self.memory_format)

    def first_pass(self, images, pairs):
        logits, auxiliary = self.network(images, self.codes.gates())
        losses = (cross_entropy(logits, self.labels, reduction="none")
                  + AUXILIARY * cross_entropy(auxiliary, self.labels, reduction="none"))
        self.policy.learn(losses.detach(), pairs)
        *gradients, of_codes = torch.autograd.grad(losses.mean(), [*self.weights, self.codes.b])
        return gradients, of_codes

    def clip(self, gradients):
        norm = torch.nn.utils.get_total_norm(gradients)
        torch._foreach_mul_(gradients, (CLIP / (norm + 1e-6)).clamp(max=1.0))

    def updated(self, gradients):
        """The new weights as functions of eta; the momentum moves on."""
        # One entry a weight: _foreach_mul by a single tensor has no working backward pass in torch 2.11.
        learning_rate, weight_decay = ([one] * len(gradients) for one in self.eta)
        before = [weight.detach() for weight in self.weights]
        decayed = torch._foreach_add(torch._foreach_mul(before, weight_decay), gradients)
        momentum = torch._foreach_add(decayed, torch._foreach_mul(self.momentum, MOMENTUM))
        self.momentum = [one.detach() for one in momentum]
        return torch._foreach_sub(before, torch._foreach_mul(momentum, learning_rate))

    def second_pass(self, images, weights):
        with torch.no_grad():
            gates = self.codes.gates()
        logits, _ = functional_call(self.network, dict(zip(self.names, weights)), (images, gates))
        gradients = torch.autograd.grad(cross_entropy(logits, self.labels), self.eta)
        for one, gradient in zip(self.eta, gradients):
            one.grad = gradient
        self.eta_optimizer.step()
        with torch.no_grad():
            for one, least, most in zip(self.eta, LEAST, MOST):
                one.clamp_(least, most)
            torch._foreach_copy_(self.weights, weights)

    def step(self):
        pixels, pairs = self.policy.apply(self.pictures)
        images = self.images(pixels)
        gradients, of_codes = self.first_pass(images, pairs)
        self.codes.learn(of_codes)
        self.clip(gradients)
        self.second_pass(images, self.updated(gradients))

    def run(self, steps):
        times = []
        for _ in range(steps):
            begun = time.perf_counter()
            self.step()
            times.append((time.perf_counter() - begun) * 1e3)
        return times


def dha_command(options, mode, kind):
    program = pathlib.Path(options.build) / "bench-programs" / "joint_step"
    return [program, mode, kind, options.channels, options.cells, options.batch]


def served(options, kind):
    return turns.WaitingSteps(dha_command(options, "--serve", kind), options.threads)


def gates_of(program):
    return json.loads(program.greeting.split(maxsplit=1)[1])["choices"]


def compare(options):
    own = {name: served(options, kind) for kind, name in KINDS.items()}
    gates = gates_of(own[KINDS["next"]])
    peers = {f"PyTorch, {name}": Eager(options, memory_format, gates) for name, memory_format in FORMATS.items()}
    times = turns.rounds_of_steps({**peers, **own}, options.rounds, options.steps)
    for one in own.values():
        one.close()
    print(f"joint step: C={options.channels} cells={options.cells} batch={options.batch} threads={options.threads} "
          f"rounds={options.rounds} of {options.steps} steps")
    turns.print_times(times, turns.better_of(times, peers))


def eager_memory(options):
    program = served(options, "next")
    gates = gates_of(program)
    program.close()
    eager = Eager(options, FORMATS[options.memory_of], gates)
    turns.report_memory(eager)


def compare_memory(options):
    size = turns.size_options(options)
    found = {f"PyTorch, {name}": turns.memory_of([sys.executable, "-B", __file__, options.build, *size, "--memory-of", name],
                                                 options.threads) for name in FORMATS}
    for kind, name in KINDS.items():
        found[name] = turns.memory_of(dha_command(options, "--memory", kind), options.threads)
    print(f"joint step: C={options.channels} cells={options.cells} batch={options.batch}")
    turns.print_memory(found)


def main():
    parser = turns.arguments(__doc__, steps=2)
    parser.add_argument("--memory-of", choices=list(FORMATS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    turns.run_mode(options, compare, compare_memory, eager_memory)


if __name__ == "__main__":
    main()
