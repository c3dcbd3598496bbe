"""dha compare: runs grouped over seeds, in every format, with what is left out."""

import csv
import io
import json
import statistics
import unittest

from support import CommandLineTest, diverging, one_stage, write_idx


class CompareTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)

    def run_once(self, out, pipeline, *changes, status=0):
        self.dha("run", "-q", self.write_pipeline(pipeline), "--out", out,
                 *(word for change in changes for word in ("--set", change)), status=status)

    def summaries(self, out):
        return [json.loads(file.read_text()) for file in sorted((self.folder / out).glob("one/2*/summary.json"))]

    def make_runs(self):
        for seed in (1, 2):
            self.run_once("slow", one_stage(self.data), f"seed={seed}", "stages.only.hyper.learning_rate=0.01")
            self.run_once("fast", one_stage(self.data), f"seed={seed}")
        self.run_once("fast", one_stage(self.data), "seed=3")

    def test_groups_in_every_format(self):
        self.make_runs()
        comparison = json.loads(self.dha("compare", "slow", "fast", "--json")[0])
        self.assertEqual(comparison["left_out"], [])
        table, = comparison["tables"]
        self.assertIsNone(table["conditions"])
        slow, fast = table["groups"]
        self.assertEqual([slow["label"], fast["label"]], ["one (learning_rate 0.01)", "one (learning_rate 0.05)"])
        self.assertEqual([slow["seeds"], fast["seeds"]], [["1", "2"], ["1", "2", "3"]])
        for group, out in ((slow, "slow"), (fast, "fast")):
            accuracies = [summary["test_accuracy"] for summary in self.summaries(out)]
            self.assertAlmostEqual(group["test_accuracy"]["mean"], statistics.mean(accuracies))
            self.assertAlmostEqual(group["test_accuracy"]["sd"], statistics.stdev(accuracies))
            validation = [summary["stages"][0]["validation"]["accuracy"] for summary in self.summaries(out)]
            self.assertAlmostEqual(group["validation_accuracy"]["mean"], statistics.mean(validation))
            self.assertGreater(group["parameters"]["mean"], 100)
            self.assertGreater(group["seconds"]["mean"], 0)
        self.assertEqual(table["settings"],
                         [{"pointer": "/stages/0/hyper/learning_rate", "values": [0.01, 0.05]}])
        self.assertEqual(table["baseline"], slow["label"])
        self.assertEqual([test["label"] for test in table["tests"]], [fast["label"]])

        text, _ = self.dha("compare", "slow/one/latest", "fast", "slow")  # each run once
        self.assertIn("/stages/0/hyper/learning_rate", text)
        self.assertIn(f"from '{slow['label']}'", text)
        markdown, _ = self.dha("compare", "slow", "fast", "--format", "markdown", "--baseline", fast["label"])
        self.assertRegex(markdown, r"(?m)^\| one \(learning_rate 0.05\) \| 3 \| \d+\.\d\d ± \d+\.\d\d % \|")
        self.assertIn(f"from '{fast['label']}'", markdown)
        rows = list(csv.DictReader(io.StringIO(self.dha("compare", "slow", "fast", "--format", "csv")[0])))
        self.assertEqual([row["group"] for row in rows], [slow["label"], fast["label"]])
        self.assertEqual(float(rows[1]["test_accuracy_mean"]), fast["test_accuracy"]["mean"])
        self.assertEqual(rows[1]["/stages/0/hyper/learning_rate"], "0.05")
        self.assertEqual(rows[1]["pairs"], "2")

    def test_runs_without_an_end_are_listed_apart(self):
        self.run_once("runs", one_stage(self.data), "seed=1")
        self.run_once("runs", diverging(one_stage(self.data)), "seed=1", status=1)
        self.run_once("runs", diverging(one_stage(self.data)), "seed=2", status=1)
        comparison = json.loads(self.dha("compare", "runs", "--json", "--mix")[0])
        good, bad = comparison["tables"][0]["groups"]
        self.assertEqual([good["runs"], bad["runs"], bad["diverged"]], [1, 0, 2])
        self.assertIsNone(bad["test_accuracy"])
        self.assertEqual([row["why"] for row in comparison["left_out"]], ["diverged", "diverged"])
        self.assertRegex(comparison["left_out"][0]["reason"], "is no longer (a )?finite")
        text, _ = self.dha("compare", "runs")
        self.assertIn("0, 2 diverged", text)
        self.assertIn("In no average:", text)

    def test_other_data_is_compared_apart(self):
        self.run_once("here", one_stage(self.data))
        write_idx(self.folder / "other", train=80)
        self.run_once("there", one_stage(self.folder / "other"))
        tables = json.loads(self.dha("compare", "here", "there", "--json")[0])["tables"]
        self.assertEqual(len(tables), 2)
        self.assertIn("training images 64", tables[0]["conditions"])
        self.assertIn("training images 80", tables[1]["conditions"])
        table, = json.loads(self.dha("compare", "here", "there", "--json", "--mix")[0])["tables"]
        self.assertIn("training images (64; 80)", table["conditions"])
        self.assertEqual(table["tests"][0]["welch"], {"missing": "needs two runs in each group"})

    def test_what_cannot_be_compared_is_refused(self):
        for arguments, sentence in (
                ((), "missing run directories"), (("nowhere",), "'nowhere' is no folder"), ((".",), "'.' contains no run"),
                ((".", "--format", "html"), "--format must be text, markdown or csv, found 'html'"),
                ((".", "--format", "csv", "--json"), "--json and --format exclude each other")):
            _, errors = self.dha("compare", *arguments, status=2)
            self.assertIn(sentence, errors)


if __name__ == "__main__":
    unittest.main()
