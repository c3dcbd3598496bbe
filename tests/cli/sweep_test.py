"""dha sweep: a grid of runs, the same bytes as one by one, continued after whatever ended it."""

import json
import signal
import subprocess
import time
import unittest

from support import DHA, CommandLineTest, one_stage, write_idx

RATE = "stages.only.hyper.learning_rate"


class SweepTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        self.pipeline = self.write_pipeline(one_stage(self.data))

    def sweep_run(self, number, out="sweep"):
        """The run directory of a run of the sweep."""
        folders = [p for p in (self.folder / out / f"{number:03}" / "one").iterdir() if not p.is_symlink()]
        self.assertEqual(len(folders), 1)
        return folders[0]

    def begun(self, out="sweep"):
        return list((self.folder / out).glob("*/one/2*/metrics.jsonl"))

    def start_sweep(self, *arguments):
        return subprocess.Popen([DHA, "sweep", *map(str, arguments)], cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def wait_for(self, condition):
        deadline = time.monotonic() + 120
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(condition())

    def single_runs(self, seeds, rates, *changes):
        """Those of the sweep, in its order, made one by one."""
        for number, (rate, seed) in enumerate(((rate, seed) for rate in rates for seed in seeds), 1):
            self.dha("run", "-q", self.pipeline, "--out", f"single/{number}", "--set", f"seed={seed}", "--set",
                     f"{RATE}={rate}", *changes)
            yield number, self.run_folder("one", f"single/{number}")

    def test_the_same_bytes_as_runs_one_by_one(self):
        command = ("sweep", self.pipeline, "--seeds", "1,2", "--set", f"{RATE}=0.01,0.05", "--out", "sweep")
        text, messages = self.dha(*command, "--parallel", 2)
        self.assertIn("4 of 4 runs have finished", messages)
        for number, single in self.single_runs((1, 2), (0.01, 0.05)):
            self.assert_same_run(single, self.sweep_run(number))
        self.assertEqual(text, self.dha("compare", "sweep")[0])
        self.assertIn("one (learning_rate 0.01)", text)
        plan = json.loads((self.folder / "sweep" / "sweep.json").read_text())
        self.assertEqual(plan["format"], "dha.sweep/1")
        self.assertEqual(plan["seeds"], [1, 2])
        self.assertEqual(plan["settings"], [{"path": RATE, "values": ["0.01", "0.05"]}])
        self.assertEqual(plan["runs"][2], {"folder": "003", "seed": 1, "settings": {RATE: "0.05"}})

        page = (self.folder / "sweep" / "comparison.html").read_text(encoding="utf-8")
        self.dha("report", "sweep", "--output", "page.html")
        self.assertEqual((self.folder / "page.html").read_text(encoding="utf-8"), page)

        times = lambda: {file: file.stat().st_mtime_ns for file in self.folder.glob("sweep/*/**/*")}
        before = times()
        again, messages = self.dha(*command)
        self.assertEqual(again, text)
        self.assertIn("has finished before", messages)
        self.assertIn("the comparison as a page: ", messages)
        self.assertEqual(before, times())
        self.assertEqual((self.folder / "sweep" / "comparison.html").read_text(encoding="utf-8"), page)

    def test_a_killed_sweep_is_continued(self):
        write_idx(self.data, train=256)
        command = (self.pipeline, "--seeds", "1..3", "--set", "stages.only.epochs=6", "--out", "sweep")
        process = self.start_sweep(*command)
        self.wait_for(lambda: len(self.begun()) == 2 and '"epoch":2' in self.begun()[-1].read_text())
        process.kill()
        process.communicate()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        _, messages = self.dha("sweep", *command)
        self.assertIn("run 2 of 3 (seed 2, stages.only.epochs=6) continues", messages)
        self.assertIn("3 of 3 runs have finished", messages)
        self.dha("run", "-q", self.pipeline, "--set", "seed=2", "--set", "stages.only.epochs=6")
        self.assert_same_run(self.run_folder("one"), self.sweep_run(2))

    def test_an_interruption_leaves_checkpoints_of_all_runs(self):
        write_idx(self.data, train=256)
        command = (self.pipeline, "--seeds", "1..2", "--set", "stages.only.epochs=8", "--parallel", "2", "--out", "sweep")
        process = self.start_sweep(*command)
        self.wait_for(lambda: sum('"epoch"' in file.read_text() for file in self.begun()) == 2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("interrupted after 0 of 2 runs", errors)
        for number in (1, 2):
            self.assertEqual(json.loads((self.sweep_run(number) / "stopped.json").read_text())["reason"], "interrupted")
            self.assertTrue(list(self.sweep_run(number).glob("checkpoints/*.safetensors")))
        _, messages = self.dha("sweep", *command)
        self.assertIn("2 of 2 runs have finished", messages)
        self.assertFalse((self.sweep_run(1) / "stopped.json").exists())

    def test_a_failed_run_ends_no_other(self):
        command = ("sweep", self.pipeline, "--set", f"{RATE}=100,0.05", "--set", "stages.only.epochs=8", "--set",
                   "stages.only.gradient_clip=0", "--set", "stages.only.hyper.weight_decay=1", "--out", "sweep")
        text, errors = self.dha(*command, status=1)
        self.assertRegex(errors, r"dha: run 1 of 2 \(seed 3, .*learning_rate=100, .*\) failed: .*is no longer (a )?finite")
        self.assertIn("1 of 2 runs have finished", errors)
        self.assertIn("0, 1 diverged", text)
        output = (self.folder / "sweep" / "001" / "output.txt").read_text()
        _, errors = self.dha(*command, status=1)  # which would diverge again
        self.assertIn("failed: ", errors)
        self.assertEqual(output, (self.folder / "sweep" / "001" / "output.txt").read_text())

    def test_time_is_per_run(self):
        _, messages = self.dha("sweep", self.pipeline, "--seeds", "1,2", "--set", "stages.only.epochs=100000",
                               "--max-minutes", "0.05", "--out", "sweep")
        self.assertIn("2 stopped in time", messages)
        for number in (1, 2):
            self.assertTrue((self.sweep_run(number) / "model" / "model.json").exists())

    def refused(self, *arguments, saying, status=2):
        _, errors = self.dha("sweep", *arguments, status=status)
        for text in [saying] if isinstance(saying, str) else saying:
            self.assertIn(text, errors)

    def test_another_sweep_is_refused(self):
        command = [self.pipeline, "--seeds", "1", "--set", "stages.only.epochs=1", "--out", "sweep"]
        self.dha("sweep", *command)
        self.refused(self.pipeline, "--seeds", "1,2", *command[3:], saying=["sweep has another sweep", "seeds were [1], are [1,2]"])
        self.refused(*command[:4], "stages.only.epochs=2", *command[5:], saying="settings were")
        self.write_pipeline(one_stage(self.data, learning_rate=0.1))
        self.refused(*command, saying="/stages/0/hyper/learning_rate of its pipeline was 0.05, is 0.1")
        self.write_pipeline(one_stage(self.data))
        self.dha("sweep", *command)

    def test_what_is_ambiguous_is_refused(self):
        for arguments, saying in (
                (("--set", "seed=1,2"), "give seeds with --seeds"),
                (("--set", "stages.only.epochs=1", "--set", "stages.only.epochs=2"), "is given twice"),
                (("--set", "stages.0.epochs=1,2", "--set", "stages.only.epochs=3"), "two runs have the same pipeline"),
                (("--set", "stages.only.epochs=0,1"), "stages.only.epochs=0"),
                (("--seeds", "1-5"), "'1-5' is no seed"),
                (("--max-minutes", "0"), "--max-minutes must be above 0"),
                (("--threads", "0"), "--threads must be 1 to 1024"),
                (("--out", "."), "and is no folder of a sweep")):
            with self.subTest(arguments):
                self.refused(self.pipeline, *arguments, saying=saying)
        self.assertFalse((self.folder / "sweeps").exists())


if __name__ == "__main__":
    unittest.main()
