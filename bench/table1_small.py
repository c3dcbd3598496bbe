#!/usr/bin/env python3
"""Compares the systems of the paper's Table 1 on 10,000 images of CIFAR-10, each with 40,000 training images in search and final
training together.

usage: table1_small.py BUILD FOLDER [--seeds N] [--paired-seeds N] [--set KEY=VALUE]... [--only NAME]... [--report]

The runs are kept below FOLDER. Stopped at any time and started again, the study continues. The tables at the end have the runs that
have finished by then; --report prints them without running anything. The two comparisons in pairs (tau with uniform pairs, joint with
sequential search), whose runs have the same images and the same split per seed, are made with --paired-seeds, all others with --seeds.
"""
import argparse
import collections
import json
import pathlib
import signal
import statistics
import subprocess
import sys

from study import begun_run, finished_run, has_finished, spread, summary

HOME = pathlib.Path(__file__).resolve().parent.parent
FILES = HOME / "examples" / "studies" / "table1_small"
SECOND_PASS = "a second forward and backward pass per step (eta)"
ON_VALIDATION = "as many steps of the architecture on held-out images"

# What a system computes beyond one forward and backward pass per training image, the cheapest systems first.
System = collections.namedtuple("System", "name beyond")
SYSTEMS = {
    "wide_resnet": System("WRN-10-1", ""),
    "resnet": System("ResNet-20", ""),
    "ista": System("one-stage ISTA-NAS", ""),
    "random": System("random search, 10 trials", "accuracy of each trial on 8,500 held-out images"),
    "nsga_net": System("NSGA-Net, 10 trials with inherited weights", "accuracy of each trial on 8,500 held-out images"),
    "enas": System("ENAS", "accuracy of 910 sampled networks on a held-out batch each"),
    "manas": System("MANAS-LS", "search: loss of a held-out batch per step"),
    "sequential_dha": System("Sequential DHA", f"search: {ON_VALIDATION}; final training: {SECOND_PASS}"),
    "dha": System("DHA", SECOND_PASS),
    "dha_uniform": System("DHA, uniform pairs instead of tau", SECOND_PASS),
    "pdarts": System("P-DARTS", f"search: {ON_VALIDATION}"),
    "darts": System("DARTS, first order", f"search: {ON_VALIDATION}"),
}
PAIRS = {"tau against uniform pairs": ("dha", "dha_uniform"), "joint against sequential search": ("dha", "sequential_dha")}
PAIRED = {name for pair in PAIRS.values() for name in pair}

# 97.5 % quantiles of Student's t distribution, by degrees of freedom from 1.
T_QUANTILES = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]

Result = collections.namedtuple("Result", "test validation parameters search_seconds final_seconds images entropy")


