"""A run on a CUDA device without a card: train and evaluate."""

import json
import unittest

from support import BUILD, CommandLineTest, small_pipeline, write_idx

CUDA = {"DHA_CUDA_LIBRARY": str(BUILD / "test-programs" / "libsimulated_cuda.so")}


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
        for device in ("cuda", "cpu"):
            out, _ = self.dha("eval", run, "--set", f"device={device}", "--json", environment=CUDA)
            self.assertAlmostEqual(json.loads(out)["loss"], summary["test_loss"], places=4)

    def test_auto_takes_the_device(self):
        _, messages = self.dha("run", self.pipeline, "--device", "auto", environment=CUDA)
        self.assertIn("cuda:0 of 1 device", messages)


if __name__ == "__main__":
    unittest.main()
