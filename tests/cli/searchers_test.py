"""Every searcher on every space with choices: killed after an epoch and resumed, a run ends in the bytes of an undisturbed one."""

import json
import signal
import subprocess
import time
import unittest

from support import DHA, CommandLineTest, small_pipeline, write_idx

SPACES = {
    "cell": {"use": "dha.cell", "channels": 4, "cells": 3, "nodes": 2, "auxiliary_weight": 0},
    "nb201": {"use": "dha.nb201", "channels": 4, "cells": 1},
    "mobilenet": {"use": "dha.mobilenet", "width_multiplier": 0.25, "depths": [1, 2, 1, 1, 1, 1]},
}
SEARCHERS = {
    "ista": {"use": "dha.ista"},
    "darts": {"use": "dha.darts"},
    "proxyless": {"use": "dha.proxyless", "warm_up_epochs": 1, "architecture_interval": 2},
    "enas": {"use": "dha.enas", "controller_steps": 2, "controller_samples": 2, "final_samples": 2},
    "manas": {"use": "dha.manas"},
}
VARIANTS = {
    "ista-two-stage": {"use": "dha.ista", "mode": "two_stage"},
    "darts-of-first-order": {"use": "dha.darts", "order": 1},
    "manas-ls": {"use": "dha.manas", "update": "least_squares", "samples": 3},
}
TRIALS = {
    "random": {"use": "dha.random", "count": 2},
    "evolution": {"use": "dha.evolution", "count": 3, "population": 2, "tournament": 2},
    "nsga_net": {"use": "dha.nsga_net", "count": 3, "population": 2, "offspring": 1},
}


class SearchersTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)

    def pipeline(self, *stages):
        """A search in `stages`, each a change of the first stage of small_pipeline(), then training of what was found."""
        pipeline = small_pipeline(self.data)
        common = {**pipeline["stages"][0], "validation_fraction": 0.25, "hyper": {"use": "dha.sgd"}}
        del common["searcher"]
        searches = [{**common, **stage} for stage in stages]
        final = {"name": "final", "epochs": 1, "from": searches[-1]["name"], "carry": ["architecture"]}
        return {**pipeline, "checkpoint_every_steps": 1, "stages": [*searches, final]}

    def check(self, name, pipeline, can_be_killed):
        """`can_be_killed`: whether a run, given its folder, has come far enough."""
        file = self.write_pipeline(pipeline)
        self.dha("run", "-q", file, "--out", f"{name}/whole")
        process = subprocess.Popen([DHA, "run", "-q", file, "--out", f"{name}/killed"], cwd=self.folder)
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if any(can_be_killed(found.parent) for found in (self.folder / name).glob("killed/small/*/pipeline.json")):
                process.kill()
            time.sleep(0.002)
        self.assertEqual(process.wait(), -signal.SIGKILL)
        run = self.run_folder(out=f"{name}/killed")
        self.dha("resume", "-q", run)
        self.assert_same_run(self.run_folder(out=f"{name}/whole"), run)

    def check_searchers(self, space, searchers):
        def epoch_is_over(run):
            return '"event":"epoch"' in (run / "metrics.jsonl").read_text() if (run / "metrics.jsonl").exists() else False

        for name, searcher in searchers.items():
            with self.subTest(name):
                self.check(name, self.pipeline({"space": SPACES[space], "searcher": searcher}), epoch_is_over)
                self.check_agreement(name)
        progressive = {"use": "dha.pdarts", "drop": 1, "warm_up_epochs": 1}
        with self.subTest("pdarts"):
            self.check("pdarts", self.pipeline({"space": SPACES[space], "searcher": progressive},
                                               {"space": SPACES[space], "name": "second", "from": "search", "carry": ["searcher"],
                                                "searcher": {**progressive, "drop": 0}}), epoch_is_over)

    def check_agreement(self, name):
        """dha.ista trains the network that it evaluates; the others train a mixture, or other paths."""
        rows = [json.loads(line) for line in (self.run_folder(out=f"{name}/whole") / "metrics.jsonl").read_text().splitlines()]
        rows = [row for row in rows if row["event"] == "epoch" and row["stage"] == "search"]
        self.assertTrue(rows)
        for row in rows:
            self.assertGreaterEqual(row["supernet_accuracy"], 0)
            self.assertLessEqual(row["supernet_agreement"], 1)
            if name.startswith("ista"):
                self.assertEqual(row["supernet_agreement"], 1)
                self.assertEqual(row["supernet_accuracy"], row["validation_accuracy"])

    def check_trial_searchers(self, space):
        def trial_is_over(run):
            return any(run.glob("stages/search/trials/*/outcome.json"))

        for name, trials in TRIALS.items():
            with self.subTest(name):
                stage = {"space": SPACES[space], "epochs": 1, "trials": {**trials, "threads": 1}}
                self.check(name, self.pipeline(stage), trial_is_over)

    def test_searchers_on_cells(self):
        self.check_searchers("cell", SEARCHERS)

    def test_searchers_on_the_space_of_nas_bench_201(self):
        self.check_searchers("nb201", {**SEARCHERS, **VARIANTS})

    def test_searchers_on_the_mobilenet_space(self):
        self.check_searchers("mobilenet", SEARCHERS)

    def test_trial_searchers_on_the_space_of_nas_bench_201(self):
        self.check_trial_searchers("nb201")

    def test_trial_searchers_on_the_mobilenet_space(self):
        self.check_trial_searchers("mobilenet")


if __name__ == "__main__":
    unittest.main()
