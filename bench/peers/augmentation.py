"""Pairs of image operations on one core: dha compared with Pillow.

usage: augmentation.py BUILD_DIR [--rounds 15] [--check]

Both get the same images and, drawn beforehand, the same two operations in sequence for each of them, with levels, signs
and resampling. Pillow is called as a Python program would: one image after another, RGB images that are ready in memory,
its own C code for every operation. The two run in turns in one run; the results of both are compared byte for byte
first. Images are CIFAR-10 and Imagenette from data/ where they are there, else noise. --check: the comparison alone.

Prints images per second and the median over rounds of the ratio, at 32 and 224 px, with levels as the search of the paper
draws them (magnitude_max 1) and as its second phase does (10); then the time that dha.tau takes to make its probabilities and draw
a batch of 96 by them, and the same with Gumbel noise, as shares of applying one.
"""
import argparse
import functools
import pathlib
import random
import statistics
import sys
import time

import turns

sys.path.insert(0, str(turns.ROOT / "tests" / "golden" / "image_operations"))
import pillow_operations  # noqa: E402
from PIL import Image  # noqa: E402

BATCH = 96
COUNTS = {32: 10 * BATCH, 224: BATCH}  # images of a round
DRAWN_BATCHES = 1000  # of a round of drawing, which then takes about as long as one of applying at 32 px
DRAWING = ("sample", "gumbel")  # the program's names


def cifar(count):
    """None where CIFAR-10 is not there."""
    file = turns.ROOT / "data" / "cifar-10-batches-bin" / "data_batch_1.bin"
    if not file.exists():
        return None
    data = file.read_bytes()[: 3073 * count]
    return [data[i + 1: i + 3073] for i in range(0, len(data), 3073)]  # a label ahead of every image


def imagenette(count):
    files = sorted((turns.ROOT / "data" / "imagenette2-224-mini").glob("train/*/*.JPEG"))
    chosen = files[:: max(1, len(files) // count)][:count]
    pictures = [Image.open(file).convert("RGB").resize((224, 224)) for file in chosen]
    return [b"".join(pillow_operations.to_planes(picture)) for picture in pictures] if len(chosen) == count else None


def images(side, generator):
    """Planar bytes, and where they come from."""
    count = COUNTS[side]
    found = cifar(count) if side == 32 else imagenette(count)
    if found:
        return found, "CIFAR-10" if side == 32 else "Imagenette"
    return [generator.randbytes(3 * side * side) for _ in range(count)], "noise"


def drawn(generator, magnitude):
    """(mapping, operation, level, sign, resampling) as dha.tau draws them at its start."""
    return ("paper", generator.choice(pillow_operations.OPERATIONS), min(generator.uniform(0, magnitude), 8.0),
            generator.choice((1, -1)), generator.choice(tuple(pillow_operations.RESAMPLING)))


def pillow_round(pictures, pairs):
    """Milliseconds, and the results."""
    apply = pillow_operations.apply
    begun = time.perf_counter()
    results = [apply(apply(picture, *first), *second) for picture, (first, second) in zip(pictures, pairs)]
    return (time.perf_counter() - begun) * 1e3, results


class Contest:
    """One size of images and one range of levels."""

    def __init__(self, build, side, magnitude):
        generator = random.Random(f"{side} {magnitude}")
        planes, self.source = images(side, generator)
        self.side, self.magnitude = side, magnitude
        self.pairs = [(drawn(generator, magnitude), drawn(generator, magnitude)) for _ in planes]
        to_pillow = functools.partial(pillow_operations.to_pillow, height=side, width=side)
        plane = side * side
        self.pictures = [to_pillow([one[c * plane: (c + 1) * plane] for c in range(3)]) for one in planes]
        self.program = turns.Waiting([pathlib.Path(build) / "bench-programs" / "drawn_pairs"], threads=1)
        self.program.send(f"{len(planes)} 3 {side} {side}\n".encode() + b"".join(planes))
        for pair in self.pairs:
            self.program.send(" ".join(f"{op} {level!r} {sign} {how}" for _, op, level, sign, how in pair).encode() + b"\n")

    def check(self):
        """Ends the program where a byte differs. Both have worked once afterwards."""
        self.program.ask("apply")
        results = pillow_round(self.pictures, self.pairs)[1]
        expected = b"".join(band for picture in results for band in pillow_operations.to_planes(picture))
        self.program.send(b"results\n")
        if self.program.read(len(expected)) != expected:
            sys.exit(f"{self.side} px: the results differ from Pillow's")

    def run(self, rounds):
        times = {name: [] for name in ("Pillow", "dha", *DRAWING)}
        for _ in range(rounds):
            times["Pillow"].append(pillow_round(self.pictures, self.pairs)[0])
            times["dha"].append(float(self.program.ask("apply")))
            for name in DRAWING:
                times[name].append(float(self.program.ask(f"{name} {DRAWN_BATCHES}")) / DRAWN_BATCHES)
        self.report(times)

    def report(self, times):
        count = len(self.pairs)
        pillow, own = (count / statistics.median(times[name]) * 1e3 for name in ("Pillow", "dha"))
        drawing = ""
        for name in DRAWING:
            share = statistics.median(draw / (apply / count * BATCH) for draw, apply in zip(times[name], times["dha"]))
            drawing += f"{statistics.median(times[name]) * 1e3:9.1f} us {100 * share:5.2f} %"
        print(f"{self.side:4} px {self.magnitude:9} {pillow:11,.0f} {own:11,.0f} "
              f"{turns.median_ratio(times['Pillow'], times['dha']):7.1f} {drawing}  {self.source}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if not options.check:
        print(f"images per second, two operations each, one core, {options.rounds} rounds in turns")
        print("side    magnitude      Pillow         dha   ratio   drawing 96, of applying     gumbel  images")
    for side in COUNTS:
        for magnitude in (1, 10):
            contest = Contest(options.build, side, magnitude)
            contest.check()
            if not options.check:
                contest.run(options.rounds)
            contest.program.close()


if __name__ == "__main__":
    main()
