"""A run that starts with the weights of another run: what it takes, what it says, that it can be resumed without the other."""

import json
import re
import shutil
import unittest

from support import CommandLineTest, read_safetensors, small_pipeline, write_idx


class FromTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        search = small_pipeline(self.data)
        search["stages"] = [{**search["stages"][0], "epochs": 1}]
        self.dha("run", self.write_pipeline(search), "--out", "first")
        self.first = self.run_folder(out="first")
        self.weights = read_safetensors(self.first / "model" / "weights.safetensors")

    def later(self, data=None, **stage):
        """A pipeline of one stage that neither searches nor gives an architecture."""
        pipeline = small_pipeline(data or self.data)
        pipeline["stages"] = pipeline["stages"][:1]
        pipeline["stages"][0].update({"epochs": 1, "augment": [], "hyper": {"use": "dha.sgd"}, **stage})
        if "searcher" not in stage:
            del pipeline["stages"][0]["searcher"]
        return pipeline

    def started(self, run):
        line, = [line for line in (run / "log.txt").read_text().splitlines() if "stage 'search' starts with" in line]
        return line

    def test_weights_and_architecture_are_taken(self):
        frozen = {"use": "dha.sgd", "learning_rate": 0, "weight_decay": 0}
        self.dha("run", self.write_pipeline(self.later(hyper=frozen)), "--from", "first/small/latest")
        run = self.run_folder()
        count = len(self.weights)
        self.assertRegex(self.started(run), rf"starts with {count} of its {count} tensors from {self.first}$")
        self.assertEqual((run / "architecture.json").read_bytes(), (self.first / "architecture.json").read_bytes())
        trained = read_safetensors(run / "model" / "weights.safetensors")
        self.assertEqual(set(trained), set(self.weights))
        for name, values in self.weights.items():
            if "running" not in name and "batches" not in name:  # which move without a learning rate
                self.assertEqual(trained[name], values, name)
        resolved = json.loads((run / "pipeline.json").read_text())
        self.assertEqual(resolved["initial_weights"], str(self.first))
        self.dha("run", run / "pipeline.json", "--out", "again")
        self.assert_same_run(run, self.run_folder(out="again"))

    def test_a_run_is_resumed_without_the_one_that_it_started_from(self):
        pipeline = self.later(epochs=30)
        pipeline["checkpoint_every_steps"] = 1
        file = self.write_pipeline(pipeline)
        self.dha("run", file, "--from", self.first, "--out", "whole")
        pipeline["initial_weights"] = str(self.first / "model")  # the same in the file
        self.interrupted(self.write_pipeline(pipeline, "in_the_file.json"), '"event":"epoch"')
        run = self.run_folder()
        shutil.rmtree(self.first)
        kept = json.loads((run / "pipeline.json").read_text())
        shutil.rmtree(run / "checkpoints")  # as if it had been killed before the first
        (run / "checkpoints").mkdir()
        self.dha("resume", run)
        self.assert_same_run(self.run_folder(out="whole"), run)
        kept["initial_weights"] = "elsewhere"
        (run / "pipeline.json").write_text(json.dumps(kept))
        _, errors = self.dha("resume", run, status=2)
        self.assertIn("initial_weights is ", errors)

    def test_a_classifier_of_other_classes_is_left_out_and_named(self):
        write_idx(self.folder / "other", classes=3)
        pipeline = self.later(self.folder / "other")
        pipeline["dataset"]["classes"] = 3
        self.dha("run", self.write_pipeline(pipeline), "--from", self.first)
        taken, count, left = re.search(r"starts with (\d+) of its (\d+) tensors from .*; not taken: (.*)",
                                       self.started(self.run_folder())).groups()
        self.assertEqual(int(count) - int(taken), 2)
        self.assertRegex(left, r"\S*classifier\S* \(shape \[3, \d+\], there \[4, \d+\]\), \S*classifier\S* \(shape \[3\], there \[4\]\)$")

    def test_a_search_takes_what_its_network_has_too(self):
        self.dha("run", self.write_pipeline(self.later(searcher={"use": "dha.ista"})), "--from", self.first)
        taken, count = re.search(r"starts with (\d+) of its (\d+) tensors", self.started(self.run_folder())).groups()
        self.assertGreater(int(taken), 0)
        self.assertLess(int(taken), int(count))

    def refused(self, pipeline, source, saying, status=2):
        _, errors = self.dha("run", self.write_pipeline(pipeline), "--from", source, status=status)
        self.assertIn(saying, errors)

    def test_what_cannot_be_taken_is_refused(self):
        wider = {"use": "dha.cell", "channels": 6, "cells": 3, "auxiliary_weight": 0}
        self.refused(self.later(space=wider), self.first, "stage 'search' can take no weight from")
        self.refused(self.later(), self.folder, "has no model: expected model/model.json of a run that has finished", status=5)
        trials = self.later(trials={"use": "dha.random", "count": 1}, validation_fraction=0.25)
        self.refused(trials, self.first, "/initial_weights cannot be used by the first stage, whose trials start from new weights")


if __name__ == "__main__":
    unittest.main()
