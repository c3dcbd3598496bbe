"""Seconds that `dha validate` and `dha plugins` take beyond the start of an empty program that links LibTorch.

    startup.py BUILD [ROUNDS]

The programs run in turns; the medians of their wall times and the differences are printed.
"""

import pathlib
import statistics
import subprocess
import sys
import time


def seconds(command):
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    examples = pathlib.Path(__file__).resolve().parent.parent / "examples"
    commands = {
        "empty program": [build / "bench-programs" / "empty_program"],
        "dha validate": [build / "dha", "validate", examples / "quickstart.json"],
        "dha plugins": [build / "dha", "plugins"],
    }
    times = {name: [] for name in commands}
    for _ in range(rounds + 1):  # the first round only fills the file cache
        for name, command in commands.items():
            times[name].append(seconds(command))
    empty = statistics.median(times["empty program"][1:])
    for name, all_seconds in times.items():
        median = statistics.median(all_seconds[1:])
        print(f"{name:14s} {median:6.3f} s  {median - empty:+6.3f} s")


if __name__ == "__main__":
    main()
