"""What the command-line tests share: tiny data sets, pipelines, and a way to run the program."""

import array
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

BUILD = pathlib.Path(os.environ["DHA_BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["DHA_SOURCE_DIR"])
DHA = BUILD / "dha"

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6  # kinds of PNG


def write_idx(folder, train=64, test=32, classes=4, side=12, label=None):
    """An MNIST-format data set whose classes are bars at different places: learnable, and the same every time."""
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, count in (("train", train), ("t10k", test)):
        images, labels = bytearray(), bytearray()
        for i in range(count):
            truth = i % classes
            for y in range(side):
                for x in range(side):
                    bar = x * classes // side == truth
                    images.append((180 if bar else 30) + (i * 7 + x * 13 + y * 29) % 40)
            labels.append(truth if label is None else label)
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">iiii", 0x803, count, side, side) + images)
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">ii", 0x801, count) + labels)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def write_png(file, width, height, kind, data, depth=8, extra=b""):
    """`data`: packed rows, one after another."""
    stride = len(data) // height
    rows = b"".join(b"\0" + data[y * stride:(y + 1) * stride] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) +
                     chunk(b"IEND", b""))


def write_images(folder):
    """Four classes as folders of PNG files in colour, of several sizes."""
    for split, count in (("train", 48), ("test", 16)):
        for i in range(count):
            place = folder / split / f"class{i % 4}"
            place.mkdir(parents=True, exist_ok=True)
            side = 14 + i % 5
            pixels = bytes(value % 256 for y in range(side) for x in range(side)
                           for value in (40 * (i % 4) + x * 3 + i, 90 + y * (1 + i % 4), x * y + 7 * i))
            write_png(place / f"{i}.png", side, side, RGB, pixels)


