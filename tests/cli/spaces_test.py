"""The spaces other than dha.cell as whole pipelines: searched jointly, interrupted, resumed, evaluated; fixed networks without a searcher."""

import json
import unittest

from support import GREY, SOURCE, CommandLineTest, read_safetensors, small_pipeline, without_time, write_idx, write_png


class SpacesTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)

    def fixed(self, epochs=1, **space):
        """A pipeline that trains one network and searches nothing."""
        pipeline = small_pipeline(self.data)
        stage = {**pipeline["stages"][0], "epochs": epochs, "architecture": {}, "hyper": {"use": "dha.sgd"},
                 "space": {"use": "dha.wide_resnet", "depth": 10, "width": 1, **space}}
        del stage["searcher"]
        pipeline["stages"] = [stage]
        return pipeline

    def whole_and_resumed(self, pipeline):
        pipeline["checkpoint_every_steps"] = 1
        file = self.write_pipeline(pipeline)
        self.dha("run", file, "--out", "whole")
        self.interrupted(file, '"event":"epoch"')
        run = self.run_folder()
        self.dha("resume", run)
        return self.run_folder(out="whole"), run

    def assert_resumed_like_whole(self, pipeline):
        whole, run = self.whole_and_resumed(pipeline)
        self.assert_same_run(whole, run)
        return run

    def test_a_fixed_network_needs_no_searcher(self):
        whole, run = self.whole_and_resumed(self.fixed(epochs=4))
        self.assertEqual(*((folder / "model" / "weights.safetensors").read_bytes() for folder in (whole, run)))
        self.assertEqual(*(without_time((folder / "metrics.jsonl").read_text()) for folder in (whole, run)))
        self.assertFalse((run / "architecture.svg").exists())  # there is nothing to draw
        self.assertEqual(json.loads((run / "architecture.json").read_text()), {})
        measured, _ = self.dha("eval", run, "--json")
        self.assertEqual(json.loads(measured)["accuracy"], json.loads((run / "summary.json").read_text())["test_accuracy"])
        cost, _ = self.dha("cost", run / "pipeline.json", "--json")
        parameters = sum(len(values) for name, values in read_safetensors(run / "model" / "weights.safetensors").items()
                         if name.endswith((".weight", ".bias")))
        self.assertIn(str(parameters), cost)

    def test_a_fixed_network_starts_from_a_file_of_weights(self):
        self.dha("run", self.write_pipeline(self.fixed()), "--out", "first")
        weights = self.run_folder(out="first") / "model" / "weights.safetensors"
        still = self.fixed(weights=str(weights))
        still["stages"][0]["hyper"] = {"use": "dha.sgd", "learning_rate": 0, "weight_decay": 0}
        self.dha("run", self.write_pipeline(still), "--out", "second")
        found = read_safetensors(self.run_folder(out="second") / "model" / "weights.safetensors")
        for name, values in read_safetensors(weights).items():
            if name.endswith((".weight", ".bias")):
                self.assertEqual(found[name], values, name)
        write_idx(self.folder / "five", classes=5)
        still["dataset"].update({"path": str(self.folder / "five"), "classes": 5})
        self.dha("run", self.write_pipeline(still), "--out", "third")
        run = self.run_folder(out="third")
        self.assertEqual((run / "log.txt").read_text().count("'fc', starts from drawn weights"), 1)
        self.assertEqual(read_safetensors(run / "model" / "weights.safetensors")["conv1.weight"], found["conv1.weight"])
        still["stages"][0]["space"]["width"] = 2
        _, errors = self.dha("validate", self.write_pipeline(still), status=2)
        self.assertIn(f"the weights file '{weights}' does not fit: its 'layer1.0.", errors)
        weights.unlink()  # a trained model has its own
        write_png(self.folder / "image.png", 12, 12, GREY, bytes(144))
        self.assertEqual(*(self.dha("predict", place, "image.png")[0] for place in (run, run / "model")))

    def test_joint_dha_on_the_mobilenet_space(self):
        example = SOURCE / "examples" / "pipelines" / "dha_mobilenet.json"
        small = {"extends": str(example), "name": "small", "device": "cpu",
                 "dataset": {"path": str(self.data), "classes": 4, "limit_train": 64, "height_px": 12, "width_px": 12},
                 "stages": [{"name": "search", "batch_size": 16, "log_every": 1,
                             "space": {"width_multiplier": 0.25, "depths": [1, 2, 1, 1, 1, 1]}}, {"name": "final"}]}
        self.dha("validate", example, "--set", f"dataset.path={self.data}", "--set", "dataset.classes=4")
        run = self.assert_resumed_like_whole(small)
        summary = json.loads((run / "summary.json").read_text())
        self.assertEqual(len(summary["stages"]), 2)
        self.dha("eval", run)

    def test_joint_dha_on_the_space_of_nas_bench_201(self):
        pipeline = small_pipeline(self.data)
        search = pipeline["stages"][0]
        search["space"] = {"use": "dha.nb201", "channels": 4, "cells": 1}
        search["searcher"]["keep"] = 2
        _, errors = self.dha("validate", self.write_pipeline(pipeline), status=2)
        self.assertIn("keeps 1 of its candidates, but 'keep' is 2; remove 'keep'", errors)
        del search["searcher"]["keep"]
        run = self.assert_resumed_like_whole(pipeline)
        self.assertRegex(json.loads((run / "architecture.json").read_text())["cell"], r"^\|\w+~0\|\+\|\w+~0\|\w+~1\|\+")


if __name__ == "__main__":
    unittest.main()
