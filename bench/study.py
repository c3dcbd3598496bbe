"""Runs pipelines that may be stopped at any time and taken up again: what the long studies of bench/ share."""
import json
import pathlib
import statistics
import subprocess


def set_options(values):
    """--set options of the program for key -> value."""
    return [option for name, value in values.items() for option in ("--set", f"{name}={value}")]


def run_program(arguments):
    """Runs a program of dha. An exception, such as KeyboardInterrupt, first lets it write a checkpoint and end."""
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as process:
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status != 0:
        raise subprocess.CalledProcessError(status, arguments)


def begun_run(folder):
    """The run directory below `folder`; None without one."""
    runs = [found.parent for found in pathlib.Path(folder).glob("*/*/pipeline.json") if not found.parent.is_symlink()]
    if len(runs) > 1:
        raise SystemExit(f"{folder} has {len(runs)} runs, expected one; remove those that do not belong to the study")
    return runs[0] if runs else None


def has_finished(run):
    """Whether all stages are done: the summary is written after each of them."""
    return (run / "summary.json").exists() and summary(run)["finished"]


def finished_run(program, pipeline, folder, overrides):
    """The run directory of `pipeline` below `folder`, run, resumed or, where it has finished, only found.

    overrides: key of --set -> value, for a new run.
    """
    run = begun_run(folder)
    if run is None:
        run_program([program, "run", "-q", pipeline, "--out", folder, *set_options(overrides)])
        return begun_run(folder)
    if not has_finished(run):
        run_program([program, "resume", "-q", run])
    return run


def summary(run):
    return json.loads((run / "summary.json").read_text())


def architecture(run):
    return json.loads((run / "architecture.json").read_text())


def spread(values):
    """Mean and sample standard deviation as text."""
    deviation = statistics.stdev(values) if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):.2f} ± {deviation:.2f}"
