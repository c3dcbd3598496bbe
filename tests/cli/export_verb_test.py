"""`dha export`: the model of a finished, an unfinished and a running run; and the weights of the best epoch, measured and
exported."""

import json
import resource
import shutil
import signal
import subprocess
import time
import unittest

from support import DHA, CommandLineTest, read_safetensors, small_pipeline, without_measures, write_idx

MODEL = ["weights.safetensors", "architecture.json", "model.json", "dataset.json", "model.onnx", "model.py", "README.md"]


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


class ExportVerbTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        self.searching = small_pipeline(self.data)
        self.fixed = small_pipeline(self.data)
        stage = {**self.fixed["stages"][0], "epochs": 6, "validation_fraction": 0.25, "architecture": {},
                 "space": {"use": "dha.wide_resnet", "depth": 10, "width": 1}, "hyper": {"use": "dha.sgd", "learning_rate": 0.1}}
        del stage["searcher"]
        self.fixed["stages"] = [stage]

    def run_of(self, pipeline, out="runs"):
        self.dha("run", "-q", self.write_pipeline(pipeline), "--out", out)
        return self.run_folder(out=out)

    def interrupted_run_of(self, pipeline, after='"event":"epoch"'):
        self.interrupted(self.write_pipeline(pipeline), after)
        return self.run_folder()

    def summary(self, run):
        return json.loads((run / "summary.json").read_text())

    def measured(self, run, *arguments):
        return json.loads(self.dha("eval", run, "--json", *arguments)[0])

    def refused(self, *arguments, saying, status=2):
        out, errors = self.dha(*arguments, status=status)
        self.assertEqual((out, len(errors.splitlines())), ("", 1), errors)
        self.assertIn(saying, errors)

    # The last weights.

    def test_the_model_of_a_finished_run_is_written_again(self):
        run = self.run_of(self.searching)
        model = contents(run / "model")
        for name in ("model.onnx", "model.py", "README.md"):  # as earlier versions left it
            (run / "model" / name).unlink()
        out, notes = self.dha("export", run)
        self.assertEqual((out, notes), (f"wrote {run}/model/ with {', '.join(MODEL)}\n", ""))
        self.assertEqual(contents(run / "model"), model)
        shutil.rmtree(run / "model")  # from the checkpoint
        exported = json.loads(self.dha("export", run, "--json")[0])
        self.assertEqual(exported, {"folder": f"{run}/model", "files": MODEL, "weights": "last", "epoch": 1})
        self.assertEqual(contents(run / "model"), model)
        self.dha("export", "-q", run, "--output", "elsewhere/net/")
        self.assertEqual(contents(self.folder / "elsewhere" / "net"), model)
        self.assertFalse((run / "model_best").exists())

    def test_a_run_without_its_own_description_of_the_data_is_exported(self):
        run = self.run_of(self.fixed)
        model = contents(run / "model")
        (run / "dataset.json").unlink()  # model/ has a copy
        self.dha("export", run)
        self.assertEqual(contents(run / "model"), model)

    def test_a_search_that_was_interrupted_is_exported_as_it_stands_and_goes_on(self):
        self.searching["stages"][0]["epochs"] = 30
        whole = self.run_of(self.searching, out="whole")
        run = self.interrupted_run_of(self.searching)
        out, _ = self.dha("export", run)
        lines = out.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^the run has not finished: this is stage 'search' after \d+ of 30 epochs.*; its architecture is "
                                   r"not decided yet, so the folder has the one that the search prefers now$")
        about = json.loads((run / "model" / "model.json").read_text())
        self.assertEqual(about["network"], "decided")
        self.assertEqual(len(json.loads((run / "model" / "architecture.json").read_text())["normal"]), 8)
        self.assertFalse(json.loads(self.dha("export", run, "--json")[0])["unfinished"]["architecture_decided"])
        later = self.write_pipeline({**self.searching, "name": "later"}, "later.json")
        self.refused("run", later, "--from", run, saying="had not finished when its model/ was written (stage 'search', ")
        self.assertFalse((self.folder / "runs" / "later").exists())
        self.dha("resume", run)
        self.assert_same_run(whole, run)

    def test_what_images_are_needed_for_is_said(self):
        self.searching["stages"] = self.searching["stages"][:1]
        self.searching["stages"][0].update({"epochs": 400, "validation_fraction": 0.25, "searcher": {"use": "dha.darts"},
                                            "hyper": {"use": "dha.sgd"}})
        run = self.interrupted_run_of(self.searching)
        self.dha("export", run)
        shutil.rmtree(self.data)
        self.refused("export", run, status=5, saying="the data set is needed to recompute the running statistics of the network, which "
                                                     "the checkpoint lacks: dha.idx: ")

    def test_a_full_disk_leaves_the_old_model(self):
        run = self.run_of(self.fixed)
        before = contents(run / "model")
        limit = lambda: (resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)), signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        for folder, verb in ((run / "model", ["export", run]), (self.folder / "new", ["export", run, "--output", self.folder / "new"]),
                             (run / "model", ["export", run, "--weights", "best", "--output", run / "model"])):
            done = subprocess.run([DHA, *map(str, verb)], capture_output=True, text=True, preexec_fn=limit)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
            self.assertIn(f"cannot write '{folder}/weights.safetensors': File too large", done.stderr)
        self.assertEqual(contents(run / "model"), before)
        self.assertFalse((self.folder / "new").exists())
        (run / "model" / "README.md").unlink()
        (run / "model" / "README.md").mkdir()
        self.refused("export", run, saying="README.md': Is a directory", status=1)
        self.assertEqual({name: (run / "model" / name).read_bytes() for name in MODEL[:-1]}, {name: before[name] for name in MODEL[:-1]})
        self.assertEqual(sorted(file.name for file in (run / "model").iterdir()), sorted(MODEL))

    def test_a_run_under_way_is_left_alone(self):
        self.searching["stages"][0]["epochs"] = 4000
        process = subprocess.Popen([DHA, "run", self.write_pipeline(self.searching)], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 120
            while not list(self.folder.glob("runs/small/*/checkpoints/*.safetensors")) and time.monotonic() < deadline:
                time.sleep(0.02)
            run = self.run_folder()
            self.refused("export", run, saying=f"another process trains in {run}; wait until it ends, stop it, or choose a folder "
                                               "elsewhere with --output")
            self.assertFalse((run / "model").exists())
            self.refused("export", run, "--output", run / "mine", saying="another process trains in")
            self.dha("export", run, "--output", "elsewhere")
            self.assertEqual(sorted(contents(self.folder / "elsewhere")), sorted(MODEL))
            self.assertIsNone(process.poll())
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)

    def test_a_folder_of_other_files_is_not_written_to(self):
        run = self.run_of(self.fixed)
        mine = self.folder / "mine"
        mine.mkdir()
        (mine / "README.md").write_text("mine")
        (mine / "code.py").write_text("")
        self.refused("export", run, "--output", mine, saying="contains 'code.py', which is no file of a model; name a new or empty folder")
        self.assertEqual((mine / "README.md").read_text(), "mine")
        self.refused("export", run, "--output", "", saying="--output must name a folder")
        self.refused("export", run, "--weights", "first", saying="--weights must be last or best, found 'first'")
        self.refused("export", saying="export: missing run directory")

    # The best weights.

    def test_the_best_epoch_is_measured_and_exported(self):
        run = self.run_of(self.fixed)
        summary = self.summary(run)
        stage, best = summary["stages"][0], summary["best_epoch_by_validation"]
        self.assertLess(best["epoch"], 6)
        self.assertNotEqual(stage["best_validation"], stage["validation"])
        self.assertEqual(best["checkpoint"], "checkpoints/search-best.safetensors")
        self.assertEqual(json.loads((run / "stages.json").read_text())["stages"][0]["best_checkpoint"], best["checkpoint"])
        self.assertEqual(sorted(file.name for file in (run / "checkpoints").iterdir()),
                         [f"search-{name}.safetensors" for name in ("0005", "0006", "best")])
        for split in ("validation", "test"):
            for which, expected in (("best", stage[f"best_{split}"]), ("last", stage[split])):
                found = self.measured(run, "--weights", which, "--split", split)
                self.assertEqual({key: found[key] for key in expected}, expected)
                self.assertEqual((found["weights"], found["epoch"]), (which, best["epoch"] if which == "best" else 6))
        text, _ = self.dha("eval", run, "--weights", "best")
        self.assertTrue(text.startswith(f"this is stage 'search' after {best['epoch']} of 6 epochs, the best epoch on validation images\n"))
        last = contents(run / "model")
        out, _ = self.dha("export", run, "--weights", "best")
        self.assertIn(f"wrote {run}/model_best/ with {', '.join(MODEL)}\n", out)
        self.assertEqual(contents(run / "model"), last)
        self.assertEqual(sorted(contents(run / "model_best")), sorted(MODEL))
        weights = read_safetensors(run / "model_best" / "weights.safetensors")
        kept = read_safetensors(run / best["checkpoint"])
        self.assertNotEqual(weights, read_safetensors(run / "model" / "weights.safetensors"))
        for name, values in weights.items():
            self.assertEqual(values, kept[f"network/{name}"], name)

    def test_the_best_epoch_of_a_search_is_measured_as_it_was(self):
        self.searching["stages"] = self.searching["stages"][:1]
        self.searching["stages"][0].update({"epochs": 5, "validation_fraction": 0.25})
        run = self.run_of(self.searching)
        stage = self.summary(run)["stages"][0]
        found = self.measured(run, "--weights", "best", "--split", "validation")
        self.assertEqual({key: found[key] for key in stage["best_validation"]}, stage["best_validation"])
        self.assertEqual(found["epoch"], stage["best_epoch"])
        self.dha("export", run, "--weights", "best")
        self.assertEqual(json.loads((run / "model_best" / "model.json").read_text())["network"], "decided")

    def test_an_interrupted_and_resumed_run_keeps_the_same(self):
        self.fixed["checkpoint_every_steps"] = 1
        whole = self.run_of(self.fixed, out="whole")
        run = self.interrupted_run_of(self.fixed, after='"epoch":3')
        found = self.measured(run, "--weights", "best", "--split", "validation")
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        validated = [row for row in rows if row["event"] == "epoch"]
        self.assertEqual(found["accuracy"], max(row["validation_accuracy"] for row in validated))
        self.assertEqual(found["unfinished"]["epochs"], found["epoch"])
        self.dha("resume", run)
        for folder in (whole, run):
            self.dha("export", "-q", folder, "--weights", "best")
        for name in ("model", "model_best"):
            self.assertEqual(*(contents(folder / name) for folder in (whole, run)))
        self.assertEqual(*(without_measures(self.summary(folder)) for folder in (whole, run)))
        self.assertEqual(*(sorted(file.name for file in (folder / "checkpoints").iterdir()) for folder in (whole, run)))

    def test_a_stage_that_is_trained_longer_keeps_its_best(self):
        run = self.run_of(self.fixed)
        before = self.summary(run)["best_epoch_by_validation"]
        self.dha("resume", "-q", run, "--set", "stages.search.epochs=7")
        after = self.summary(run)["best_epoch_by_validation"]
        self.assertEqual(after["validation_accuracy"], before["validation_accuracy"])  # all that there is
        self.assertEqual(after, before)
        self.assertEqual(self.measured(run, "--weights", "best", "--split", "validation")["accuracy"], before["validation_accuracy"])

    def test_why_there_is_no_best_epoch_is_told(self):
        best = ("--weights", "best")
        run = self.run_of(self.searching)
        self.assertIsNone(self.summary(run)["best_epoch_by_validation"])
        for verb in ("eval", "export"):
            self.refused(verb, run, *best, saying="stage 'final' has no best epoch, because there were no validation images; start a run "
                                                  "with a validation_fraction or use --weights last")
        run = self.run_of(self.fixed, out="gone")
        (run / "checkpoints" / "search-best.safetensors").unlink()
        self.refused("export", run, *best, status=5, saying="the best one of stage 'search', is not there")
        trials = {**self.fixed, "name": "trials", "stages": [{**self.fixed["stages"][0], "epochs": 1,
                                                              "trials": {"use": "dha.random", "count": 1, "over": ["settings"]}}]}
        self.dha("run", "-q", self.write_pipeline(trials))
        run = self.run_folder("trials")
        self.refused("eval", run, *best, saying="stage 'search' trains trials, and the best epochs of trials are not kept")
        self.assertEqual([file for file in run.rglob("*-best*")], [])

    def test_the_best_epoch_of_an_earlier_stage_is_not_kept(self):
        self.searching["stages"][0].update({"epochs": 400, "validation_fraction": 0.25})
        run = self.interrupted_run_of(self.searching)
        self.assertEqual(list((run / "checkpoints").glob("*-best*")), [])
        self.refused("eval", run, "--weights", "best", saying="the run is in stage 'search', and the best epoch is kept of the last stage "
                                                              "only, 'final'; continue the run or use --weights last")


if __name__ == "__main__":
    unittest.main()
