"""What the tests of this folder share: the packages of .venv, and runs that are killed."""

import importlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(os.environ["DHA_SOURCE_DIR"])
VENV = SOURCE / ".venv" / "bin" / "python"
sys.path.append(str(SOURCE / "tests" / "cli"))


def need(package):
    """Continues in .venv, which has the package; exits with 77 (skipped) where it is missing there too."""
    try:
        importlib.import_module(package)
    except ImportError as error:
        if VENV.exists() and pathlib.Path(sys.prefix) != VENV.parents[1]:
            os.execv(VENV, [str(VENV), "-B", *sys.argv])
        print(f"skipped: {error}; scripts/setup installs {package} into .venv")
        sys.exit(77)


def rows_of(run):
    """The lines of metrics.jsonl; none where there is no file."""
    file = run / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def kill_when(test, pipeline, can_be_killed, out="killed"):
    """Runs a pipeline, kills it once `can_be_killed` holds for its folder, and returns that folder."""
    from support import DHA
    process = subprocess.Popen([DHA, "run", "-q", pipeline, "--out", out], cwd=test.folder)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if any(can_be_killed(found.parent) for found in (test.folder / out).glob("small/*/pipeline.json")):
            process.kill()
        time.sleep(0.001)
    test.assertEqual(process.wait(), -signal.SIGKILL)
    return test.run_folder(out=out)