def write_cifar(folder, images=12):
    """The binary files of CIFAR-10 and of CIFAR-100, so many images in each, of all classes that this allows."""
    for name, files, label_bytes, classes in (
            ("cifar-10-batches-bin", [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"], 1, 10),
            ("cifar-100-binary", ["train", "test"], 2, 100)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file in files:
            count = max(images, classes)
            records = (bytes([i % 20, i % classes][-label_bytes:]) +
                       bytes((40 * (i % classes) + x * (1 + c) + 3 * y) % 256
                             for c in range(3) for y in range(32) for x in range(32)) for i in range(count))
            (folder / name / f"{file}.bin").write_bytes(b"".join(records))


def small_pipeline(data):
    """Joint search and final stage on a network that trains in seconds."""
    return {
        "name": "small",
        "seed": 3,
        "device": "cpu",
        "dataset": {"use": "dha.idx", "path": str(data), "classes": 4, "height_px": 12, "width_px": 12},
        "stages": [
            {
                "name": "search",
                "epochs": 2,
                "batch_size": 16,
                "log_every": 2,
                "space": {"use": "dha.cell", "channels": 4, "cells": 3, "auxiliary_weight": 0},
                "searcher": {"use": "dha.ista"},
                "augment": [{"use": "dha.flip"}, {"use": "dha.tau"}, {"use": "dha.cutout", "size_px": 4}],
                "hyper": {"use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "weight_decay": [1e-4, 5e-4],
                          "probe": "next"},
            },
            {"name": "final", "epochs": 1, "batch_size": 16, "from": "search",
             "carry": ["weights", "searcher", "augment", "hyper", "momentum"], "drop_path": 0.1},
        ],
    }


def one_stage(data, epochs=2, learning_rate=0.05):
    """A search on its own, held out images included, that trains in a second or two."""
    return {
        "name": "one",
        "seed": 3,
        "device": "cpu",
        "dataset": {"use": "dha.idx", "path": str(data), "classes": 4, "height_px": 12, "width_px": 12},
        "stages": [{
            "name": "only", "epochs": epochs, "batch_size": 16, "log_every": 1, "validation_fraction": 0.25,
            "space": {"use": "dha.cell", "channels": 4, "cells": 3, "auxiliary_weight": 0},
            "searcher": {"use": "dha.ista"}, "augment": [{"use": "dha.flip"}],
            "hyper": {"use": "dha.sgd", "learning_rate": learning_rate},
        }],
    }


def diverging(pipeline):
    """The same with a learning rate at which the loss is soon no number."""
    stage = pipeline["stages"][0]
    stage.update({"epochs": 8, "gradient_clip": 0, "hyper": {"use": "dha.sgd", "learning_rate": 100, "weight_decay": 1}})
    return pipeline


def read_safetensors(file):
    """Name -> values, of files with tensors of F32, F64, I64 and U8."""
    data = file.read_bytes()
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = json.loads(data[8:begin])
    tensors.pop("__metadata__", None)
    return {name: array.array({"F32": "f", "F64": "d", "I64": "q", "U8": "B"}[tensor["dtype"]],
                              data[begin + tensor["data_offsets"][0]:begin + tensor["data_offsets"][1]])
            for name, tensor in tensors.items()}


class Line(str):
    """A line of metrics.jsonl: compared as text, so that the order of fields and the digits count; line["event"] is a value."""

    def __getitem__(self, key):
        return json.loads(self)[key] if isinstance(key, str) else super().__getitem__(key)


def without_time(text):
    """The lines of metrics.jsonl with their time fields cut out."""
    return [Line(re.sub(r',"(time_s|images_per_second)":[^,}]*', "", line)) for line in text.split("\n")[:-1]]


def without_measures(summary):
    """A summary without what differs from run to run: times and memory."""
    if isinstance(summary, list):
        return [without_measures(value) for value in summary]
    if not isinstance(summary, dict):
        return summary
    return {key: without_measures(value) for key, value in summary.items()
            if key not in ("seconds", "images_per_second", "peak_memory_bytes")}


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dha-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"

    def write_pipeline(self, pipeline, name="pipeline.json"):
        file = self.folder / name
        file.write_text(pipeline if isinstance(pipeline, str) else json.dumps(pipeline, indent=2))
        return file

    def joint_run_and_study(self):
        """The folders of a joint search that is validated and of a study with two trials."""
        write_idx(self.data)
        joint, study = small_pipeline(self.data), small_pipeline(self.data)
        joint["name"], study["name"] = "joint", "study"
        joint["stages"][0]["validation_fraction"] = 0.25
        searched, final = study["stages"]
        del searched["searcher"]
        searched.update({"validation_fraction": 0.25, "augment": [{"use": "dha.flip"}], "hyper": {"use": "dha.sgd"},
                         "epochs": 1, "trials": {"use": "dha.random", "count": 2, "threads": 1,
                                                 "over": ["architecture", "settings"]}})
        final["carry"] = ["architecture"]
        for pipeline in (joint, study):
            self.dha("run", "-q", self.write_pipeline(pipeline))
        return [self.run_folder("joint"), self.run_folder("study")]

    def dha(self, *arguments, status=0, environment=None, timeout=300):
        """Runs the program; returns (stdout, stderr) after checking the exit status."""
        done = subprocess.run([DHA, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, status, f"dha {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def interrupted(self, file, after, environment=None):
        """Stops a run by Ctrl-C once its metrics have the text `after`; returns what it said."""
        process = subprocess.Popen([DHA, "run", file], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
        deadline = time.monotonic() + 120
        written = lambda: "".join(file.read_text() for file in self.folder.glob("runs/small/*/metrics.jsonl"))
        while after not in written() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        return errors

    def run_folder(self, name="small", out="runs"):
        """Of the only run of that name below `out`."""
        folders = [p for p in (self.folder / out / name).iterdir() if not p.is_symlink()]
        self.assertEqual(len(folders), 1)
        return folders[0]

    def assert_same_run(self, whole, run):
        """The same bytes but for times, and nothing half-written."""
        for name in ("model/weights.safetensors", "model/model.json", "model/model.onnx", "model/model.py", "architecture.json",
                     "architecture.svg", "policy.json", "hyper.csv", "predictions.csv", "confusion.csv", "per_class.csv"):
            self.assertEqual((whole / name).read_bytes(), (run / name).read_bytes(), name)
        self.assertEqual(*(without_measures(json.loads((folder / "summary.json").read_text())) for folder in (whole, run)))
        self.assertEqual(without_time((whole / "metrics.jsonl").read_text()),
                         without_time((run / "metrics.jsonl").read_text()))
        self.assertEqual(*([p.name for p in folder.rglob("checkpoints/*-best*")] for folder in (whole, run)))
        self.assertEqual([p.name for p in run.rglob("*.tmp*")], [])
