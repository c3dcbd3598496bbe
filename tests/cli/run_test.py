"""A whole run: what it leaves, that it repeats to the bit, that it can be interrupted and resumed."""

import csv
import json
import math
import os
import pathlib
import resource
import signal
import struct
import subprocess
import time
import unittest

from support import BUILD, DHA, CommandLineTest, small_pipeline, without_time, write_idx


def network_values(file):
    """All single-precision numbers of a checkpoint's network."""
    content = file.read_bytes()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    for name, tensor in json.loads(content[8:end]).items():
        if name.startswith("network/") and tensor["dtype"] == "F32":
            begin, stop = tensor["data_offsets"]
            yield from struct.unpack(f"<{(stop - begin) // 4}f", content[end + begin:end + stop])


def trials_pipeline(data, use="dha.random", count=2, **more):
    """small_pipeline() with one stage, the search's with trials in the place of its searcher."""
    pipeline = small_pipeline(data)
    stage = pipeline["stages"][0]
    del stage["searcher"]
    stage.update({"validation_fraction": 0.25, "trials": {"use": use, "count": count}, **more})
    pipeline["stages"] = [stage]
    return pipeline


class RunTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        self.pipeline = self.write_pipeline(small_pipeline(self.data))

    def test_leaves_a_complete_run_directory(self):
        out, _ = self.dha("run", self.pipeline)
        run = self.run_folder()
        for name in ("pipeline.json", "environment.json", "log.txt", "metrics.jsonl", "architecture.json",
                     "architecture.svg", "policy.json", "hyper.csv", "summary.json", "model/weights.safetensors",
                     "model/model.json", "model/architecture.json", "model/model.onnx", "model/model.py", "model/README.md"):
            self.assertGreater((run / name).stat().st_size, 0, name)
        summary = json.loads((run / "summary.json").read_text())
        self.assertTrue(summary["finished"])
        self.assertEqual([stage["epochs"] for stage in summary["stages"]], [2, 1])
        self.assertIn(f"next          {DHA} eval {run}\n", out)
        # What was learned, from the files of the run.
        rates = [row.split(",")[4] for row in (run / "hyper.csv").read_text().splitlines() if ",learning_rate," in row]
        self.assertRegex(out, rf"\nlearning_rate +{float(rates[0]):.3g} to \S+ in search, {float(rates[-1]):.3g} at the end of final\n")
        searched = json.loads((run / "summary.json").read_text())["stages"][0]
        self.assertEqual(searched["choices"], 8)
        self.assertIn(f"\nchoices       {searched['changed_choices']} of 8 differ from the start of search\n", out)
        self.assertRegex(out, r"\npolicy +dha\.tau: 0\.000 of at most 5\.278 nat from uniform: nothing was learned\n")
        self.assertEqual([p.name for p in run.rglob("*.tmp*")], [])
        measured, _ = self.dha("eval", run, "--json")
        self.assertEqual(json.loads(measured)["accuracy"], summary["test_accuracy"])
        _, notes = self.dha("eval", run, "--device", "auto")
        self.assertIn("dha: device ", notes)
        architecture = json.loads((run / "architecture.json").read_text())
        self.assertEqual(len(architecture["normal"]), 8)
        rows = without_time((run / "metrics.jsonl").read_text())
        steps = [row for row in rows if row["event"] == "step"]
        self.assertIn("learning_rate", steps[0])
        self.assertIn("dha.tau.entropy", steps[0])

    def test_a_space_that_does_not_describe_its_layers_is_named(self):
        pipeline = small_pipeline(self.data)
        stage = {**pipeline["stages"][0], "space": {"use": "fixture.linear"}, "architecture": {}, "hyper": {"use": "dha.sgd"}}
        del stage["searcher"]
        pipeline["stages"] = [stage]
        plugins = ["--plugin-path", BUILD / "fixtures" / "search" / "linear.so"]
        _, notes = self.dha("run", self.write_pipeline(pipeline), *plugins)
        run = self.run_folder()
        self.assertEqual(sorted(file.name for file in (run / "model").iterdir()),
                         ["architecture.json", "dataset.json", "model.json", "weights.safetensors"])
        sentence = ("fixture.linear: model/ has no model.onnx and no model.py, because the space does not describe its networks "
                    "layer by layer")
        for text in (notes, (run / "log.txt").read_text()):
            self.assertEqual(text.count(sentence), 1)
        measured, _ = self.dha("eval", run, "--json", *plugins)
        self.assertEqual(json.loads(measured)["accuracy"], json.loads((run / "summary.json").read_text())["test_accuracy"])

    def test_resolved_pipeline_repeats_the_run(self):
        self.dha("run", self.pipeline)
        first = self.run_folder()
        self.dha("run", first / "pipeline.json", "--out", "again", "--set", "loader_threads=0")
        second = self.run_folder(out="again")
        self.assert_same_run(first, second)

    def test_interrupted_run_leaves_a_checkpoint_and_resumes_to_the_same_bits(self):
        self.dha("run", self.pipeline, "--out", "whole", "--set", "stages.search.epochs=12")
        whole = self.run_folder(out="whole")
        process = subprocess.Popen([DHA, "run", self.pipeline, "--set", "stages.search.epochs=12"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while not list(self.folder.glob("runs/small/*/checkpoints/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("checkpoint", errors)
        run = self.run_folder()
        self.dha("resume", run)
        self.assert_same_run(whole, run)

    def test_interrupted_evaluation_is_made_again(self):
        write_idx(self.data, test=12000)
        pipeline = small_pipeline(self.data)
        pipeline["stages"] = pipeline["stages"][:1]
        pipeline["stages"][0]["epochs"] = 1
        file = self.write_pipeline(pipeline)
        self.dha("run", file, "--out", "whole")
        errors = self.interrupted(file, '"step":4')
        self.assertIn("epoch 1, step 4: the last good checkpoint is", errors)
        run = self.run_folder()
        self.dha("resume", run)
        whole = self.run_folder(out="whole")
        self.assert_same_run(whole, run)

    def test_a_policy_is_carried_past_other_augmenters(self):
        pipeline = small_pipeline(self.data)
        search, final = pipeline["stages"]
        search["augment"] = [{"use": "dha.tau", "learning_rate": 1000}]
        final["augment"] = [{"use": "dha.cutout", "size_px": 4}, {"use": "dha.tau", "learning_rate": 0}]
        self.dha("run", self.write_pipeline(pipeline))
        run = self.run_folder()
        entropy = {row["stage"]: row["dha.tau.entropy"] for row in self.rows(run) if row["event"] == "epoch"}
        self.assertLess(entropy["search"], 5.2)  # 5.278 where it has learned nothing
        self.assertAlmostEqual(entropy["final"], entropy["search"])
        self.assertEqual((run / "log.txt").read_text().count("dha.cutout: starts from its initial state"), 1)

    def test_rows_of_epochs_have_what_components_said(self):
        self.dha("run", self.pipeline)  # whose rows of steps end with the epoch
        rows = [row for row in self.rows(self.run_folder()) if row["stage"] == "search"]
        epochs = [row for row in rows if row["event"] == "epoch"]
        frozen = 0  # changes at the ends of epochs alone
        for row in rows:
            if row["event"] == "step":
                self.assertEqual(row["dha.ista.frozen"], frozen)
            frozen = row["dha.ista.frozen"]
        for row in epochs:
            self.assertLessEqual({"dha.tau.entropy", "dha.hypergradient.hypergradient_learning_rate", "learning_rate",
                                  "dha.ista.frozen", "searcher"}, set(row))
        self.assertEqual(epochs[-1]["dha.ista.frozen"], 8)

    def test_the_last_step_of_an_epoch_has_a_row(self):
        pipeline = small_pipeline(self.data)  # of four steps per epoch
        for log_every, steps in ((3, [3, 4]), (4, [4]), (50, [4])):
            pipeline["name"] = f"every-{log_every}"
            pipeline["stages"][0]["log_every"] = log_every
            self.dha("run", self.write_pipeline(pipeline))
            run = self.run_folder(pipeline["name"])
            logged = [(row["stage"], row["epoch"], row["step"]) for row in self.rows(run) if row["event"] == "step"]
            self.assertEqual(logged, [(stage, epoch, step) for stage, epoch in (("search", 1), ("search", 2), ("final", 1))
                                      for step in steps])
            with (run / "hyper.csv").open() as file:
                rates = [row for row in csv.DictReader(file) if row["name"] == "learning_rate"]
            self.assertEqual([(row["stage"], int(row["epoch"]), int(row["step"])) for row in rates], logged)

    def rows(self, run):
        return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]

    def test_a_run_that_ends_in_trials_leaves_a_model(self):
        self.dha("run", self.write_pipeline(trials_pipeline(self.data, epochs=1, hyper={"use": "dha.sgd"})))
        run = self.run_folder()
        for name in ("architecture.json", "architecture.svg", "policy.json", "model/weights.safetensors"):
            self.assertGreater((run / name).stat().st_size, 0, name)
        tested = [row for row in self.rows(run) if "test_accuracy" in row]
        self.assertEqual([row["event"] for row in tested], ["test"])  # of the chosen trial, once it is chosen
        stage = json.loads((run / "summary.json").read_text())["stages"][0]
        self.assertEqual(stage["test"]["accuracy"], tested[0]["test_accuracy"])
        self.assertEqual(json.loads(self.dha("eval", run, "--json")[0])["accuracy"], tested[0]["test_accuracy"])

    def test_a_trial_s_settings_hold_for_the_next_and_for_evaluations(self):
        pipeline = trials_pipeline(self.data, use="fixture.repeats", epochs=1, hyper={"use": "dha.sgd"})
        plugins = ["--plugin-path", BUILD / "fixtures" / "plugins" / "repeats.so"]
        self.dha("run", self.write_pipeline(pipeline), *plugins)
        run = self.run_folder()
        summary = json.loads((run / "summary.json").read_text())
        self.assertNotIn("failed", (run / "log.txt").read_text())
        out, _ = self.dha("eval", run, "--json", "--split", "validation", *plugins)
        self.assertEqual(json.loads(out)["loss"], summary["stages"][0]["validation"]["loss"])

    def check_held_out(self, stage, held_out, left):
        """`dha eval` sees the validation images that the run saw: the same loss and accuracy to the last digit."""
        run = self.run_folder()
        last = json.loads((run / "summary.json").read_text())["stages"][-1]
        found = last["validation"]
        text, _ = self.dha("eval", run, "--split", "validation")
        self.assertIn(f"{held_out} images (the training images that stage '{stage}' held out)", text)
        measured = json.loads(self.dha("eval", run, "--split", "validation", "--json")[0])
        self.assertEqual(measured, {"split": "validation", "weights": "last", "epoch": last["epochs"], "images": held_out,
                                    "accuracy": found["accuracy"], "loss": found["loss"], "divided_by": stage})
        text, _ = self.dha("eval", run, "--split", "train")
        self.assertIn(f"{left} images (the training images that stage '{stage}' did not hold out)", text)
        self.assertNotIn("(", self.dha("eval", run)[0])
        return run, found

    def test_images_that_a_stage_held_out_are_evaluated(self):
        pipeline = small_pipeline(self.data)
        pipeline["stages"][1].update({"validation_fraction": 0.3, "epochs": 2})
        _, messages = self.dha("run", self.write_pipeline(pipeline))
        self.assertIn("stage 'final' validates on images that the weights of 'search' were trained on", messages)
        run, found = self.check_held_out("final", 19, 45)
        last = [row for row in self.rows(run) if row["event"] == "epoch"][-1]
        self.assertEqual((last["validation_accuracy"], last["validation_loss"]), (found["accuracy"], found["loss"]))

    def test_images_that_the_best_trial_held_out_are_evaluated(self):
        self.dha("run", self.write_pipeline(trials_pipeline(self.data, hyper={"use": "dha.sgd"})))
        self.check_held_out("search", 16, 48)

    def test_a_run_without_validation_images_says_how_to_have_some(self):
        pipeline = small_pipeline(self.data)
        pipeline["stages"] = pipeline["stages"][:1]
        pipeline["stages"][0]["epochs"] = 1
        self.dha("run", self.write_pipeline(pipeline))
        _, errors = self.dha("eval", self.run_folder(), "--split", "validation", status=2)
        self.assertIn("stage 'search' held none out; set its validation_fraction", errors)

    def test_the_loss_of_the_best_trial_is_reported(self):
        self.dha("run", self.write_pipeline(trials_pipeline(self.data, epochs=1, hyper={"use": "dha.sgd"})))
        run = self.run_folder()
        (run / "stages.json").unlink()  # as if the run had been killed before it
        weights = list((run / "stages" / "search" / "trials").glob("*/checkpoints/*.safetensors"))
        self.assertEqual(len(weights), 1)
        weights[0].write_bytes(weights[0].read_bytes()[:-1])
        _, errors = self.dha("resume", run, status=5)
        self.assertRegex(errors, r"the weights of trial \d are lost")
        self.assertIn("run its pipeline again", errors)

    def test_a_stopped_trial_is_validated(self):
        """Though no evaluation was due; and the stage takes as long as all of its trials."""
        pipeline = trials_pipeline(self.data, use="fixture.impatient", epochs=8, evaluate_every=5, hyper={"use": "dha.sgd"})
        self.dha("run", self.write_pipeline(pipeline), "--plugin-path", BUILD / "fixtures" / "plugins" / "impatient.so")
        run = self.run_folder()
        told = [row for row in self.rows(run) if row["event"] == "trials"][0]["searcher"]["told"]
        self.assertEqual([(t["stopped"], t["epochs"], t["validated"]) for t in told], [(True, 2, True)] * 2)
        for trial in (run / "stages" / "search" / "trials").iterdir():
            last = [row for row in self.rows(trial) if row["event"] == "epoch"][-1]
            self.assertEqual(last["epoch"], 2)
            self.assertIn("validation_accuracy", last)
        summary = json.loads((run / "summary.json").read_text())
        self.assertAlmostEqual(summary["stages"][0]["seconds"], sum(t["seconds"] for t in told), 3)

    def test_trial_searcher_is_asked(self):
        pipeline = trials_pipeline(self.data, name="random", epochs=1, hyper={"use": "dha.sgd"})
        final = small_pipeline(self.data)["stages"][1]
        pipeline["stages"].append({**final, "from": "random", "carry": ["architecture"]})
        self.dha("run", self.write_pipeline(pipeline))
        summary = json.loads((self.run_folder() / "summary.json").read_text())
        self.assertEqual([stage["name"] for stage in summary["stages"]], ["random", "final"])

    def test_a_collapsed_search_is_warned_of_and_can_end_the_stage(self):
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["stages"][0]["space"]["operations"] = ["skip_connect"]
        warning = "stage 'search': 8 of the 8 candidates that cell 'normal' keeps are skip connections or nothing"
        for on_collapse, epochs in (("warn", 2), ("stop", 1)):
            pipeline["name"] = on_collapse
            pipeline["stages"][0]["on_collapse"] = on_collapse
            _, errors = self.dha("run", self.write_pipeline(pipeline))
            self.assertEqual(errors.count(warning), 1, errors)
            rows = [json.loads(line) for line in (self.run_folder(on_collapse) / "metrics.jsonl").read_text().splitlines()]
            shares = [row["skip_share"] for row in rows if row["event"] == "epoch" and row["stage"] == "search"]
            self.assertEqual(shares, [1] * epochs)

    def test_diverging_loss_stops_the_run(self):
        pipeline = small_pipeline(self.data)
        pipeline["stages"] = pipeline["stages"][:1]
        pipeline["stages"][0].update({"epochs": 8, "gradient_clip": 0,
                                      "hyper": {"use": "dha.sgd", "learning_rate": 100, "weight_decay": 1}})
        _, errors = self.dha("run", self.write_pipeline(pipeline), status=1)
        self.assertIn("no longer a finite number", errors)

    def test_weights_that_are_not_finite_take_no_checkpoint_s_place(self):
        pipeline = small_pipeline(self.data)
        pipeline["checkpoint_every_steps"] = 1
        pipeline["stages"] = pipeline["stages"][:1]
        pipeline["stages"][0].update({"epochs": 8, "log_every": 1000, "gradient_clip": 0,
                                      "hyper": {"use": "dha.sgd", "learning_rate": 100, "weight_decay": 1}})
        _, errors = self.dha("run", self.write_pipeline(pipeline), status=1)
        named = pathlib.Path(errors.split("the last good checkpoint is ")[1].split(")")[0])
        values = list(network_values(named))
        self.assertGreater(len(values), 1000)
        self.assertTrue(all(map(math.isfinite, values)))

    def test_a_stage_that_diverges_at_once_names_the_checkpoint_before_it(self):
        pipeline = small_pipeline(self.data)
        pipeline["stages"][1].update({"carry": ["searcher"], "gradient_clip": 0, "log_every": 1,
                                      "hyper": {"use": "dha.sgd", "learning_rate": 100, "weight_decay": 1}})
        _, errors = self.dha("run", self.write_pipeline(pipeline), status=1)
        self.assertIn("stage 'final'", errors)
        self.assertIn("checkpoints/search-0002.safetensors", errors)

    def test_unwritable_run_directory(self):
        (self.folder / "file").write_text("")
        _, errors = self.dha("run", self.pipeline, "--out", "file/runs", status=1)
        self.assertIn("file/runs", errors)

    def test_a_checkpoint_beyond_what_a_file_may_have(self):
        """As on a full disk, for users who cannot mount a small one."""
        def limited():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))
        done = subprocess.run([DHA, "run", self.pipeline], cwd=self.folder, capture_output=True, text=True,
                              preexec_fn=limited)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("checkpoints/search-0000.000004.safetensors", done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertEqual([p for p in self.folder.rglob("*.tmp*")], [])

    def test_full_disk(self):
        mount = self.folder / "full"
        mount.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount],
                                               capture_output=True).returncode != 0:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", mount])
        _, errors = self.dha("run", self.pipeline, "--out", mount, status=1)
        self.assertIn("No space left on device", errors)
        self.assertEqual([p for p in mount.rglob("*.tmp*")], [])


if __name__ == "__main__":
    unittest.main()
