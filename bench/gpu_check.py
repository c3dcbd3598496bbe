"""Everything that needs a real CUDA card: tests, results compared with the CPU's and with steps one by one, and speed.

    gpu_check.py BUILD [--quick]

Prints a Markdown table for docs/measured.md. Ends with 1 where a check fails, with 69 where there is no card. --quick makes the
runs so short that they tell nothing of speed, trains no pipeline twice, and leaves out fp16, to try the program itself.

Speed: images per second of whole joint steps, the median of a run's intervals but the first, best of three rounds in turns.
Recorded: "graph": "auto". fp32 convolutions use TF32, as LibTorch does by itself.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

NO_CARD = 69
SETTINGS = [("fp32", "off"), ("fp32", "auto"), ("bf16", "off"), ("bf16", "auto"), ("fp16", "off"), ("fp16", "auto")]


class Check:
    def __init__(self, build, quick, folder):
        self.build, self.folder = build, folder
        self.quick = quick
        self.failed = []
        self.runs = {}  # by pipeline
        self.settings = [s for s in SETTINGS if not quick or s[0] != "fp16"]
        self.batch = 16 if quick else 96
        self.images = self.batch * (5 if quick else 80)
        write_images(folder / "images", self.images)

    def pipeline(self, part, precision="fp32", graph="off", epochs=1):
        channels, cells = (4, 3) if self.quick else (16, 8)
        stage = {
            "name": part, "epochs": epochs, "batch_size": self.batch, "log_every": 1 if self.quick else 8,
            "space": {"use": "dha.cell", "channels": channels, "cells": cells, "auxiliary_weight": 0},
            # Codes that move fast, so that the support changes from epoch to epoch.
            "searcher": {"use": "dha.ista", "learning_rate": 0.01},
            "augment": [{"use": "dha.flip"}, {"use": "dha.tau"}],
            "hyper": {"use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "weight_decay": [1e-4, 5e-4],
                      "probe": "batch" if part == "batch" else "next"},
        }
        if self.quick and part != "lean":
            stage["space"]["nodes"] = 2
        if part == "lean":
            stage["searcher"] = {"use": "dha.architecture", "genotype_file": str(GENOTYPE)}
            stage["hyper"] = {"use": "dha.sgd", "schedule": "constant"}
        return {"name": "check", "seed": 5, "device": "cuda", "precision": precision, "graph": graph,
                "dataset": {"use": "dha.cifar", "path": str(self.folder / "images"), "classes": 10}, "stages": [stage]}

    def dha(self, *arguments):
        done = subprocess.run([self.build / "dha", *map(str, arguments)], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1])
        return done.stdout

    def run(self, pipeline):
        """The run's folder and the rows of its metrics."""
        text = json.dumps(pipeline)
        if not self.quick or text not in self.runs:
            self.runs[text] = self.new_run(text)
        return self.runs[text]

    def new_run(self, text):
        (self.folder / "pipeline.json").write_text(text)
        before = set((self.folder / "runs" / "check").glob("*"))
        self.dha("run", "pipeline.json")
        new = [run for run in (self.folder / "runs" / "check").glob("*") if run not in before and not run.is_symlink()]
        return new[0], [json.loads(line) for line in (new[0] / "metrics.jsonl").read_text().splitlines()]

    def report(self, name, passed, text):
        print(f"| {name} | {'passed' if passed else 'FAILED'} | {text} |", flush=True)
        if not passed:
            self.failed.append(name)

    def tests(self):
        done = subprocess.run(["ctest", "--test-dir", self.build, "-L", "gpu", "--output-on-failure"], capture_output=True,
                              text=True)
        skipped = "Skipped" in done.stdout
        self.report("tests labelled gpu", done.returncode == 0 and (self.quick or not skipped),
                    "skipped" if skipped else done.stdout.strip().splitlines()[-1].strip())

    def evaluation(self):
        """A network that was trained on the card gives the CPU's logits."""
        run, _ = self.run(self.pipeline("lean"))
        losses = {device: json.loads(self.dha("eval", run, "--set", f"device={device}", "--json"))["loss"]
                  for device in ("cuda", "cpu")}
        difference = abs(losses["cuda"] - losses["cpu"]) / losses["cpu"]
        self.report("evaluation compared with the CPU's", difference < 5e-3, f"loss differs by {difference:.1e}")

    def recording(self):
        """Recorded steps do what steps one by one do, in later epochs too, for which they are recorded anew because the support
        has changed. What a card's sums leave open in their last digits grows with the steps."""
        for part in ("next", "batch", "lean"):
            rows = {graph: self.run(self.pipeline(part, graph=graph, epochs=3)) for graph in ("off", "auto")}
            log = (rows["auto"][0] / "log.txt").read_text()
            passed = "recorded and replayed" in log and "could not be recorded" not in log
            text = []
            for epoch, bound in ((1, 1e-2), (2, 5e-2), (3, 5e-2)):
                losses = {graph: [row["loss"] for row in found if row["event"] == "step" and row["epoch"] == epoch]
                          for graph, (_, found) in rows.items()}
                worst = max(abs(a - b) / max(b, 0.5) for a, b in zip(losses["auto"], losses["off"], strict=True))
                passed = passed and worst < bound
                text.append(f"{worst:.1e}")
            if part != "lean":
                supports = [[(kept["operation"], kept["input"]) for choice in row["searcher"]["choices"]
                             for kept in choice["support"]] for row in rows["auto"][1] if row["event"] == "epoch"]
                changes = sum(a != b for a, b in zip(supports, supports[1:]))
                passed = passed and changes > 0
                text.append(f"support changed after {changes} epochs")
            self.report(f"recorded compared with one by one, {part}", passed, "losses differ by at most " + ", ".join(text))

    def half_precision(self):
        """An epoch in half precision comes to the loss of one in single precision."""
        precisions = sorted({precision for precision, _ in self.settings})
        for part in ("next", "batch", "lean"):
            losses = {precision: next(row["train_loss"] for row in self.run(self.pipeline(part, precision))[1]
                                      if row["event"] == "epoch") for precision in precisions}
            found = {p: abs(losses[p] - losses["fp32"]) / losses["fp32"] for p in precisions if p != "fp32"}
            self.report(f"half compared with single precision, {part}", max(found.values()) < 5e-2,
                        ", ".join(f"{p}: loss differs by {value:.1e}" for p, value in found.items()))

    def speed(self):
        rates = {}
        for _ in range(1 if self.quick else 3):
            for part in ("next", "batch", "lean"):
                for precision, graph in self.settings:
                    _, rows = self.run(self.pipeline(part, precision, graph))
                    found = [row["images_per_second"] for row in rows if row["event"] == "step"][1:]
                    key = (part, precision, graph)
                    rates[key] = max(rates.get(key, 0), statistics.median(found))
        for part, name in (("next", "joint step, probe `next`"), ("batch", "joint step, probe `batch`"),
                           ("lean", "lean network, plain step")):
            plain = rates[part, "fp32", "off"]
            for precision, graph in self.settings:
                rate = rates[part, precision, graph]
                print(f"| {name}, {precision}, {'recorded' if graph == 'auto' else 'one by one'} | "
                      f"{rate:,.0f} images per second | {rate / plain:.2f} of fp32 one by one |", flush=True)


