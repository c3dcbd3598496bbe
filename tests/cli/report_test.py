"""report.html and the tables next to it are complete and self-contained, agree with the other files, and are the same for a copy."""

import csv
import json
import shutil
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree

from support import DHA, CommandLineTest, one_stage, small_pipeline, write_idx

CLASSES = ["<script>alert(1)</script>", "a,b", "say \"hi\"\nthere", "Größe 🌷 ]]>"]
REFRESH = 'http-equiv="refresh"'


def table(file):
    with open(file, newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def sections(page):
    return [element.get("id") for element in xml.etree.ElementTree.fromstring(page).iter("section")]


class ReportTest(CommandLineTest):
    def pipeline(self):
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["dataset"]["class_names"] = CLASSES
        pipeline["stages"][0]["validation_fraction"] = pipeline["stages"][1]["validation_fraction"] = 0.25
        return pipeline

    def study(self):
        pipeline = self.pipeline()
        search = pipeline["stages"][0]
        del search["searcher"]
        search.update({"augment": [], "hyper": {"use": "dha.sgd"}, "epochs": 1,
                       "trials": {"use": "dha.random", "count": 3, "threads": 1, "over": ["architecture", "settings"]}})
        pipeline["stages"] = [search]
        return pipeline

    def finished_run(self, pipeline):
        self.dha("run", "-q", self.write_pipeline(pipeline))
        return self.run_folder()

    def check_page(self, page):
        self.assertLess(len(page.encode()), 1_500_000)
        for reference in ("http://", "https://", "url(", "<script>alert", "@import", "src="):
            self.assertNotIn(reference, page)
        return xml.etree.ElementTree.fromstring(page)

    def test_the_page_of_a_joint_run(self):
        run = self.finished_run(self.pipeline())
        page = (run / "report.html").read_text(encoding="utf-8")
        tree = self.check_page(page)
        self.assertEqual(sections(page)[:7],
                         ["result", "curves", "course", "policy", "architecture", "augmented", "classes"])
        self.assertEqual(sections(page)[-3:], ["reliability", "resources", "environment"])
        self.assertNotIn(REFRESH, page)
        text = " ".join(tree.itertext())
        for name in CLASSES:
            self.assertIn(" ".join(name.split()), " ".join(text.split()))
        accuracy = json.loads((run / "summary.json").read_text())["test_accuracy"]
        self.assertIn(f"{100 * accuracy:.2f} %", text)
        self.assertIn("dha run pipeline.json", text)

    def test_tables_agree_with_the_results(self):
        run = self.finished_run(self.pipeline())
        summary = json.loads((run / "summary.json").read_text())
        predictions = table(run / "predictions.csv")
        self.assertEqual([row["split"] for row in predictions], ["validation"] * 16 + ["test"] * 32)
        for split, measured in (("test", summary["stages"][-1]["test"]), ("validation", summary["stages"][-1]["validation"])):
            rows = [row for row in predictions if row["split"] == split]
            right = sum(row["true"] == row["predicted"] for row in rows)
            self.assertEqual(right / len(rows), measured["accuracy"])
            self.check_confusion(run, split, rows)
        self.assertEqual([row["image"] for row in predictions[16:]], [str(i) for i in range(32)])
        self.assertEqual([row["true"] for row in predictions[16:]], [CLASSES[i % 4] for i in range(32)])
        for row in predictions:
            self.assertTrue(0 <= float(row["probability_of_true"]) <= float(row["probability"]) <= 1)
            self.assertEqual(row["true"] == row["predicted"], row["probability"] == row["probability_of_true"])

    def check_confusion(self, run, split, predictions):
        matrix = [row for row in table(run / "confusion.csv") if row["split"] == split]
        self.assertEqual([row["true"] for row in matrix], CLASSES)
        classes = {row["class"]: row for row in table(run / "per_class.csv") if row["split"] == split}
        for row in matrix:
            own = [one for one in predictions if one["true"] == row["true"]]
            self.assertEqual([int(row[name]) for name in CLASSES],
                             [sum(one["predicted"] == name for one in own) for name in CLASSES])
            self.assertEqual(int(classes[row["true"]]["images"]), len(own))
            self.assertEqual(int(classes[row["true"]]["correct"]), int(row[row["true"]]))

    def test_epochs_are_a_table(self):
        run = self.finished_run(self.pipeline())
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        epochs = [row for row in rows if row["event"] == "epoch"]
        found = table(run / "metrics.csv")
        self.assertEqual([(row["stage"], int(row["epoch"])) for row in found], [("search", 1), ("search", 2), ("final", 1)])
        for row, epoch in zip(found, epochs):
            for name, value in epoch.items():
                if isinstance(value, float):
                    self.assertEqual(float(row[name]), value, name)
            self.assertEqual({name for name, value in row.items() if value}, set(epoch) - {"event", "searcher"})

    def test_a_copy_gives_the_same_page(self):
        run = self.finished_run(self.pipeline())
        page = (run / "report.html").read_bytes()
        copy = self.folder / "elsewhere" / "copy"
        shutil.copytree(run, copy)
        (copy / "report.html").unlink()
        out, _ = self.dha("report", copy)
        self.assertIn("report.html", out)
        self.assertEqual((copy / "report.html").read_bytes(), page)
        said = json.loads(self.dha("report", run, "--output", self.folder / "page.html", "--json")[0])
        self.assertEqual(said, {"page": str(self.folder / "page.html"), "state": "finished"})
        self.assertEqual((self.folder / "page.html").read_bytes(), page)
        self.dha("report", run, "--output", "", status=2)

    def test_what_a_run_lacks_is_no_error(self):
        run = self.finished_run(self.pipeline())
        for file in sorted(path for path in run.rglob("*") if path.is_file() and path.name != "pipeline.json"):
            file.unlink()
            if file.parent == run:
                self.dha("report", "-q", run, "--output", self.folder / "page.html")
                self.check_page((self.folder / "page.html").read_text(encoding="utf-8"))
        self.assertEqual(sections((self.folder / "page.html").read_text(encoding="utf-8")), ["result", "environment"])
        (self.folder / "empty").mkdir()
        _, errors = self.dha("report", self.folder / "empty", status=2)
        self.assertIn("pipeline.json", errors)

    def test_the_mistakes_are_shown(self):
        pipeline = self.pipeline()
        pipeline["stages"][0]["epochs"] = 1
        run = self.finished_run(pipeline)
        wrong = [row for row in table(run / "predictions.csv") if row["split"] == "test" and row["true"] != row["predicted"]]
        self.assertGreater(len(wrong), 0)
        page = (run / "report.html").read_text(encoding="utf-8")
        self.assertIn("mistakes", sections(page))
        self.assertEqual(page.count('href="#mistake-images"'), min(24, len(wrong)))
        header = (run / "mistakes.png").read_bytes()[16:24]
        self.assertEqual(int.from_bytes(header[:4], "big"), 12 * min(24, len(wrong)))

    def compared_runs(self):
        """Below runs/: two groups of two seeds."""
        write_idx(self.data)
        file = self.write_pipeline(one_stage(self.data))
        for rate in (0.01, 0.05):
            for seed in (1, 2):
                self.dha("run", "-q", file, "--set", f"seed={seed}", "--set", f"stages.only.hyper.learning_rate={rate}")

    def test_several_runs_are_compared_on_one_page(self):
        self.compared_runs()
        self.assertIn("comparison.html", self.dha("report", "runs")[0])
        page = (self.folder / "comparison.html").read_text(encoding="utf-8")
        tree = self.check_page(page)
        self.assertEqual(sections(page), ["groups", "settings", "tests", "charts", "runs"])
        text = " ".join(tree.itertext())
        group_table, = json.loads(self.dha("compare", "runs", "--json")[0])["tables"]
        for group in group_table["groups"]:
            self.assertIn(f"{100 * group['test_accuracy']['mean']:.2f} ± {100 * group['test_accuracy']['sd']:.2f} %", text)
        for name in ("welch", "paired"):
            test = group_table["tests"][0][name]
            for part in ([test["missing"]] if "missing" in test else
                         [f"{100 * test['difference']:+.2f}", f"[{100 * test['low']:+.2f}, {100 * test['high']:+.2f}]"]):
                self.assertIn(part, text)
        self.assertEqual(page.count('class="series c0 d0 curve"'), 2)
        self.assertIn("/stages/0/hyper/learning_rate", text)
        for run in self.folder.glob("runs/one/2*"):
            self.assertIn(run.name, text)
            accuracy = json.loads((run / "summary.json").read_text())["test_accuracy"]
            self.assertIn(f"{100 * accuracy:.2f} %", text)

        runs = sorted(self.folder.glob("runs/one/2*"))
        said = json.loads(self.dha("report", *runs, "--output", "page.html", "--json")[0])
        self.assertEqual(said, {"page": str(self.folder / "page.html"), "runs": 4})
        self.assertEqual((self.folder / "page.html").read_text(encoding="utf-8"), page)
        label = group_table["groups"][1]["label"]
        self.dha("report", "-q", "runs", "--baseline", label, "--output", "page.html")
        self.assertIn(f"from <b>{label}</b>", (self.folder / "page.html").read_text(encoding="utf-8"))

    def test_other_data_is_compared_apart(self):
        write_idx(self.data)
        write_idx(self.folder / "other", train=80)
        for data in (self.data, self.folder / "other"):
            self.dha("run", "-q", self.write_pipeline(one_stage(data, epochs=1)))
        self.dha("report", "runs")
        page = self.folder / "comparison.html"
        self.assertEqual(sections(page.read_text(encoding="utf-8")), ["comparison-1", "comparison-2"])
        self.assertIn("training images 80", page.read_text(encoding="utf-8"))
        self.dha("report", "runs", "--mix")
        self.assertIn("groups", sections(page.read_text(encoding="utf-8")))

        run = next(self.folder.glob("runs/one/2*"))
        page.write_text("mine")
        for arguments, sentence in ((("runs",), "exists and is no page of dha"), (("runs", "-o", "."), "is a folder"),
                                    ((run, "--mix"), "is one run"), ((run, "--baseline", "x"), "is one run"),
                                    (("runs", "nowhere"), "'nowhere' is no folder"),
                                    (("runs", "--baseline", "x"), "no group is called 'x'"), ((), "missing run directory")):
            self.assertIn(sentence, self.dha("report", *arguments, status=2)[1])
        self.assertEqual(page.read_text(), "mine")

    def test_trials_are_a_table(self):
        run = self.finished_run(self.study())
        rows = table(run / "trials.csv")
        events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        trials = [event for event in events if event["event"] == "trial"]
        self.assertEqual([int(row["id"]) for row in rows], [trial["id"] for trial in trials])
        for row, trial in zip(rows, trials):
            self.assertEqual(row["status"], trial["status"])
            self.assertEqual(float(row["validation_accuracy"]), trial["validation_accuracy"])
            self.assertEqual(float(row["parameters"]), trial["parameters"])
            self.assertEqual(list(json.loads(row["architecture"])), ["normal", "normal_concat", "reduce", "reduce_concat"])
        self.assertTrue(any(name.startswith("/hyper/") for name in rows[0]), list(rows[0]))
        page = (run / "report.html").read_text(encoding="utf-8")
        self.check_page(page)
        self.assertIn("trials", sections(page))
        self.assertIn("classes", sections(page))  # of the preferred trial

    def test_an_interrupted_run_says_so(self):
        pipeline = self.pipeline()
        pipeline["stages"][0]["epochs"] = 200
        self.interrupted(self.write_pipeline(pipeline), '"epoch","stage":"search","epoch":2')
        page = (self.run_folder() / "report.html").read_text(encoding="utf-8")
        self.check_page(page)
        self.assertNotIn(REFRESH, page)
        self.assertIn("The run has not finished (stage search", page)

    def test_the_page_follows_a_run(self):
        pipeline = self.pipeline()
        pipeline["stages"][0]["epochs"] = 500
        process = subprocess.Popen([DHA, "run", self.write_pipeline(pipeline)], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 120
        while not list(self.folder.glob("runs/small/*-s3/report.html")) and time.monotonic() < deadline:
            time.sleep(0.05)
        run = self.run_folder()
        self.assertIn(REFRESH, (run / "report.html").read_text(encoding="utf-8"))
        self.dha("report", run, "--output", self.folder / "page.html")
        self.assertIn(REFRESH, (self.folder / "page.html").read_text(encoding="utf-8"))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.dha("report", run)
        page = (run / "report.html").read_text(encoding="utf-8")
        self.assertNotIn(REFRESH, page)
        self.assertIn("has not finished", page)


if __name__ == "__main__":
    unittest.main()
