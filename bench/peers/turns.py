"""What the comparisons with peers share: a program of dha that waits for its turn, peak memory, the table at the end."""
import argparse
import os
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def environment(threads, operators="own"):
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "DHA_OPERATORS": operators}


def arguments(doc, steps):
    """The arguments that comparisons of steps share, for more to be added."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--cells", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=steps, help="of each contender in a round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", action="store_true")
    return parser


def size_options(options):
    """The arguments that repeat the size in a process of its own."""
    return ["--channels", options.channels, "--cells", options.cells, "--batch", options.batch, "--threads", options.threads]


def run_mode(options, compare, compare_memory, peer_memory):
    """Calls one of the three with the options: what --memory-of asks for, what --memory does, or else the comparison of times."""
    if options.memory_of:
        peer_memory(options)
    elif options.memory:
        compare_memory(options)
    else:
        compare(options)


class Waiting:
    """A process that answers each line that it is sent, and does nothing in between."""

    def __init__(self, command, threads, operators="own"):
        self.process = subprocess.Popen([str(part) for part in command], env=environment(threads, operators),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, count):
        return self.process.stdout.read(count)

    def line(self):
        line = self.process.stdout.readline().decode()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} ended with status {self.process.wait()}")
        return line

    def ask(self, question):
        self.send(f"{question}\n".encode())
        return self.line()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class WaitingSteps(Waiting):
    """A program whose first line begins with its number of threads, and that answers a number of steps with their milliseconds."""

    def __init__(self, command, threads, operators="own"):
        super().__init__(command, threads, operators)
        self.greeting = self.line()
        found = int(self.greeting.split()[0])
        assert found == threads, f"dha runs on {found} threads"

    def run(self, steps):
        return [float(text) for text in self.ask(steps).split()]


def peak_memory():
    """The largest resident set of this process so far, in MB."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def report_memory(contender):
    """Prints what memory_of() reads: MB before three steps, and at the peak."""
    before = peak_memory()
    contender.run(3)
    print(f"{before:.0f} {peak_memory():.0f}")


def memory_of(command, threads, operators="own"):
    """MB before the first step and at the peak, as the command prints them last."""
    text = subprocess.run([str(part) for part in command], env=environment(threads, operators), check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    before, peak = text.split()[-2:]
    return int(before), int(peak)


def rounds_of_steps(contenders, rounds, steps, warm_up=2):
    """Runs the contenders in turns; the median step (ms) of every round, one list per contender."""
    times = {name: [] for name in contenders}
    for one in contenders.values():
        one.run(warm_up)
    for _ in range(rounds):
        for name, one in contenders.items():
            times[name].append(statistics.median(one.run(steps)))
    return times


def better_of(times, names):
    return min(names, key=lambda name: statistics.median(times[name]))


def median_ratio(own, peer):
    return statistics.median(a / b for a, b in zip(own, peer))


def print_times(times, peer):
    width = max(map(len, times)) + 2
    for name, own in times.items():
        print(f"{name:{width}}{statistics.median(own):8.1f} ms   {median_ratio(own, times[peer]):.3f} times {peer}")


def print_memory(found):
    """found: contender -> (MB before the first step, MB at the peak)."""
    width = max(map(len, found)) + 2
    for name, (before, peak) in found.items():
        print(f"{name:{width}}{peak - before:5} MB for the steps, {peak} MB at the peak")
