#!/usr/bin/env python3
"""Runs every pipeline of examples/table1 with batches of two images, on small stand-ins of the data.

usage: table1_check.py BUILD [NAME...]

A pipeline without validation images trains each of its stages for an epoch of a few images. The others need two images of each
class at least; they are stopped after the first steps. The networks are those of the paper, so this takes minutes.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from study import set_options

HOME = pathlib.Path(__file__).resolve().parent.parent
TABLE = HOME / "examples" / "table1"
FEW_IMAGES = {"dha.cifar": 10, "dha.image_folder": 16, "dha.imagenet": 4}
STOPPED = 130  # dha's exit status after an interruption that left a checkpoint


def resolved(program, file):
    done = subprocess.run([program, "validate", "--json", file], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["pipeline"]


def options(pipeline, data, is_whole):
    path = pathlib.Path(pipeline["dataset"]["path"])
    values = {"dataset.path": data / ("mit67/Images" if path.name == "Images" else path.name)}
    if is_whole:
        values["dataset.limit_train"] = values["dataset.limit_test"] = FEW_IMAGES[pipeline["dataset"]["use"]]
    for stage in pipeline["stages"]:
        key = f"stages.{stage['name']}"
        values.update({f"{key}.batch_size": 2, f"{key}.log_every": 1})
        if is_whole:
            values[f"{key}.epochs"] = 1
    return set_options(values)


def has_stepped(runs):
    return any('"event":"step"' in file.read_text() for file in runs.rglob("metrics.jsonl"))


def run(program, file, data, runs):
    """Returns whether the run did what it should, and what it said."""
    pipeline = resolved(program, file)
    is_whole = not any(stage.get("validation_fraction") for stage in pipeline["stages"])
    process = subprocess.Popen([program, "run", "-q", file, "--out", runs, *options(pipeline, data, is_whole)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not is_whole and process.poll() is None:
        if has_stepped(runs):
            process.send_signal(signal.SIGINT)
            break
        time.sleep(0.1)
    _, said = process.communicate()
    return process.returncode == (0 if is_whole else STOPPED), said


def main():
    build, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    files = [*sorted(TABLE.glob("*.json")), *sorted(TABLE.glob("ablations/*.json"))]
    files = [file for file in files if not file.stem.startswith("without_") and (not names or file.stem in names)]
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        subprocess.run([HOME / "scripts" / "stand-in-data", data], check=True)
        for file in files:
            begun = time.monotonic()
            succeeded, said = run(build / "dha", file, data, pathlib.Path(folder) / file.stem)
            print(f"{file.stem:30} {'done' if succeeded else 'FAILED'} {time.monotonic() - begun:6.1f} s", flush=True)
            if not succeeded:
                failed.append(file.stem)
                print(said.strip(), flush=True)
    sys.exit(f"{len(failed)} of {len(files)} failed: {', '.join(failed)}" if failed else None)


main()
