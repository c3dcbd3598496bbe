"""A run on a CUDA device without a card: train and evaluate."""

import json
import shutil
import unittest

from kill_test import colour, grey
from support import (BUILD, GREY, SOURCE, CommandLineTest, read_safetensors, small_pipeline, write_cifar, write_idx,
                     write_png)

CUDA = {"DHA_CUDA_LIBRARY": str(BUILD / "test-programs" / "libsimulated_cuda.so")}


def fixed_architecture(folder):
    """Published cells on CIFAR-10's files."""
    write_cifar(folder)
    pipeline = small_pipeline(folder)
    pipeline["dataset"] = {"use": "dha.cifar", "path": str(folder), "classes": 10}
    pipeline["stages"][0]["searcher"] = {"use": "dha.architecture",
                                         "genotype_file": str(SOURCE / "examples" / "architectures" / "darts_v2.json")}
    return pipeline


class CudaTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["device"] = "cuda"
        self.pipeline = self.write_pipeline(pipeline)

    def test_a_run_is_evaluated_on_either_device(self):
        _, messages = self.dha("run", self.pipeline, environment=CUDA)
        self.assertIn("cuda:0", messages)
        run = self.run_folder()
        summary = json.loads((run / "summary.json").read_text())
        self.assertEqual(summary["device"], "cuda:0")
        self.assertEqual(json.loads((run / "environment.json").read_text())["device"], "cuda:0")
        write_png(self.folder / "image.png", 12, 12, GREY, bytes(range(144)))
        predictions = []
        for device in ("cuda", "cpu"):
            out, _ = self.dha("eval", run, "--set", f"device={device}", "--json", environment=CUDA)
            self.assertAlmostEqual(json.loads(out)["loss"], summary["test_loss"], places=4)
            out, _ = self.dha("predict", run / "model", "image.png", "--device", device, "--json", environment=CUDA)
            predictions.append(json.loads(out)[0]["top"])
        for ours, theirs in zip(*predictions, strict=True):
            self.assertEqual(ours["class"], theirs["class"])
            self.assertAlmostEqual(ours["probability"], theirs["probability"], places=5)

    def test_trains_as_the_cpu_does(self):
        """In double precision: the search with probe `next`; trials, probe `batch` and images from files; a given network."""
        for kind in (grey, colour, fixed_architecture):
            pipeline = kind(self.data / kind.__name__)
            pipeline["precision"] = "fp64"
            for stage in pipeline["stages"]:
                stage["epochs"] = 1
            file = self.write_pipeline(pipeline)
            runs = []
            for device in ("cpu", "cuda"):
                out = f"{kind.__name__}-{device}"
                self.dha("run", file, "--device", device, "--out", out, environment=CUDA)
                runs.append(self.folder / out / "small" / "latest")
            rows = [[json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()] for run in runs]
            self.assertEqual(len(rows[0]), len(rows[1]))
            for on_cpu, on_device in zip(*rows):
                for key in ("loss", "accuracy", "train_loss", "validation_loss", "test_loss", "learning_rate",
                            "weight_decay", "dha.tau.entropy", "dha.ista.code_norm"):
                    self.assertEqual(key in on_cpu, key in on_device)
                    if key in on_cpu:
                        self.assertAlmostEqual(on_cpu[key], on_device[key], delta=1e-7 * max(1, abs(on_cpu[key])),
                                               msg=f"{kind.__name__} {key} in {on_cpu}")
            self.assertEqual(*((run / "architecture.json").read_bytes() for run in runs))
            on_cpu, on_device = (read_safetensors(run / "model" / "weights.safetensors") for run in runs)
            self.assertEqual(list(on_cpu), list(on_device))
            for name, values in on_cpu.items():
                for ours, theirs in zip(values, on_device[name], strict=True):
                    self.assertAlmostEqual(ours, theirs, delta=1e-6 * max(1, abs(ours)), msg=name)

    def test_a_resumed_run_has_the_same_bits(self):
        for settings in ({"precision": "fp32", "graph": "auto"}, {"precision": "fp16", "graph": "off"}):
            with self.subTest(settings):
                shutil.rmtree(self.folder / "runs", ignore_errors=True)
                shutil.rmtree(self.folder / "whole", ignore_errors=True)
                pipeline = {**small_pipeline(self.data), "device": "cuda", **settings}
                search, final = pipeline["stages"]
                search["space"]["nodes"] = 2
                search["epochs"], final["epochs"] = 6, 2
                file = self.write_pipeline(pipeline)
                self.dha("run", file, "--out", "whole", environment=CUDA)
                self.interrupted(file, '"epoch":3,"step":2', environment=CUDA)
                run = self.run_folder()
                self.dha("resume", run, environment=CUDA)
                self.assert_same_run(self.run_folder(out="whole"), run)

    def test_auto_takes_the_device(self):
        _, messages = self.dha("run", self.pipeline, "--device", "auto", environment=CUDA)
        self.assertIn("cuda:0 (of 1 device)", messages)


if __name__ == "__main__":
    unittest.main()
