"""A plain training step of the same lean network in dha and in PyTorch, in turns, on the same threads.

usage: lean_step.py BUILD_DIR [--channels 16 --cells 8 --batch 32] [--rounds 15] [--threads 2] [--architecture FILE]
                    [--compiled] [--memory]

The network is written in plain torch modules (tests/golden/cell/network.py). A round runs a few steps in PyTorch with
contiguous tensors, in PyTorch with channels_last, in dha with its own operators and in dha with LibTorch's. Prints the
median step of each and the median over rounds of dha's ratio to PyTorch's better format. --compiled: torch.compile
(Inductor) of the network and its loss takes turns too, in both formats; the time to compile is reported, and ratios are
to the best of PyTorch. --memory: the peak memory of three steps instead, each contender in a process of its own, beyond
what the process held before the first step.
"""
import argparse
import json
import pathlib
import sys
import time

import turns

sys.path.insert(0, str(turns.ROOT / "tests" / "golden" / "cell"))
import network  # noqa: E402
import torch  # noqa: E402


FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Eager:
    """The step in PyTorch."""

    def __init__(self, options, memory_format):
        torch.manual_seed(1)
        genotype = json.loads(pathlib.Path(options.architecture).read_text())
        pool = torch.nn.AvgPool2d(5, 3, count_include_pad=False)
        self.model = network.Network(genotype, options.channels, options.cells, 10, False, False, pool)
        self.model = self.model.to(memory_format=memory_format)
        self.images = torch.randn(options.batch, 3, 32, 32).contiguous(memory_format=memory_format)
        self.labels = torch.randint(10, (options.batch,))
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.025, 0.9, weight_decay=3e-4, foreach=True)

    def loss(self, images, labels):
        logits, auxiliary = self.model(images)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        return loss + 0.4 * torch.nn.functional.cross_entropy(auxiliary, labels)

    def run(self, steps):
        times = []
        for _ in range(steps):
            begun = time.perf_counter()
            self.optimizer.zero_grad()
            self.loss(self.images, self.labels).backward()
            self.optimizer.step()
            times.append((time.perf_counter() - begun) * 1e3)
        return times


class Compiled(Eager):
    """The step with torch.compile, which compiles in the first one."""

    def __init__(self, options, memory_format):
        super().__init__(options, memory_format)
        self.loss = torch.compile(self.loss)
        self.compile_seconds = self.run(1)[0] / 1e3


def dha_command(options, *more):
    program = pathlib.Path(options.build) / "bench-programs" / "lean_step"
    return [program, *more, options.architecture, options.channels, options.cells, options.batch]


def eager_memory(options):
    eager = Eager(options, FORMATS[options.memory_of])
    turns.report_memory(eager)


def compare_memory(options):
    size = [*turns.size_options(options), "--architecture", options.architecture]
    found = {f"PyTorch, {name}": turns.memory_of([sys.executable, "-B", __file__, options.build, *size, "--memory-of", name],
                                                 options.threads) for name in FORMATS}
    for operators, name in (("libtorch", "dha, LibTorch's operators"), ("own", "dha")):
        found[name] = turns.memory_of(dha_command(options, "--memory"), options.threads, operators)
    turns.print_memory(found)


def compare(options):
    peers = {f"PyTorch, {name}": Eager(options, memory_format) for name, memory_format in FORMATS.items()}
    compiled = {f"torch.compile, {name}": Compiled(options, memory_format)
                for name, memory_format in FORMATS.items() if options.compiled}
    for name, one in compiled.items():
        print(f"{name}: {one.compile_seconds:.0f} s to compile")
    peers.update(compiled)
    own = {name: turns.WaitingSteps(dha_command(options), options.threads, operators)
           for operators, name in (("libtorch", "dha, LibTorch's operators"), ("own", "dha"))}
    times = turns.rounds_of_steps({**peers, **own}, options.rounds, options.steps)
    for one in own.values():
        one.close()
    print(f"C={options.channels} cells={options.cells} batch={options.batch} threads={options.threads} "
          f"rounds={options.rounds} of {options.steps} steps")
    turns.print_times(times, turns.better_of(times, peers))


def main():
    parser = turns.arguments(__doc__, steps=3)
    parser.add_argument("--architecture", default=str(turns.ROOT / "examples" / "architectures" / "darts_v2.json"))
    parser.add_argument("--compiled", action="store_true", help="compare with torch.compile too")
    parser.add_argument("--memory-of", choices=list(FORMATS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    turns.run_mode(options, compare, compare_memory, eager_memory)


if __name__ == "__main__":
    main()