GENOTYPE = pathlib.Path(__file__).resolve().parent.parent / "examples" / "architectures" / "darts_v2.json"


def write_images(folder, count):
    """Files in the format of CIFAR-10: coloured bars with some noise, so that there is something to learn."""
    folder.mkdir()
    state = 1
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        data = bytearray()
        for i in range(count // 5):
            label = i % 10
            data.append(label)
            for channel in range(3):
                state = (state * 1103515245 + 12345) % 2**31
                shade, noise = 40 + 20 * channel + 12 * label, state >> 16
                data += bytes((shade + (180 if x * 10 // 32 == label else 0) + (noise >> (x % 8)) % 16) % 256
                              for x in range(32)) * 32
        (folder / name).write_bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dha-gpu-") as folder:
        check = Check(arguments.build.resolve(), arguments.quick, pathlib.Path(folder))
        try:
            run, _ = check.run(check.pipeline("lean"))
        except RuntimeError as failure:
            print(f"gpu-check: {failure}", file=sys.stderr)
            return NO_CARD if "is not there" in str(failure) else 1
        print(f"Device: {json.loads((run / 'environment.json').read_text()).get('device_name', '?')}\n")
        print("| what | result | |\n| --- | --- | --- |")
        check.tests()
        check.evaluation()
        check.recording()
        check.half_precision()
        check.speed()
    if check.failed:
        print(f"gpu-check: failed: {', '.join(check.failed)}", file=sys.stderr)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
