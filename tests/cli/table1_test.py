"""The files of examples/table1: each system of the paper's Table 1 on each data set, and the ablations, and the studies."""

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

    def test_every_study_is_valid(self):
        files = [file for file in (SOURCE / "examples" / "studies").glob("*/*.json") if not file.stem.startswith("base")]
        self.assertGreaterEqual(len(files), 4)
        for file in files:
            with self.subTest(file.stem):
                self.dha("validate", "-q", file)

    def test_costs_are_printed(self):
        for name in ("dha-cifar10", "nsga_net-sport8"):
            with self.subTest(name):
                parameters = json.loads(self.dha("cost", "--json", TABLE / f"{name}.json")[0])["ranges"]["parameters"]
                self.assertLess(1e6, parameters["smallest"])
                self.assertLess(parameters["smallest"], parameters["median"])
                self.assertLess(parameters["median"], parameters["largest"])
                self.assertIn("100 random ones", self.dha("cost", TABLE / f"{name}.json")[0])
        # The published count, without the last batch norm of the auxiliary head.
        darts = json.loads(self.dha("cost", "--json", TABLE / "darts-imagenet.json")[0])
        self.assertEqual((darts["parameters"], darts["auxiliary_parameters"]), (4718752, 1260776))


if __name__ == "__main__":
    unittest.main()
