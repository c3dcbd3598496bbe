"""Five joint steps of DHA, the end of an epoch and two more steps, in plain torch and float64: what dha must reproduce.

    python tests/golden/joint_step/joint_step.py          (torch 2.11.0, CPU)

Written from the papers (DHA, arXiv 2109.05765; ISTA-NAS, NeurIPS 2020) alone. Nothing here is a closed form of dha's: the
hypergradient comes from autograd through the update, the gradient of the codes from autograd through the gates, that of tau
from autograd through its softmax; b learns by torch.optim.Adam, tau and eta by torch.optim.SGD, and the LASSO is solved
along its path and checked against its optimality conditions. The network is that of ../cell/supernet.py.

start.safetensors    weights, codes, coding matrices and tau at the start, and the batches of all steps
draws.safetensors    the pairs that dha.tau drew in each step and the images that they made: data, written by
                     DHA_WRITE_DRAWS=draws.safetensors joint_step_golden_test
<case>.safetensors   what each step came to
Of weights, momentum and tau the files keep, after every step, the largest value of each tensor and its projection on a
random direction of that tensor and step alone; of running statistics after the last. What goes wrong in a tensor stays
wrong, so that up to seven independent directions see it.
"""
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.func import functional_call

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cell"))
from network import Network  # noqa: E402
from supernet import Supernet  # noqa: E402

OPERATIONS = ["max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"]
CHANNELS, CELLS, REDUCTIONS, NODES, CLASSES, SIDE, BATCH, STEPS, MORE_STEPS, ROWS = 4, 3, [1], 4, 5, 16, 4, 5, 2, 7
MEAN, SD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
AUXILIARY, CLIP, PENALTY = 0.4, 5.0, 1e-5
LR, WD, CODE_LR = (2e-4, 4e-3), (1e-4, 5e-4), 0.05
# Larger than at the start of a search, where gates of 1e-3 ahead of a batch norm multiply rounding errors beyond 1e-9.
CODE_SCALE = 0.3
CASES = {
    f"{probe}{'_nesterov' if nesterov else ''}{'_clipped' if clip < 100 else ''}":
        dict(probe=probe, nesterov=nesterov, clip=clip, beta=1e-5 if probe == "batch" else 1e-6, end="accept")
    for probe in ("batch", "next") for nesterov in (False, True) for clip in (CLIP, 1e4)
}
CASES["batch_bounds"] = dict(probe="batch", nesterov=False, clip=CLIP, beta=1.0, end="reject")
CASES["next_bounds"] = dict(probe="next", nesterov=True, clip=CLIP, beta=1.0, end="freeze_and_reject")


