"""--max-minutes: a run ends in time, leaves its network, and can be continued to the same bytes."""

import json
import time
import unittest

from support import CommandLineTest, one_stage, small_pipeline, write_idx

MINUTES = 0.1


class TimeLimitTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data, train=256)

    def timed(self, *arguments):
        begun = time.monotonic()
        out, errors = self.dha(*arguments, "--max-minutes", MINUTES)
        self.assertLess(time.monotonic() - begun, 60 * MINUTES + 20)  # other programs may delay it
        return out, errors

    def test_a_run_ends_in_time_and_continues(self):
        pipeline = self.write_pipeline(one_stage(self.data, epochs=100000))
        out, _ = self.timed("run", pipeline)
        run = self.run_folder("one")
        self.assertRegex(out, rf"^The time is over in stage 'only' after \d+ of 100000 epochs.*; \S+/model/ has the network "
                              rf"as it is; continue with: \S+ resume \S+{run.name}\n$")
        summary = json.loads((run / "summary.json").read_text())
        self.assertFalse(summary["finished"])
        unfinished = summary["unfinished"]
        self.assertEqual([unfinished["stage"], unfinished["planned_epochs"]], ["only", 100000])
        self.assertGreater(unfinished["epochs"] + unfinished["steps"], 0)
        self.assertEqual(json.loads((run / "stopped.json").read_text())["reason"], "time")
        self.assertEqual(json.loads((run / "model" / "model.json").read_text())["network"], "decided")
        self.assertGreater((run / "model" / "model.onnx").stat().st_size, 1000)
        self.assertEqual(json.loads(self.dha("eval", run, "--json")[0])["unfinished"]["epochs"], unfinished["epochs"])
        self.assertEqual(json.loads(self.dha("compare", run, "--json")[0])["left_out"][0]["why"], "unfinished")

        out, _ = self.timed("resume", run, "--json")
        later = json.loads(out)["unfinished"]
        self.assertGreater((later["epochs"], later["steps"]), (unfinished["epochs"], unfinished["steps"]))

    def test_a_continued_run_has_the_same_bytes(self):
        pipeline = self.write_pipeline(one_stage(self.data, epochs=40))
        self.dha("run", "-q", pipeline, "--out", "whole")
        out, _ = self.dha("run", "-q", pipeline, "--max-minutes", 0.04)
        self.assertIn("The time is over", out)
        run = self.run_folder("one")
        self.dha("resume", run)
        self.assert_same_run(self.run_folder("one", "whole"), run)
        self.assertFalse((run / "stopped.json").exists())

    def test_a_study_ends_in_time(self):
        pipeline = small_pipeline(self.data)
        searched = pipeline["stages"][0]
        del searched["searcher"]
        searched.update({"epochs": 100000, "validation_fraction": 0.25, "augment": [], "hyper": {"use": "dha.sgd"},
                         "trials": {"use": "dha.random", "count": 2, "threads": 1, "over": ["architecture"]}})
        pipeline["stages"][1]["carry"] = ["architecture"]
        out, _ = self.timed("run", self.write_pipeline(pipeline))
        self.assertIn("The time is over in stage 'search' after 0 of 100000 epochs; there is no trained network", out)
        self.assertFalse(json.loads((self.run_folder() / "summary.json").read_text())["finished"])

    def test_a_run_that_finishes_before_is_as_ever(self):
        pipeline = self.write_pipeline(one_stage(self.data, epochs=1))
        self.dha("run", "-q", pipeline, "--out", "whole")
        self.dha("run", "-q", pipeline, "--max-minutes", 10)
        self.assert_same_run(self.run_folder("one", "whole"), self.run_folder("one"))


if __name__ == "__main__":
    unittest.main()
