"""The files of examples/table1: each system of the paper's Table 1 on each data set, and the ablations."""

import json
import unittest

from support import SOURCE, CommandLineTest

TABLE = SOURCE / "examples" / "table1"
METHODS = ["enas", "nsga_net", "darts", "pdarts", "manas", "ista", "sequential_dha", "dha"]
DATASETS = ["cifar10", "cifar100", "sport8", "mit67", "imagenet"]
ABLATIONS = sorted(file for file in (TABLE / "ablations").glob("*.json") if not file.name.startswith("without_"))


class Table1Test(CommandLineTest):
    def stages(self, file):
        pipeline = json.loads(self.dha("validate", "--json", file)[0])["pipeline"]
        return {stage["name"]: stage for stage in pipeline["stages"]}

    def test_every_system_has_a_valid_file_for_every_data_set(self):
        self.assertEqual(sorted(file.stem for file in TABLE.glob("*.json")),
                         sorted(f"{method}-{data}" for method in METHODS for data in DATASETS))
        for file in sorted(TABLE.glob("*.json")):
            with self.subTest(file.stem):
                self.assertEqual(self.stages(file)["final"]["epochs"],
                                 250 if file.stem.endswith("imagenet") else 600)

    def test_every_ablation_is_valid(self):
        self.assertEqual([file.stem for file in ABLATIONS],
                         ["alpha", "cosine", "eta", "eta_alpha", "random_cell", "tau", "tau_alpha", "tau_eta", "uniform_pairs"])
        whole = self.stages(TABLE / "dha-cifar10.json")
        for file in ABLATIONS:
            with self.subTest(file.stem):
                parts = self.stages(file)
                self.assertEqual([stage["epochs"] for stage in parts.values()], [stage["epochs"] for stage in whole.values()])
                self.assertNotEqual(parts, whole)

    def test_costs_are_printed(self):
        for name in ("dha-cifar10", "darts-imagenet", "nsga_net-sport8"):
            with self.subTest(name):
                self.assertIn("final", self.dha("cost", TABLE / f"{name}.json")[0])


if __name__ == "__main__":
    unittest.main()
