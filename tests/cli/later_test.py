"""A run that is taken up later: its data moved or changed, its folder tidied up, its terminal closed, its epochs too few."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest

from support import DHA, CommandLineTest, small_pipeline, write_idx, write_images


class LaterTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_images(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["dataset"] = {"use": "dha.image_folder", "path": str(self.data), "size_px": 12}
        self.pipeline = self.write_pipeline(pipeline)

    def finished_run(self, out="runs"):
        self.dha("run", self.pipeline, "--out", out)
        return self.run_folder(out=out)

    def interrupted_run(self):
        self.interrupted(self.pipeline, '"event":"epoch"')
        return self.run_folder()

    def accuracy(self, run, *arguments):
        return json.loads(self.dha("eval", run, "--json", *arguments)[0])["accuracy"]

    def refused(self, *arguments, saying, status=5):
        _, errors = self.dha(*arguments, status=status)
        for text in [saying] if isinstance(saying, str) else saying:
            self.assertIn(text, errors)

    # Data.

    def rename_class(self):
        for split in ("train", "test"):
            (self.data / split / "class0").rename(self.data / split / "zebra")

    def test_a_renamed_class_ends_resume_and_eval(self):
        run = self.interrupted_run()
        self.rename_class()
        sentence = "the data set differs from that of the run: class 0 is 'class1', was 'class0'"
        self.refused("resume", run, saying=sentence)
        self.refused("resume", run, "--accept-changed-data", saying=sentence)

    def test_a_renamed_class_ends_eval(self):
        run = self.finished_run()
        self.rename_class()
        for extra in ([], ["--accept-changed-data"], ["--set", f"dataset.path={self.data}"]):
            self.refused("eval", run, *extra, saying="class 0 is 'class1', was 'class0'")

    def test_other_images_are_accepted_where_they_are_as_many(self):
        run = self.interrupted_run()
        image = self.data / "train" / "class0" / "0.png"
        image.rename(image.with_name("00.png"))
        self.refused("resume", run,
                     saying=["the names or contents of train images have changed", "--accept-changed-data"])
        self.dha("resume", run, "--accept-changed-data")
        self.dha("eval", run)  # the run knows its data as it is now

    def test_images_replaced_under_their_names_are_noticed(self):
        run = self.interrupted_run()
        image = self.data / "train" / "class0" / "0.png"
        image.write_bytes((self.data / "train" / "class1" / "1.png").read_bytes())
        self.refused("resume", run, saying=["image files have other sizes under the same names", "--accept-changed-data"])
        self.dha("resume", run, "--accept-changed-data")
        self.accuracy(run)

    def test_fewer_images_end_resume(self):
        run = self.interrupted_run()
        (self.data / "train" / "class0" / "0.png").unlink()
        self.refused("resume", run, "--accept-changed-data", saying=["it has 47 train images, had 48", "start a new run"])

    def test_eval_measures_other_images_of_the_same_classes(self):
        run = self.finished_run()
        (self.data / "test" / "class0" / "0.png").unlink()
        self.refused("eval", run, saying=["it has 15 test images, had 16", "--accept-changed-data"])
        self.accuracy(run, "--accept-changed-data")
        other = self.folder / "other"
        shutil.copytree(self.data, other)
        self.accuracy(run, "--set", f"dataset.path={other}")

    def test_changed_pixels_in_memory_are_noticed(self):
        idx = self.folder / "idx"
        write_idx(idx)
        self.pipeline = self.write_pipeline(small_pipeline(idx))
        run = self.finished_run()
        images = idx / "t10k-images-idx3-ubyte"
        content = bytearray(images.read_bytes())
        content[-1] ^= 1
        images.write_bytes(content)
        self.refused("eval", run, saying="the names or contents of test images have changed")

    def test_data_that_moved_is_found_where_it_is(self):
        whole = self.finished_run("whole")
        run = self.interrupted_run()
        moved = self.folder / "moved"
        self.data.rename(moved)
        self.refused("resume", run, saying=str(self.data))
        self.dha("resume", run, "--set", f"dataset.path={moved}")
        self.assert_same_run(whole, run)
        self.assertEqual(json.loads((run / "pipeline.json").read_text())["dataset"]["path"], str(moved))
        self.refused("resume", run, "--set", "dataset.size_px=16", saying="start a new run", status=2)

    # Runs that were tidied up.

    def test_a_finished_run_stays_as_it_is_without_checkpoints(self):
        run = self.finished_run()
        before = self.accuracy(run)
        shutil.rmtree(run / "checkpoints")
        files = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
        self.assertEqual(self.accuracy(run), before)
        _, notes = self.dha("resume", run)
        self.assertIn("the run has finished", notes)
        self.assertEqual(files, {file: file.read_bytes() for file in run.rglob("*") if file.is_file()})
        (run / "dataset.json").unlink()  # model/ has its own
        self.rename_class()
        self.refused("eval", run, saying="class 0 is 'class1', was 'class0'")
        self.assertFalse((run / "dataset.json").exists())

    def test_a_run_that_was_tidied_up_is_not_trained_anew(self):
        run = self.finished_run()
        before = self.accuracy(run)
        for file in [run / "stages.json", *(run / "checkpoints").iterdir()]:
            file.unlink()
        files = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
        self.refused("resume", run, saying=["was tidied up: it has a result, but no stages.json", f"run {run}/pipeline.json"],
                     status=2)
        self.assertEqual(self.accuracy(run), before)
        self.dha("export", run, "--output", self.folder / "other")
        self.dha("predict", run, self.data / "test", "--top", 1)
        self.assertEqual(files, {file: file.read_bytes() for file in run.rglob("*") if file.is_file()})

    def test_what_is_left_of_a_run_is_used_or_said(self):
        run = self.finished_run()
        before = self.accuracy(run)
        weights = (run / "model" / "weights.safetensors").rename(self.folder / "weights.safetensors")
        self.assertEqual(self.accuracy(run), before)  # of the checkpoint
        shutil.rmtree(run / "checkpoints")
        self.refused("resume", run, "--set", "stages.final.epochs=2", status=2,
                     saying="it has no checkpoints/final-0001.safetensors, from which stage 'final' would continue")
        self.refused("eval", run, saying=["model/weights.safetensors", "checkpoints/final-0001.safetensors is not there either"])
        weights.rename(run / "model" / "weights.safetensors")
        self.assertEqual(self.accuracy(run), before)

    def test_an_interrupted_run_without_its_checkpoints_begins_anew(self):
        run = self.interrupted_run()
        shutil.rmtree(run / "checkpoints")
        self.dha("resume", run)
        self.assertTrue((run / "summary.json").exists())

    def test_a_folder_in_the_place_of_latest_is_named_before_a_run_is_made(self):
        (self.folder / "runs" / "small" / "latest").mkdir(parents=True)
        self.refused("run", self.pipeline, saying="is a folder, but dha keeps a link to the newest run there; rename",
                     status=2)
        self.assertEqual([path.name for path in (self.folder / "runs" / "small").iterdir()], ["latest"])

    def test_a_search_alone_leaves_a_model_that_computes_the_same(self):
        pipeline = json.loads(self.pipeline.read_text())
        pipeline["stages"] = pipeline["stages"][:1]
        self.pipeline = self.write_pipeline(pipeline)
        run = self.finished_run()
        self.assertEqual(json.loads((run / "model" / "model.json").read_text())["network"], "decided")
        measured = json.loads((run / "summary.json").read_text())["test_accuracy"]
        shutil.rmtree(run / "checkpoints")
        self.assertEqual(self.accuracy(run), measured)

    def test_a_damaged_model_is_not_used(self):
        run = self.finished_run()
        before = self.accuracy(run)
        weights = run / "model" / "weights.safetensors"
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
        accuracy, notes = self.dha("eval", run, "--json")
        self.assertEqual(json.loads(accuracy)["accuracy"], before)  # of the checkpoint
        self.assertIn("weights.safetensors is damaged or belongs to another model", notes)
        shutil.rmtree(run / "checkpoints")
        self.refused("eval", run, saying=["weights.safetensors is damaged or belongs to another model", "is not there either"])

    # A closed terminal.

    def stopped_by(self, signal_number, **how):
        process = subprocess.Popen([DHA, "run", self.pipeline, "--set", "stages.search.epochs=400"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **how)
        deadline = time.monotonic() + 120
        while not list(self.folder.glob("runs/small/*/checkpoints/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal_number)
        return process

    def test_a_hang_up_leaves_a_checkpoint(self):
        process = self.stopped_by(signal.SIGHUP)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("the last good checkpoint is", errors)

    def test_a_hang_up_that_is_ignored_at_the_start_stays_ignored(self):
        process = self.stopped_by(signal.SIGHUP, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(1)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130)

    def run_one_epoch(self, *arguments, **how):
        return subprocess.run([DHA, "run", self.pipeline, "--set", "stages.search.epochs=1", "--set", "stages.final.epochs=1",
                               *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120, **how)

    def test_closed_streams_take_no_file(self):
        for closed in ((1,), (2,), (0, 1, 2)):
            out = "closed" + "".join(map(str, closed))
            done = self.run_one_epoch("--out", out, preexec_fn=lambda: [os.close(stream) for stream in closed])
            self.assertEqual(done.returncode, 0, done.stderr)
            run = self.run_folder(out=out)
            for line in (run / "log.txt").read_text().splitlines():
                self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\S+ (debug|info|warning) ")
            for line in (run / "metrics.jsonl").read_text().splitlines():
                json.loads(line)

    def test_a_file_above_the_size_limit_ends_the_run_with_a_sentence(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
        done = self.run_one_epoch(preexec_fn=limit)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.dha("resume", self.run_folder())

    # Runs that have not finished.

    def test_an_unfinished_run_is_evaluated_as_far_as_it_got(self):
        pipeline = json.loads(self.pipeline.read_text())
        pipeline["stages"][0]["epochs"] = 400
        pipeline["checkpoint_every_steps"] = 1
        self.pipeline = self.write_pipeline(pipeline)
        run = self.interrupted_run()
        newest = max((run / "checkpoints").glob("search-*"), key=lambda file: file.stem).name
        epochs, _, steps = newest.removeprefix("search-").removesuffix(".safetensors").partition(".")
        self.assertFalse((run / "model").exists())
        files = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
        text, _ = self.dha("eval", run)
        self.assertRegex(text, r"^the run has not finished: this is stage 'search' after \d+ of 400 epochs( and \d steps? of the "
                               r"next)?; its architecture is not decided yet\ntest accuracy ")
        measured = json.loads(self.dha("eval", run, "--json")[0])
        self.assertEqual(measured["unfinished"], {"stage": "search", "epochs": int(epochs), "planned_epochs": 400,
                                                  "steps": int(steps or 0), "architecture_decided": False})
        self.assertEqual(measured["images"], 16)
        self.assertEqual(files, {file: file.read_bytes() for file in run.rglob("*") if file.is_file()})
        (run / "checkpoints" / newest).write_bytes(b"")
        measured, notes = self.dha("eval", run, "--json")
        self.assertIn(newest, notes)
        self.assertNotEqual(json.loads(measured)["unfinished"]["steps"], int(steps or 0))
        shutil.rmtree(run / "checkpoints")
        self.refused("eval", run, saying=["has left no checkpoint of a network yet", f"resume {run}"], status=2)

    def test_a_decided_network_is_evaluated_before_its_stage_ends(self):
        pipeline = json.loads(self.pipeline.read_text())
        pipeline["stages"][1]["epochs"] = 400
        self.pipeline = self.write_pipeline(pipeline)
        self.interrupted(self.pipeline, '"event":"epoch","stage":"final"')
        run = self.run_folder()
        unfinished = json.loads(self.dha("eval", run, "--json")[0])["unfinished"]
        self.assertEqual((unfinished["stage"], unfinished["architecture_decided"]), ("final", True))
        for file in (run / "checkpoints").glob("final-*"):
            file.unlink()
        measured = json.loads(self.dha("eval", run, "--json")[0])  # what the stage before it ended with
        self.assertEqual((measured["unfinished"]["stage"], measured["unfinished"]["architecture_decided"]), ("search", True))
        search = json.loads((run / "summary.json").read_text())["stages"][0]
        self.assertEqual(measured["loss"], search["test"]["loss"])

    # A pipeline.json that was changed.

    def change(self, run, path, value):
        pipeline = json.loads((run / "pipeline.json").read_text())
        *above, key = path
        place = pipeline
        for step in above:
            place = place[step]
        before = place.get(key)
        place[key] = value
        (run / "pipeline.json").write_text(json.dumps(pipeline))
        return before

    def test_what_a_changed_pipeline_may_not_change_is_refused(self):
        run = self.interrupted_run()
        for path, value, name in ((("stages", 0, "hyper", "learning_rate"), [0.001, 0.07], "stages.search.hyper.learning_rate"),
                                  (("seed",), 4, "seed"), (("stages", 0, "constraints"), "params < 1G", "stages.search.constraints"),
                                  (("dataset", "limit_train"), 9, "dataset.limit_train")):
            before = self.change(run, path, value)
            was = "not there" if before is None else json.dumps(before, separators=(",", ":"))
            self.refused("resume", run, status=2, saying=[
                f"{run}/pipeline.json differs from the pipeline that the run began with: {name} is {json.dumps(value, separators=(',', ':'))}, was {was}; "
                "put the old value back, or start a new run"])
            shutil.copy(run / "recorded.json", run / "pipeline.json")
        self.refused("resume", run, "--set", "seed=4", saying="--set: seed is 4, was 3; leave it out", status=2)
        self.change(run, ("stages", 0, "epochs"), 1)
        self.refused("resume", run, saying="stage 'search' has 2 epochs and cannot have 1", status=2)
        self.change(run, ("stages", 0, "epochs"), 2)
        self.dha("resume", run)

    def test_what_a_changed_pipeline_may_change_acts(self):
        run = self.interrupted_run()
        self.change(run, ("stages", 1, "batch_size"), 8)  # of a stage that has not begun
        self.change(run, ("loader_threads",), 0)
        self.dha("resume", run, "--set", "stages.final.log_every=3")
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([row["step"] for row in rows if row["event"] == "step" and row["stage"] == "final"], [3, 6])
        self.change(run, ("stages", 1, "epochs"), 2)  # of a run that has finished
        self.dha("resume", run)
        summary = json.loads((run / "summary.json").read_text())
        self.assertEqual([stage["epochs"] for stage in summary["stages"]], [2, 2])
        pipeline = json.loads((run / "pipeline.json").read_text())
        pipeline["stages"].append({"name": "more", "epochs": 1, "from": "final", "carry": ["weights", "hyper", "momentum"],
                                   "searcher": None, "architecture": json.loads((run / "architecture.json").read_text())})
        (run / "pipeline.json").write_text(json.dumps(pipeline))
        self.dha("resume", run)
        summary = json.loads((run / "summary.json").read_text())
        self.assertEqual([stage["epochs"] for stage in summary["stages"]], [2, 2, 1])
        self.assertEqual(self.accuracy(run), summary["test_accuracy"])
        self.change(run, ("stages", 1, "batch_size"), 4)
        self.refused("resume", run, saying="stages.final.batch_size is 4, was 8", status=2)

    # Longer training.

    def test_a_finished_run_is_trained_longer(self):
        run = self.finished_run()
        self.dha("resume", run, "--set", "stages.final.epochs=3")
        summary = json.loads((run / "summary.json").read_text())
        self.assertEqual([stage["epochs"] for stage in summary["stages"]], [2, 3])
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([(row["stage"], row["epoch"]) for row in rows if row["event"] == "epoch"],
                         [("search", 1), ("search", 2), ("final", 1), ("final", 2), ("final", 3)])
        self.assertEqual(self.accuracy(run), summary["test_accuracy"])
        self.refused("resume", run, "--set", "stages.final.epochs=2", saying="a stage can only grow", status=2)
        self.refused("resume", run, "--set", "stages.search.epochs=9", saying="the search of stage 'search' has finished",
                     status=2)


if __name__ == "__main__":
    unittest.main()