def read_jsonl(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def images_seen(run):
    """Training images of all weight steps of a run and of its trials: the steps that the last row of each epoch counts, times the batch."""
    seen = 0
    for folder in [run, *run.glob("stages/*/trials/*")]:
        if not (folder / "metrics.jsonl").exists():
            continue
        batch = {stage["name"]: stage["batch_size"] for stage in json.loads((folder / "pipeline.json").read_text())["stages"]}
        steps = {}
        for row in read_jsonl(folder / "metrics.jsonl"):
            if row["event"] == "step":
                steps[row["stage"], row["epoch"]] = row["step"]
        seen += sum(batch[stage] * last for (stage, _), last in steps.items())
    return seen


def entropy_of_tau(run):
    """At the end of the run, in nats; None without dha.tau."""
    return next((row["dha.tau.entropy"] for row in reversed(read_jsonl(run / "metrics.jsonl")) if "dha.tau.entropy" in row), None)


def result_of(run):
    found = summary(run)
    *search, final = found["stages"]
    return Result(100 * final["test"]["accuracy"], 100 * final["validation"]["accuracy"], found["parameters"],
                  sum(stage["seconds"] for stage in search), final["seconds"], images_seen(run), entropy_of_tau(run))


def planned(options):
    """(seed, system): seed by seed, so that the systems can be compared however early the study is stopped."""
    return [(seed, system) for seed in range(1, max(options.seeds, options.paired_seeds) + 1) for system in SYSTEMS
            if seed <= (options.paired_seeds if system in PAIRED else options.seeds) and system in (options.only or SYSTEMS)]


def folder_of(options, seed, system):
    return options.folder / f"{system}-{seed}"


def run_all(options):
    """Returns the names of the runs that failed; the others go on."""
    overrides = dict(setting.split("=", 1) for setting in options.set)
    failed = []
    for seed, system in planned(options):
        try:
            run = finished_run(options.build / "dha", FILES / f"{system}.json", folder_of(options, seed, system),
                               {"seed": seed, **overrides})
        except subprocess.CalledProcessError as error:
            failed.append(f"{system}-{seed}")
            print(f"{failed[-1]} FAILED with status {error.returncode}", flush=True)
            continue
        result = result_of(run)
        print(f"{system:14} seed {seed}: test {result.test:5.2f} %, validation {result.validation:5.2f} %, "
              f"{result.search_seconds:.0f} + {result.final_seconds:.0f} s", flush=True)
    return failed


def finished(options):
    """System -> seed -> result, of the runs that have finished."""
    results = {system: {} for system in SYSTEMS}
    for seed, system in planned(options):
        run = begun_run(folder_of(options, seed, system))
        if run and has_finished(run):
            results[system][seed] = result_of(run)
    return results


def print_systems(results):
    print("\n| system | test accuracy, % | validation accuracy, % | parameters | search, s | final training, s | training images | "
          "beyond these |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for key, system in SYSTEMS.items():
        if not results[key]:
            continue
        columns = Result(*zip(*results[key].values()))
        means = [f"{statistics.mean(column):,.0f}" for column in columns[2:6]]
        print(f"| {system.name} | {spread(columns.test)} (n = {len(columns.test)}) | {spread(columns.validation)} | "
              f"{' | '.join(means)} | {system.beyond} |")


def interval(differences):
    """The 95 % interval of the mean by Student's t, as text."""
    count = len(differences)
    half = T_QUANTILES[count - 2] * statistics.stdev(differences) / count**0.5
    mean = statistics.mean(differences)
    return f"{mean - half:+.2f} to {mean + half:+.2f}"


def print_pairs(results):
    """Differences in percentage points, first minus second, of the seeds that have both."""
    seeds = {title: sorted(results[first].keys() & results[second].keys()) for title, (first, second) in PAIRS.items()}
    for measure in ("test", "validation") if any(seeds.values()) else ():
        print(f"\n| difference in {measure} accuracy, points | by seed | mean ± SD | 95 % interval |\n| --- | --- | --- | --- |")
        for title, (first, second) in PAIRS.items():
            differences = [getattr(results[first][seed], measure) - getattr(results[second][seed], measure) for seed in seeds[title]]
            if differences:
                by_seed = ", ".join(f"{difference:+.2f}" for difference in differences)
                limits = interval(differences) if len(differences) > 1 else "needs two seeds"
                print(f"| {title} | {by_seed} | {spread(differences)} (n = {len(differences)}) | {limits} |")


def print_entropies(results):
    for system in ("dha", "sequential_dha"):
        if results[system]:
            entropies = ", ".join(f"{result.entropy:.2f}" for result in results[system].values())
            print(f"\nEntropy of tau at the end of {SYSTEMS[system].name}, uniform pairs have 5.28 nats: {entropies}")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--paired-seeds", type=int, default=5, choices=range(len(T_QUANTILES) + 2), metavar="N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for new runs, as of dha run")
    parser.add_argument("--only", action="append", choices=SYSTEMS, metavar="NAME", help="one of the systems, by the name of its file")
    parser.add_argument("--report", action="store_true")
    return parser.parse_args()


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failed, stopped = [], False
    if not options.report:
        try:
            failed = run_all(options)
        except KeyboardInterrupt:
            stopped = True
    results = finished(options)
    print_systems(results)
    print_pairs(results)
    print_entropies(results)
    if stopped:
        sys.exit("\nStopped; start it again to continue.")
    sys.exit(f"\n{len(failed)} runs failed: {', '.join(failed)}" if failed else None)


main()