def fnv(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h


def direction(name, step, shape):
    """Values in [-1, 1], independent of each other and of those of other names and steps: a counter through the mixer of
    SplitMix64, in integers of 64 bits that wrap, with shifts that keep the sign."""
    x = torch.arange(int(torch.Size(shape).numel())) + (fnv(name) + (step << 32))
    x = x * -7046029254386353131
    x = (x ^ (x >> 30)) * -4658895280553007687
    x = (x ^ (x >> 27)) * -7723592293110705685
    return (x ^ (x >> 31)).double().div(2.0**63).reshape(shape)


def projection(name, step, tensor):
    return (direction(name, step, tensor.shape) * tensor.detach()).sum()


def make_batches():
    """The images and labels of every step, and those of the second passes of probe `batch`."""
    generator, steps = torch.Generator().manual_seed(2), STEPS + MORE_STEPS
    batches = {}
    for part in ("", "probe_"):
        # Smooth enough to survive the operations.
        coarse = torch.rand(steps * BATCH, 3, 5, 5, generator=generator)
        smooth = nn.functional.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear", align_corners=True)
        noisy = smooth + 0.1 * torch.rand(smooth.shape, generator=generator)
        batches[part + "images"] = (noisy * 230).to(torch.uint8).reshape(steps, BATCH, 3, SIDE, SIDE)
        batches[part + "labels"] = torch.randint(CLASSES, (steps, BATCH), generator=generator)
    return batches


def normalised(images):
    mean, sd = (torch.tensor(v, dtype=torch.float64).reshape(1, 3, 1, 1) for v in (MEAN, SD))
    return (images.double() / 255 - mean) / sd


def make_supernet():
    return Supernet(OPERATIONS, CHANNELS, CELLS, NODES, CLASSES, REDUCTIONS).double()


def make_weights():
    """Of sixteen values a tensor, which numbers of half precision hold exactly, so that the file is small."""
    generator = torch.Generator().manual_seed(3)
    network, weights = make_supernet(), {}
    for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
        if name.endswith("num_batches_tracked"):
            continue
        value = (torch.randint(16, tensor.shape, generator=generator) - 7.5) / 8
        if name.endswith("running_var") or ("norm" in name and name.endswith(".weight")):
            value = 1 + value / 4
        elif tensor.dim() >= 2:
            value = value * 2.0 ** round(-math.log2(tensor[0].numel()) / 2)
        else:
            value = value / 4
        weights[f"network/{name}"] = value.half()
    return weights


def fill(network, start):
    for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
        if not name.endswith("num_batches_tracked"):
            tensor.data.copy_(start[f"network/{name}"])


def choice_of_affine(name):
    """The choice whose freezing makes this weight trainable; None where it always is (ISTA-NAS, one-stage)."""
    parts = name.split(".")
    if parts[0] != "cells" or not parts[2].startswith("node") or not any(p.startswith("norm") for p in parts):
        return None
    return int(parts[2][4:]) + (NODES if int(parts[1]) in REDUCTIONS else 0)


def lasso(matrix, target, penalty):
    """argmin 1/2 |A z - b|^2 + penalty |z|_1, by the path of solutions from a penalty that leaves nothing down to `penalty`:
    linear between points where a coefficient comes or goes. What comes out is checked against the optimality conditions."""
    gram, correlation = matrix.T @ matrix, matrix.T @ target
    count = matrix.shape[1]
    signs = torch.zeros(count, dtype=torch.float64)
    first = int(correlation.abs().argmax())
    level = float(correlation[first].abs())
    signs[first] = torch.sign(correlation[first])
    gone = None  # what has just left with its sign: rounding would bring it back at once
    while True:
        support = torch.nonzero(signs).flatten()
        inner = gram[support][:, support]
        solution, slope = (torch.linalg.solve(inner, v[support]) for v in (correlation, signs))  # z = solution - level slope
        rest, rest_slope = correlation - gram[:, support] @ solution, gram[:, support] @ slope  # of the residual correlation
        event, below = None, level * (1 - 1e-12)
        for k, j in enumerate(support.tolist()):
            crossing = float(solution[k] / slope[k])
            if penalty < crossing < below and float(solution[k] - below * slope[k]) * float(signs[j]) > 0:
                if event is None or crossing > event[0]:
                    event = (crossing, j, 0.0)
        for j in range(count):
            if signs[j] == 0:
                for sign in {1.0, -1.0} - ({gone[1]} if gone and gone[0] == j else set()):
                    # where rest + level' rest_slope = sign level'
                    gap = sign - float(rest_slope[j])
                    crossing = float(rest[j]) / gap if gap else 0.0
                    if penalty < crossing < below and (event is None or crossing > event[0]):
                        event = (crossing, j, sign)
        if event is None:
            break
        level, j, sign = event
        gone = None if sign else (j, float(signs[j]))
        signs[j] = sign
    z = torch.zeros(count, dtype=torch.float64)
    z[support] = solution - penalty * slope
    slack = (matrix.T @ (target - matrix @ z)).abs() - penalty
    assert (torch.sign(z) == signs).all() and slack[support].abs().max() < 1e-9 * penalty, "not optimal"
    assert (slack[signs == 0] < -1e-6 * penalty).all(), "not unique"
    return z


def pick(z):
    """The best operation of each input by signed value, then the two best inputs."""
    by_input = z.reshape(-1, len(OPERATIONS))
    best, which = by_input.max(1)
    order = torch.argsort(best, descending=True)
    assert best[order[1]] > 0 and best[order[1]] - (best[order[2]] if len(order) > 2 else -1) > 1e-7, "an ambiguous pick"
    return sorted(int(i) * len(OPERATIONS) + int(which[i]) for i in order[:2])


def genotype(kept):
    def cell(choices):
        return [[OPERATIONS[k % len(OPERATIONS)], k // len(OPERATIONS)] for pair in choices for k in pair]
    return {"normal": cell(kept[:NODES]), "normal_concat": [2, 3, 4, 5], "reduce": cell(kept[NODES:]),
            "reduce_concat": [2, 3, 4, 5]}


def parameter_count(kept):
    network = Network(genotype(kept), CHANNELS, CELLS, CLASSES, False, True, reduction_cells=REDUCTIONS)
    return sum(p.numel() for p in network.parameters())


class Training:
    def __init__(self, settings, start, draws):
        self.settings, self.start, self.draws = settings, start, draws
        self.network = make_supernet()
        fill(self.network, start)
        self.network.train()
        self.b = start["codes"].clone().requires_grad_(True)
        self.matrices = [start[f"matrix.{j}"] for j in range(2 * NODES)]  # (rows, candidates)
        self.z = [lasso(a, b, PENALTY) for a, b in zip(self.matrices, self.b.detach())]
        self.kept = [pick(z) for z in self.z]
        self.frozen = [False] * (2 * NODES)
        self.adam = torch.optim.Adam([self.b], lr=CODE_LR, betas=(0.5, 0.999), weight_decay=1e-3)
        self.tau = start["tau"].clone().requires_grad_(True)
        self.tau_optimizer = torch.optim.SGD([self.tau], lr=0.02, momentum=0.9, nesterov=True, weight_decay=5e-4)
        self.eta = torch.tensor([sum(LR) / 2, sum(WD) / 2], dtype=torch.float64, requires_grad=True)
        self.eta_optimizer = torch.optim.SGD([self.eta], lr=settings["beta"], momentum=0.9, nesterov=True, weight_decay=5e-4)
        self.momentum = {}
        self.updated = None  # the weights as a function of eta, after a step
        self.record = {}

    def weights(self):
        return dict(self.network.named_parameters())

    def gates(self, codes):
        all_gates = []
        for matrix, code, z, kept in zip(self.matrices, codes, self.z, self.kept):
            e = matrix.T @ matrix - torch.eye(matrix.shape[1], dtype=torch.float64)
            weights = [matrix[:, i] @ code - sum(e[i, k] * z[k] for k in kept) for i in kept]
            all_gates.append((kept, weights))
        return all_gates

    def losses(self, weights, codes, images, truth, auxiliary_weight):
        logits, auxiliary = functional_call(self.network, weights, (normalised(images), self.gates(codes)))
        cross_entropy = nn.functional.cross_entropy
        return (cross_entropy(logits, truth, reduction="none")
                + auxiliary_weight * cross_entropy(auxiliary, truth, reduction="none"))

    def learn_eta(self, loss):
        gradient = torch.autograd.grad(loss, self.eta, retain_graph=True)[0]
        self.eta_optimizer.zero_grad()
        self.eta.grad = gradient
        self.eta_optimizer.step()
        with torch.no_grad():
            self.eta.clamp_(*(torch.tensor(bounds, dtype=torch.float64) for bounds in zip(LR, WD)))
        return gradient

    def step(self, index):
        images, truth, pairs = self.draws["images"][index], self.start["labels"][index], self.draws["pairs"][index]
        # For probe `next` the weights are still a function of the last step's eta, but not across the end of an epoch: the
        # recovery there may have changed the network.
        function_of_eta = self.settings["probe"] == "next" and self.updated is not None and index != STEPS
        theta = dict(self.weights()) if not function_of_eta else {**self.weights(), **self.updated}
        losses = self.losses(theta, self.b, images, truth, AUXILIARY)
        self.keep("losses", losses)
        self.keep("gates", torch.stack([torch.stack(w) for _, w in self.gates(self.b)]))

        self.tau_optimizer.zero_grad()
        (-losses.detach() * torch.softmax(self.tau, 0)[pairs]).mean().backward()
        self.tau_optimizer.step()

        loss = losses.mean()
        names = [n for n, p in theta.items()
                 if choice_of_affine(n) is None or self.frozen[choice_of_affine(n)]]
        found = torch.autograd.grad(loss, [theta[n] for n in names] + [self.b], retain_graph=True, allow_unused=True)
        gradients = {n: g for n, g in zip(names, found) if g is not None}
        eta_gradient = self.learn_eta(loss) if function_of_eta else torch.zeros(2, dtype=torch.float64)

        self.learn_codes(found[-1])
        norm = math.sqrt(sum(float((g * g).sum()) for g in gradients.values()))
        self.keep("norm", torch.tensor(norm, dtype=torch.float64))
        factor = min(1.0, self.settings["clip"] / (norm + 1e-6))
        self.update({n: g * factor for n, g in gradients.items()})
        if self.settings["probe"] == "batch":
            theta = {**self.weights(), **self.updated}
            probe = self.start["probe_images"][index], self.start["probe_labels"][index]
            probe_loss = self.losses(theta, self.b.detach(), *probe, 0).mean()
            eta_gradient = self.learn_eta(probe_loss)
        self.keep("eta_gradient", eta_gradient)
        self.keep_state(index)

    def learn_codes(self, gradient):
        """Adam that skips frozen codes."""
        before = self.b.detach().clone()
        self.b.grad = gradient
        self.adam.step()
        with torch.no_grad():
            for j, frozen in enumerate(self.frozen):
                if frozen:
                    self.b[j] = before[j]

    def update(self, gradients):
        """d = g + wd theta; buf = 0.9 buf + d; theta <- theta - lr buf, or lr (d + 0.9 buf); eta stays in the graph."""
        lr, wd = self.eta
        self.updated = {}
        for name, gradient in gradients.items():
            before = self.weights()[name].detach().clone()
            d = gradient.detach() + wd * before
            buffer = 0.9 * self.momentum[name] + d if name in self.momentum else d
            self.updated[name] = before - lr * (d + 0.9 * buffer if self.settings["nesterov"] else buffer)
            self.momentum[name] = buffer.detach()
        with torch.no_grad():
            for name, value in self.updated.items():
                self.weights()[name].copy_(value)

    def end_epoch(self):
        """Recovery, freezing, rejection by the number of parameters: of all changes where none is rejected, and else node by
        node, where only other candidates make a change."""
        proposed = [z if f else lasso(a, b, PENALTY)
                    for a, b, z, f in zip(self.matrices, self.b.detach(), self.z, self.frozen)]
        distances = torch.stack([(new - old).norm() for new, old in zip(proposed, self.z)])
        ordered = distances.sort().values
        freezes = self.settings["end"] in ("accept", "freeze_and_reject")
        # Between the third and the fourth node, or below all of them.
        self.threshold = float((ordered[2] + ordered[3]) / 2) if freezes else float(ordered[0] / 2)
        kept = [pick(z) for z in proposed]
        before, after = parameter_count(self.kept), parameter_count(kept)
        rejects = self.settings["end"] != "accept"
        assert not rejects or after != before
        # A limit that the architecture held so far satisfies and the new one violates, or one that both satisfy.
        self.limit = f"params < {after + 1}" if not rejects else f"params {'<' if before < after else '>'} {after}"
        self.record["end_distances"] = distances
        self.changed = sum(a != b for a, b in zip(kept, self.kept))
        for j in range(2 * NODES):
            trial = [*self.kept[:j], kept[j], *self.kept[j + 1:]]
            count = parameter_count(trial)
            if not rejects or kept[j] == self.kept[j] or (count < after if before < after else count > after):
                self.z, self.kept = [*self.z[:j], proposed[j], *self.z[j + 1:]], trial
        self.frozen = [bool(d <= self.threshold) for d in distances]
        self.record["end_kept"], self.record["end_frozen"] = torch.tensor(self.kept), torch.tensor(self.frozen)
        self.record["end_z"] = torch.cat(self.z)

    def keep(self, name, value):
        self.record.setdefault(name, []).append(value.detach().clone())

    def keep_state(self, step):
        self.keep("codes", self.b)
        self.keep("eta", self.eta)
        self.keep_large("tau", step, {"logits": self.tau})
        self.keep_large("theta", step, self.weights())
        self.keep_large("momentum", step,
                        {n: self.momentum.get(n, torch.zeros_like(w)) for n, w in self.weights().items()})
        if step == STEPS + MORE_STEPS - 1:
            self.record["end_tau"] = self.tau.detach()
            self.keep_large("statistics", step, {n: v for n, v in self.network.named_buffers() if "running" in n})

    def keep_large(self, what, step, tensors):
        self.keep(what, torch.stack([projection(f"{what} {n}", step, tensors[n]) for n in sorted(tensors)]))
        self.keep(what + "_max", torch.stack([tensors[n].abs().max().float() for n in sorted(tensors)]))

    def save(self, file):
        """Tensors go by the numbers of their names in sorted order, which are shorter than the names, and those that no step
        reached are left out: they stay as they were, and the reader knows them by their absence."""
        tensors = {n: torch.stack(v) if isinstance(v, list) else v for n, v in self.record.items()}
        start = make_supernet()
        fill(start, self.start)
        now, before = {**self.weights(), **dict(self.network.named_buffers())}, start.state_dict()
        for kinds, names in ((("theta", "momentum"), [n for n, _ in start.named_parameters()]),
                             (("statistics",), [n for n in before if "running" in n])):
            moved = [i for i, n in enumerate(sorted(names)) if not torch.equal(now[n], before[n])]
            tensors["moved_" + kinds[0]] = torch.tensor(moved, dtype=torch.int16)
            for kind in kinds:
                tensors[kind], tensors[kind + "_max"] = tensors[kind][:, moved], tensors[kind + "_max"][:, moved]
        metadata = {"settings": json.dumps({**self.settings, "freeze_distance": self.threshold, "constraints": self.limit}),
                    "torch": torch.__version__}
        save_file({n: t.contiguous() for n, t in tensors.items()}, file, metadata)


def make_start(seed=10):
    generator = torch.Generator().manual_seed(seed)
    draw = dict(generator=generator, dtype=torch.float64)
    start = {**make_weights(), **make_batches()}
    start |= {f"matrix.{j}": torch.rand(ROWS, len(OPERATIONS) * (2 + j % NODES), **draw) for j in range(2 * NODES)}
    start["codes"] = CODE_SCALE * torch.randn(2 * NODES, ROWS, **draw)
    start["tau"] = 1 / 196 + 0.3 * torch.randn(196, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return start


def main():
    torch.set_num_threads(1)
    start = make_start()
    training = Training(next(iter(CASES.values())), start, None)
    start["coefficients"], start["kept"] = torch.cat(training.z), torch.tensor(training.kept)
    save_file(start, HERE / "start.safetensors", {"torch": torch.__version__})
    if not (HERE / "draws.safetensors").exists():
        sys.exit("draws.safetensors is missing; have joint_step_golden_test write it, then run this again")
    draws = load_file(HERE / "draws.safetensors")
    for name, settings in CASES.items():
        training = Training(settings, start, draws)
        for index in range(STEPS):
            training.step(index)
        training.end_epoch()
        for index in range(STEPS, STEPS + MORE_STEPS):
            training.step(index)
        training.save(HERE / f"{name}.safetensors")
        norms = [round(float(n), 2) for n in training.record["norm"]]
        print(name, "norms", norms, "frozen", sum(training.frozen), "changed", training.changed, "eta", training.eta.tolist(),
              "limit", training.limit)


if __name__ == "__main__":
    main()
