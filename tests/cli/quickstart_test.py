"""The first thing that a newcomer runs teaches a network: all of the quickstart, on Fashion-MNIST."""

import json
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
        out, _ = self.dha("run", QUICKSTART, timeout=1200)
        summary = json.loads((self.run_folder("quickstart") / "summary.json").read_text())
        # 0.9125 where it was measured; processors round differently, and 2,000 images fewer gave 0.903.
        self.assertGreaterEqual(summary["test_accuracy"], 0.885)
        self.assertEqual([stage["name"] for stage in summary["stages"]], ["search", "train", "finish"])
        self.assertIn("next          ", out)


if __name__ == "__main__":
    unittest.main()
