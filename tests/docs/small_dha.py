#!/usr/bin/env python3
"""Stands for `dha` in the commands of a page: the same command on a small training.

A page's `dha run mine.json` runs the program with the pipeline of the page, few epochs, images, channels and trials. What a
command itself asks for (--set, --seeds) is kept where it costs nothing, and made smaller where it would.

DHA_PROGRAM names the program, DHA_SMALL_CACHE a folder for pipelines that were resolved before.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

TRIALS, BATCH_SIZE, LARGEST_SIDE = 2, 16, 64
LIMITS = {"dataset.limit_train": 16, "dataset.limit_test": 16}
CELLS = {"channels": 4, "cells": 3, "auxiliary_weight": 0}  # of dha.cell
LARGEST = {"epochs": 2, "count": TRIALS + 1, "limit_train": 16}


def shrink(setting):
    """A setting of the page, with numbers that a test has time for: "stages.final.epochs=20" -> "stages.final.epochs=3"."""
    path, _, value = setting.partition("=")
    largest = LARGEST.get(path.rpartition(".")[2])
    smaller = lambda number: str(min(int(number[0]), largest))
    return setting if largest is None else f"{path}={re.sub('[0-9]+', smaller, value)}"


def options_of(arguments, name):
    return [value for option, value in zip(arguments, arguments[1:]) if option == name]


def kept_pipeline(file, folder):
    """Where the output of `dha validate --json` on this file is kept for the next command with the same file."""
    return folder / hashlib.sha256(file.read_bytes()).hexdigest()


def resolved(program, file):
    kept = kept_pipeline(file, pathlib.Path(os.environ["DHA_SMALL_CACHE"]))
    if not kept.exists():
        kept.write_bytes(subprocess.run([program, "validate", "--json", file], check=True, stdout=subprocess.PIPE).stdout)
    return json.loads(kept.read_bytes())["pipeline"]


def small_settings(pipeline):
    settings, stages = dict(LIMITS), {stage["name"]: stage for stage in pipeline["stages"]}
    if pipeline["dataset"].get("size_px", 0) > LARGEST_SIDE:
        settings["dataset.size_px"] = LARGEST_SIDE
    for name, stage in stages.items():
        place = f"stages.{name}"
        settings[f"{place}.epochs"] = stage["epochs"] if stage["epochs"] <= 2 else 1
        settings[f"{place}.batch_size"] = BATCH_SIZE
        inherits = stage["space"] == stages.get(stage.get("from"), {}).get("space")
        if stage["space"]["use"] == "dha.cell" and not inherits:
            settings |= {f"{place}.space.{key}": value for key, value in CELLS.items()}
        if stage.get("trials"):
            settings[f"{place}.trials.count"] = TRIALS
    return settings


def main():
    program = os.environ["DHA_PROGRAM"]
    verb, *arguments = sys.argv[1:]
    arguments = [shrink(argument) if option == "--set" else argument for option, argument in zip([verb, *arguments], arguments)]
    arguments = [re.sub(r"\.\.\d+", "", argument) if option == "--seeds" else argument
                 for option, argument in zip([verb, *arguments], arguments)]
    if verb in ("run", "sweep"):
        given = {setting.partition("=")[0] for setting in options_of(arguments, "--set")}
        for path, value in small_settings(resolved(program, pathlib.Path(arguments[0]))).items():
            if path not in given:
                arguments += ["--set", f"{path}={value}"]
    os.execv(program, [sys.argv[0], verb, *arguments])


if __name__ == "__main__":
    main()
