"""The first thing that a newcomer runs teaches a network: the quickstart on a part of Fashion-MNIST.

DHA_WHOLE_QUICKSTART=1 takes all of its images; `make soak` does.
"""

import json
import os
import pathlib
import unittest

from support import SOURCE, CommandLineTest

QUICKSTART = SOURCE / "examples" / "quickstart.json"


class QuickstartTest(CommandLineTest):
    def test_reaches_its_accuracy(self):
        pipeline = json.loads(self.dha("validate", QUICKSTART, "--json")[0])["pipeline"]
        images = pathlib.Path(pipeline["dataset"]["path"])
        if not images.is_dir():
            self.skipTest(f"{images} is not there; Debian's package dataset-fashion-mnist brings it")
        if os.environ.get("DHA_WHOLE_QUICKSTART"):
            # A measured run reached 0.9125. Processors round differently, and with 2,000 images fewer it was 0.903.
            options, accuracy = [], 0.885
        else:  # a measured run reached 0.8345, and 0.8065 before its last stage
            options, accuracy = ["--set", "dataset.limit_train=4000", "--set", "dataset.limit_test=2000"], 0.81
        out, _ = self.dha("run", QUICKSTART, *options, timeout=1200)
        summary = json.loads((self.run_folder("quickstart") / "summary.json").read_text())
        self.assertGreaterEqual(summary["test_accuracy"], accuracy)
        self.assertEqual([stage["name"] for stage in summary["stages"]], ["search", "train", "finish"])
        self.assertIn("next          ", out)


if __name__ == "__main__":
    unittest.main()
