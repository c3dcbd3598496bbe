"""How a joint step's time and memory grow with the network: a table, and a plot.

usage: cost_against_size.py BUILD_DIR [--rounds 7] [--threads 2] [--plot FILE.svg]

A joint step of DHA on CIFAR's images (bench/joint_step.cpp, probe `next`), 16 channels, 8 cells, batch 32; one of the
sizes is varied at a time: channels, cells, images per batch, candidates of an edge. Under all numbers of candidates the same
two are active in every node, so that nothing but the candidates that do not run differs. The sizes of an axis take turns;
the table has medians, and the peak memory of a process of its own that makes three steps: of the whole process, LibTorch's
libraries and the weights of all candidates included.
"""
import argparse
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import turns  # noqa: E402

# The first two are active (joint_step --operations).
CANDIDATES = ["sep_conv_3x3", "max_pool_3x3", "skip_connect", "avg_pool_3x3", "dil_conv_3x3", "none", "sep_conv_5x5",
              "dil_conv_5x5", "sep_conv_7x7", "conv_7x1_1x7"]
BASE = {"channels": 16, "cells": 8, "batch": 32, "candidates": 5}
AXES = {"channels": (8, 16, 24, 32), "cells": (5, 8, 14, 20), "batch": (8, 16, 32, 64), "candidates": (3, 5, 10)}
TITLES = {"channels": "channels of a cell", "cells": "cells", "batch": "images per batch", "candidates": "candidates of an edge"}


def command(build, mode, size):
    program = pathlib.Path(build) / "bench-programs" / "joint_step"
    return [program, mode, "next", "--operations", ",".join(CANDIDATES[:size["candidates"]]),
            size["channels"], size["cells"], size["batch"]]


def measure(options, sizes):
    """(ms, MB) of each size."""
    programs = [turns.WaitingSteps(command(options.build, "--serve", size), options.threads) for size in sizes]
    times = turns.rounds_of_steps(dict(enumerate(programs)), options.rounds, 1)
    for program in programs:
        program.close()
    memory = [turns.memory_of(command(options.build, "--memory", size), options.threads)[1] for size in sizes]
    return [(statistics.median(times[i]), memory[i]) for i in range(len(sizes))]


WIDTH, HEIGHT, LEFT, TOP, GAP_X, GAP_Y = 190, 130, 62, 44, 34, 64
ROWS = (("time of a step", "ms", "#1f5fa8"), ("peak memory of the process", "MB", "#a8481f"))
FONT = 'font-family="sans-serif"'


def text(x, y, words, size=11, anchor="middle", colour="#333", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{colour}">{words}</text>')


def round_up(value):
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** (len(str(int(value))) - 1)
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)


def panel(x0, y0, xs, ys, top, colour):
    """One curve above its own horizontal axis from 0, with the value at every point."""
    right = max(xs) * 1.08
    place = [(x0 + WIDTH * x / right, y0 + HEIGHT - HEIGHT * y / top) for x, y in zip(xs, ys)]
    parts = [f'<path d="M{x0} {y0} V{y0 + HEIGHT} H{x0 + WIDTH}" fill="none" stroke="#888"/>']
    for share in (0.5, 1):
        y = y0 + HEIGHT * (1 - share)
        parts.append(f'<path d="M{x0} {y:.1f} H{x0 + WIDTH}" stroke="#e4e4e4"/>')
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
    for (x, y), value, size in zip(place, ys, xs):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        parts.append(text(x, y - 8, f"{value:.0f}", 10, colour=colour))
        parts.append(text(x, y0 + HEIGHT + 14, size, 10))
    return parts


def draw(found, threads):
    """found: axis -> [(size, ms, MB)]. The SVG's text."""
    columns = list(found)
    width = LEFT + len(columns) * (WIDTH + GAP_X)
    height = TOP + len(ROWS) * (HEIGHT + GAP_Y) + 18
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             text(LEFT, 18, f"A joint step of DHA against the size of its network: {BASE['channels']} channels, "
                            f"{BASE['cells']} cells, {BASE['batch']} images of 32 px, {threads} threads; one size is varied "
                            "at a time", 12, "start", weight="bold")]
    for r, (name, unit, colour) in enumerate(ROWS):
        top = round_up(max(row[1 + r] for rows in found.values() for row in rows) * 1.1)
        y0 = TOP + r * (HEIGHT + GAP_Y)
        parts.append(text(LEFT, y0 - 12, f"{name}, {unit}", 11, "start", colour, "bold"))
        for share in (0, 0.5, 1):
            parts.append(text(LEFT - 6, y0 + HEIGHT * (1 - share) + 4, f"{top * share:g}", 10, "end"))
        for c, axis in enumerate(columns):
            x0 = LEFT + c * (WIDTH + GAP_X)
            sizes = [row[0] for row in found[axis]]
            parts += panel(x0, y0, sizes, [row[1 + r] for row in found[axis]], top, colour)
            parts.append(text(x0 + WIDTH / 2, y0 + HEIGHT + 30, TITLES[axis], 11))
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plot", type=pathlib.Path)
    options = parser.parse_args()
    found = {}
    print(f"joint step, probe next, {options.threads} threads, {options.rounds} rounds; base {BASE}")
    for axis, values in AXES.items():
        measured = measure(options, [{**BASE, axis: value} for value in values])
        found[axis] = [(value, *one) for value, one in zip(values, measured)]
        for value, milliseconds, megabytes in found[axis]:
            print(f"{axis:10} {value:4} {milliseconds:9.1f} ms {megabytes:6} MB", flush=True)
    if options.plot:
        options.plot.write_text(draw(found, options.threads))


if __name__ == "__main__":
    main()
