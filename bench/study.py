"""Runs pipelines that may be stopped at any time and taken up again: what the long studies of bench/ share."""
import json
import pathlib
import statistics
import subprocess


def set_options(values):
    """--set options of the program for key -> value."""
    return [option for name, value in values.items() for option in ("--set", f"{name}={value}")]


def finished_run(program, pipeline, folder, overrides):
    """The run directory of `pipeline` below `folder`, run, resumed or, where it has finished, only found.

    overrides: key of --set -> value, for a new run.
    """
    runs = [found.parent for found in pathlib.Path(folder).glob("*/*/pipeline.json") if not found.parent.is_symlink()]
    if not runs:
        subprocess.run([program, "run", "-q", pipeline, "--out", folder, *set_options(overrides)], check=True,
                       stdout=subprocess.DEVNULL)
        return finished_run(program, pipeline, folder, overrides)
    if len(runs) > 1:
        raise SystemExit(f"{folder} has {len(runs)} runs, expected one; remove those that do not belong to the study")
    if not (runs[0] / "summary.json").exists():
        subprocess.run([program, "resume", "-q", runs[0]], check=True, stdout=subprocess.DEVNULL)
    return runs[0]


def summary(run):
    return json.loads((run / "summary.json").read_text())


def architecture(run):
    return json.loads((run / "architecture.json").read_text())


def spread(values):
    """Mean and sample standard deviation as text."""
    deviation = statistics.stdev(values) if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):.2f} ± {deviation:.2f}"
