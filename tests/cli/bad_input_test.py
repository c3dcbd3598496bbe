"""Bad input: one clear sentence that names the place, and the exit status that the documentation promises."""

import json
import os
import random
import re
import shutil
import subprocess
import unittest

from support import BUILD, DHA, RGB, SOURCE, CommandLineTest, small_pipeline, write_idx, write_images, write_png


class BadInputTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)

    def refused(self, change, *expected, status=2, verb="validate"):
        pipeline = small_pipeline(self.data)
        change(pipeline)
        out, errors = self.dha(verb, self.write_pipeline(pipeline), status=status)
        for text in expected:
            self.assertIn(text, out + errors)
        self.assertNotIn("terminate", errors)

    def test_unknown_key(self):
        self.refused(lambda p: p["stages"][0].update(epoch=3), "/stages/0/epoch", "did you mean 'epochs'", "pipeline.json:")

    def test_unknown_component_key(self):
        self.refused(lambda p: p["stages"][0]["searcher"].update(lamda=3), "/stages/0/searcher/lamda", "lambda")

    def test_wrong_type(self):
        self.refused(lambda p: p["stages"][0].update(epochs="many"), "/stages/0/epochs", "must be an integer")

    def test_out_of_range(self):
        self.refused(lambda p: p["stages"][0]["augment"][2].update(size_px=-1), "/stages/0/augment/2/size_px")

    def test_integer_of_a_few_values(self):
        self.refused(lambda p: p.update(dataset={"use": "dha.cifar", "path": "cifar", "classes": 11}), "pipeline.json:8:",
                     "/dataset/classes must be one of 10, 20, 100, found 11")

    def test_exclusive_parameters(self):
        rule = "/stages/0/searcher must have exactly one of 'genotype_file', 'genotype', found "
        for given, found in (({}, "none"),
                             ({"genotype": {}, "genotype_file": "cells.json"}, "'genotype_file', 'genotype'; remove")):
            self.refused(lambda p: p["stages"][0].update(searcher={"use": "dha.architecture", **given}), "pipeline.json:",
                         rule + found)

    def test_not_finite(self):
        text = json.dumps(small_pipeline(self.data)).replace('"drop_path": 0.1', '"drop_path": 1e999')
        _, errors = self.dha("validate", self.write_pipeline(text), status=2)
        self.assertIn("pipeline.json:", errors)

    def test_unknown_component(self):
        self.refused(lambda p: p["stages"][0]["searcher"].update(use="dha.isat"), "dha.isat", "did you mean", "dha.ista")
        self.refused(lambda p: p["stages"][0]["searcher"].update(use="acme.x"), "no searcher is named 'acme.x'",
                     "--plugin-path or DHA_PLUGIN_PATH", f"'{DHA} plugins'")

    def test_missing_plugins(self):
        plugins = self.folder / "bin" / "plugins"
        plugins.mkdir(parents=True)
        binary = shutil.copy(BUILD / "dha", self.folder / "bin" / "dha")

        def run(*arguments):
            return subprocess.run([binary, *arguments], capture_output=True, text=True, cwd=self.folder)

        if run("plugins").returncode == 0:
            self.skipTest("the plugins of an installation are found")
        file = self.write_pipeline(small_pipeline(self.data))
        for verb in ("validate", "run"):
            done = run(verb, file)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            for text in (f"looked in {plugins} (contains no plugin)", "(does not exist)",
                         "--plugin-path or DHA_PLUGIN_PATH", f"'{binary} plugins'"):
                self.assertIn(text, done.stderr)
        (plugins / "broken.so").write_text("no library")
        done = run("validate", file)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(f"'{binary} plugins' says why", done.stderr)

    def test_texts_name_the_program_as_it_can_be_typed(self):
        other = self.folder / "other" / "dha"
        other.parent.mkdir()
        other.write_text("another program")

        def named(called, path, cwd=self.folder):
            done = subprocess.run([called, "run"], executable=DHA, capture_output=True, text=True, cwd=cwd,
                                  env={**os.environ, "PATH": path})
            self.assertEqual(done.returncode, 2, done.stderr)
            return re.search(r"missing pipeline file \((.*) run FILE\)", done.stderr)[1]

        self.assertEqual(named(DHA, "/usr/bin"), str(DHA))
        self.assertEqual(named(f"{BUILD.name}/dha", "/usr/bin", BUILD.parent), f"{BUILD.name}/dha")
        self.assertEqual(named(DHA, f"/usr/bin:{BUILD}:{other.parent}"), "dha")
        self.assertEqual(named(DHA, f"{other.parent}:{BUILD}"), str(DHA))
        self.assertEqual(named("dha", str(BUILD)), "dha")

    def test_parameters_that_only_the_component_refuses(self):
        wrong = {"cell": (lambda s: s.update(space={"use": "dha.cell", "reduction_cells": [2, 1], "cells": 3}),
                          "space", "names cell 1 after cell 2"),
                 "ista": (lambda s: s["searcher"].update(keep=30), "searcher", "keep"),
                 "file": (lambda s: s.update(searcher={"use": "dha.architecture", "genotype_file": "none.json"}),
                          "searcher", "none.json"),
                 "fill": (lambda s: s.update(augment=[{"use": "dha.flip"}, {"use": "dha.random_pairs", "fill": [1, 2]}]),
                          "augment/1", "fill")}
        for name, (spoil, place, reason) in wrong.items():
            for verb in "validate", "run":
                with self.subTest(name, verb=verb):
                    def change(pipeline):
                        del pipeline["stages"][1]
                        spoil(pipeline["stages"][0])
                    self.refused(change, "pipeline.json:", f": /stages/0/{place}", reason, verb=verb)

    def test_every_component_that_refuses_is_named(self):
        pipeline = small_pipeline(self.data)
        pipeline["stages"][0]["space"]["reduction_cells"] = [2, 1]  # the second stage inherits it
        pipeline["stages"][0]["hyper"]["learning_rate"] = [0.05, 0.001]
        out, _ = self.dha("validate", "--json", self.write_pipeline(json.dumps(pipeline, indent=1)), status=2)
        problems = json.loads(out)["problems"]
        self.assertEqual([problem["pointer"] for problem in problems], ["/stages/0/space", "/stages/0/hyper"])
        self.assertGreater(problems[0]["line"], 10)

    def test_a_refused_change_of_the_command_line_is_named(self):
        file = self.write_pipeline(small_pipeline(self.data))
        _, errors = self.dha("validate", file, "--set", "stages.search.space.reduction_cells=[2,1]", status=2)
        self.assertIn("--set stages.search.space.reduction_cells=[2,1]: /stages/0/space cannot be used", errors)

    def test_the_size_of_a_network_costs_nothing_to_check(self):
        pipeline = small_pipeline(self.data)
        pipeline["stages"][0]["space"].update(channels=1024, cells=60)  # 20 GB of weights
        pipeline["stages"][1].update(space={"cells": 59})
        _, errors = self.dha("validate", self.write_pipeline(pipeline), status=2, timeout=60)
        self.assertIn("the supernet has 60 cells, the decided network 59", errors)

    def with_unwilling(self, **params):
        pipeline = small_pipeline(self.data)
        pipeline["stages"][0]["augment"] = [{"use": "fixture.unwilling"}, {"use": "fixture.unwilling", **params}]
        return self.write_pipeline(pipeline), "--plugin-path", BUILD / "fixtures" / "plugins" / "unwilling.so"

    def test_a_refusal_is_told_of_the_component_that_makes_it(self):
        for call in "create", "prepare":
            for verb in "validate", "run":
                with self.subTest(call=call, verb=verb):
                    _, errors = self.dha(verb, *self.with_unwilling(call=call), status=2)
                    self.assertRegex(errors, rf"pipeline.json:\d+:\d+: /stages/0/augment/1 cannot be used: .*: unwilling in {call}")
                    self.assertEqual(errors.count("unwilling in"), 1)

    def test_what_the_machine_lacks_is_left_to_the_run(self):
        for code, reason in ("device", "works on another device only"), ("io", "the disk is full"):
            with self.subTest(code):
                self.dha("validate", *self.with_unwilling(call="create", code=code))
                _, errors = self.dha("run", *self.with_unwilling(call="create", code=code), status=1)
                self.assertIn(reason, errors)

    def test_scratch_directories_of_a_check_are_removed(self):
        scratch = self.folder / "scratch"
        scratch.mkdir()
        self.dha("validate", *self.with_unwilling(call="none"), environment={"TMPDIR": str(scratch)})
        self.assertEqual(list(scratch.iterdir()), [])

    def with_trials(self, pipeline, **more):
        search = pipeline["stages"][0]
        del search["searcher"]
        search.update({"trials": {"use": "dha.random", "count": 2}, "hyper": {"use": "dha.sgd"}, **more})

    def test_weights_of_trials_for_a_search(self):
        def change(p):
            self.with_trials(p, validation_fraction=0.25)
            p["stages"][1].update(trials=None, searcher={"use": "dha.ista"}, carry=["weights"])
        for verb in "validate", "run":
            self.refused(change, "/stages/1/carry/0 carries 'weights'", "which has a decided architecture", verb=verb)

    def test_trials_without_validation_images(self):
        def change(p):
            del p["stages"][1]
            self.with_trials(p)
        self.refused(change, "/stages/0/trials in stage 'search', dha.random needs validation images",
                     "set \"validation_fraction\": 0.2",
                     verb="run")

    def test_json_that_ends_early(self):
        text = json.dumps(small_pipeline(self.data))[:-20]
        _, errors = self.dha("validate", self.write_pipeline(text), status=2)
        self.assertIn("pipeline.json:1:", errors)

    def test_circular_extends(self):
        self.write_pipeline({"extends": "b.json"}, "a.json")
        self.write_pipeline({"extends": "a.json"}, "b.json")
        _, errors = self.dha("validate", "a.json", status=2)
        self.assertIn("b.json", errors)

    def test_carries_what_the_earlier_stage_lacks(self):
        def change(p):
            del p["stages"][0]["augment"]
        self.refused(change, "/stages/1/carry", "augment")

    def check_carry(self, change, item, *expected):
        """Refused by validate without the data, and by run before anything trains."""
        self.refused(change, "pipeline.json:", f"/stages/1/carry/{item} ", "from stage 'search' into stage 'final'",
                     "make the two stages compatible or remove", *expected, verb="run")
        self.assertFalse((self.folder / "runs").exists())
        shutil.rmtree(self.data)
        self.refused(change, "pipeline.json:", f"/stages/1/carry/{item} ", "from stage 'search' into stage 'final'",
                     "make the two stages compatible or remove", *expected)
        write_idx(self.data)

    def test_weights_for_a_network_of_another_size(self):
        for space, difference in (({"channels": 8}, "has shape"), ({"cells": 4}, "has 3 cells, the decided network 4"),
                                  ({"cells": 2}, "has 3 cells, the decided network 2"),
                                  ({"auxiliary_weight": 0.4}, "'auxiliary.")):
            with self.subTest(space):
                self.check_carry(lambda p: p["stages"][1].update(space=space), 0, "carries 'weights'", "dha.cell",
                                 difference)

    def test_weights_for_another_supernet(self):
        for space, difference in (({"channels": 8}, "has shape"), ({"cells": 4}, "they lack 'cells.3."),
                                  ({"operations": ["skip_connect", "sep_conv_7x7"]}, "they lack")):
            with self.subTest(space):
                self.check_carry(lambda p: p["stages"][1].update(space=space, carry=["hyper", "weights"]), 1,
                                 "carries 'weights'", difference)

    def test_weights_for_another_fixed_network(self):
        architecture = SOURCE / "examples" / "architectures" / "darts_v2.json"

        def change(p):
            for stage in p["stages"]:
                stage["searcher"] = {"use": "dha.architecture", "genotype_file": str(architecture)}
            p["stages"][1].update(carry=["weights"], space={"channels": 8})
        self.check_carry(change, 0, "carries 'weights'", "has shape")

    def test_searcher_for_other_choices(self):
        for change, difference in (({"space": {"nodes": 3}}, "choices"),
                                   ({"space": {"operations": ["skip_connect", "sep_conv_5x5"]}}, "other candidates"),
                                   ({"searcher": {"code_size": 5}}, "dha.ista")):
            with self.subTest(change):
                self.check_carry(lambda p: p["stages"][1].update(change, carry=["searcher"]), 0, "carries 'searcher'",
                                 difference)

    def test_what_may_fit_is_left_to_the_run(self):
        def valid(change):
            pipeline = small_pipeline(self.data)
            change(pipeline["stages"][1])
            self.dha("validate", self.write_pipeline(pipeline))
        valid(lambda stage: stage.update(space={"channels": 8, "cells": 5}, carry=["searcher", "augment", "hyper"]))
        valid(lambda stage: stage.update(space={"operations": ["skip_connect", "sep_conv_5x5"]}, carry=["weights"]))
        valid(lambda stage: stage.update(space={"gate_weights": "keep", "candidate_affine": "trained"}))
        valid(lambda stage: stage.update(searcher=None, carry=["architecture"],
                                         space={"operations": ["skip_connect", "sep_conv_5x5"]}))

    def test_weights_where_only_the_data_tell_the_classes(self):
        folder = self.folder / "images"
        write_images(folder)
        def change(p):
            p["dataset"] = {"use": "dha.image_folder", "path": str(folder), "size_px": 12}
            p["stages"][1].update(space={"channels": 8})
        self.refused(change, "is valid", status=0)
        self.refused(change, "/stages/1/carry/0 carries 'weights'", "has shape", verb="run")
        _, errors = self.dha("resume", self.run_folder(), status=2)
        self.assertIn("/stages/1/carry/0 carries 'weights'", errors)
        self.assertEqual((self.run_folder() / "metrics.jsonl").read_text(), "")

    def test_missing_data_file(self):
        (self.data / "train-images-idx3-ubyte").unlink()
        self.refused(lambda p: None, "train-images-idx3-ubyte", status=5, verb="run")

    def test_truncated_data_file(self):
        file = self.data / "train-images-idx3-ubyte"
        file.write_bytes(file.read_bytes()[:-100])
        self.refused(lambda p: None, "train-images-idx3-ubyte", status=5, verb="run")

    def test_label_out_of_range(self):
        write_idx(self.data, label=9)
        self.refused(lambda p: None, "9", "label", status=5, verb="run")

    def test_class_without_training_image(self):
        self.refused(lambda p: p["dataset"].update(classes=6), "classes 4, 5 have no image among the 64 training images",
                     "'classes'", status=5, verb="run")

    def test_limit_that_leaves_classes_without_images(self):
        pipeline = small_pipeline(self.data)
        pipeline["dataset"]["limit_train"] = 3
        pipeline["stages"] = [{**pipeline["stages"][0], "epochs": 1, "batch_size": 3}]
        _, errors = self.dha("run", self.write_pipeline(pipeline))
        self.assertRegex(errors, r"warning: dha.idx: class \d has no image, and classes \d, \d, \d have a single image")
        self.assertIn("raise 'limit_train'", (self.run_folder() / "log.txt").read_text())

    def test_no_cuda_device(self):
        self.refused(lambda p: p.update(device="cuda"), "cuda", status=1, verb="run")

    def test_unknown_device(self):
        _, errors = self.dha("run", self.write_pipeline(small_pipeline(self.data)), "--device", "gpu", status=2)
        self.assertIn("--device gpu: /device", errors)
        self.assertNotIn("--set", errors)

    def test_architecture_that_cannot_be_counted(self):
        file = self.write_pipeline(small_pipeline(self.data))
        architecture = self.folder / "architecture.json"
        for content, expected in ((None, "No such file"), ('{\n  "normal": [\n', "is not JSON text"),
                                  ("{}", "lacks the key 'normal'")):
            if content is not None:
                architecture.write_text(content)
            _, errors = self.dha("cost", file, "--architecture", architecture, status=5)
            self.assertEqual(len(errors.splitlines()), 1, errors)
            self.assertIn(str(architecture), errors)
            self.assertIn(expected, errors)

    def test_unknown_verb(self):
        _, errors = self.dha("runn", "x", status=2)
        self.assertIn("run", errors)

    def test_unknown_option(self):
        _, errors = self.dha("run", "x.json", "--sett", "a=b", status=2)
        self.assertIn("--set", errors)

    def test_missing_file(self):
        _, errors = self.dha("run", "nowhere.json", status=2)
        self.assertIn("nowhere.json", errors)

    def test_override_that_leads_nowhere(self):
        _, errors = self.dha("validate", self.write_pipeline(small_pipeline(self.data)), "--set", "stages.0.epohcs=3", status=2)
        self.assertIn("--set", errors)
        self.assertIn("epochs", errors)


class ImageFolderTest(CommandLineTest):
    """Folders of images with something wrong in them, through a whole run."""

    def setUp(self):
        super().setUp()
        self.root = self.folder / "images"
        for split, count in (("train", 12), ("val", 3)):
            for name in ("cat", "dog"):
                self.put_images(f"{split}/{name}", count)

    def put_images(self, folder, count):
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = random.Random(f"{folder} {i}").randbytes(16 * 16 * 3)
            write_png(self.root / folder / f"{i:02}.png", 16, 16, RGB, pixels)

    def run_folder_set(self, status=0, dataset=None, stage=None):
        pipeline = small_pipeline(self.data)
        pipeline["dataset"] = {"use": "dha.image_folder", "path": str(self.root), "size_px": 16, **(dataset or {})}
        pipeline["stages"] = [{**pipeline["stages"][0], "batch_size": 8, **(stage or {})}]
        return self.dha("run", self.write_pipeline(pipeline), "--out", "runs", status=status)

    def summary(self):
        """Of the last run."""
        return json.loads((self.folder / "runs" / "small" / "latest" / "summary.json").read_text())

    def assert_refused(self, *expected, **settings):
        """One sentence that names the place, and the status of bad data."""
        _, errors = self.run_folder_set(status=5, **settings)
        sentences = [line for line in errors.splitlines() if not line.startswith(("running ", "warning: "))]
        self.assertEqual(len(sentences), 1, errors)
        self.assertTrue(sentences[0].startswith("dha: "), errors)
        for text in expected:
            self.assertIn(text, sentences[0])

    def assert_unreadable(self, file, reason):
        """Such a file ends a run before it trains, or is left out of it and counted."""
        self.assert_refused(str(file), reason, "'unreadable'")
        self.assertFalse((self.folder / "runs/small/latest/metrics.jsonl").exists())
        out, errors = self.run_folder_set(dataset={"unreadable": "skip"})
        self.assertEqual((out + errors).count(f"left out 1 image that cannot be read: {file} {reason}"), 1, out + errors)
        self.assertIn("1 image could not be read and was left out", out + errors)
        self.assertEqual(self.summary()["unreadable_images"], 1)

    def test_sound(self):
        out, errors = self.run_folder_set()
        self.assertNotIn("skipped", out + errors)
        self.assertEqual(self.summary()["unreadable_images"], 0)

    def test_class_of_one_image(self):
        self.put_images("train/owl", 1)
        self.run_folder_set()
        shutil.rmtree(self.root / "val")
        self.run_folder_set(stage={"validation_fraction": 0.2})
        self.assert_refused("'owl'", "1 image", dataset={"validation_fraction": 0.2})

    def test_only_one_image_a_class(self):
        shutil.rmtree(self.root)
        self.put_images("train/cat", 1)
        self.put_images("train/dog", 1)
        self.run_folder_set()

    def test_one_class(self):
        shutil.rmtree(self.root / "train" / "dog")
        shutil.rmtree(self.root / "val" / "dog")
        self.assert_refused("found 1 class of images", "at least 2")

    def test_no_class(self):
        shutil.rmtree(self.root)
        self.assert_refused(str(self.root))
        self.root.mkdir()
        self.assert_refused(str(self.root), "no class folder")

    def test_empty_class_folder(self):
        (self.root / "val" / "owl").mkdir()
        self.assert_refused("val/owl", "no counterpart")
        (self.root / "train" / "owl").mkdir()
        self.assert_refused("train/owl", "contains no image")

    def test_validation_class_that_is_not_trained(self):
        self.put_images("val/owl", 2)
        self.assert_refused("val/owl", "no counterpart", "train")

    def test_empty_file(self):
        file = self.root / "train" / "dog" / "03.png"
        file.write_bytes(b"")
        self.assert_unreadable(file, "is empty (0 bytes)")

    def test_truncated_jpeg(self):
        whole = (SOURCE / "tests/fuzz/corpus/jpeg/RGB.jpg").read_bytes()
        file = self.root / "train" / "cat" / "half.jpg"
        file.write_bytes(whole)
        self.run_folder_set()
        file.write_bytes(whole[:-20])
        self.assert_unreadable(file, "is a truncated JPEG: its data end too early")
        self.run_folder_set(dataset={"truncated": "accept", "unreadable": "skip"})

    def test_text_that_is_called_jpg(self):
        file = self.root / "train" / "cat" / "notes.jpg"
        file.write_text("These are no pixels.\n")
        self.assert_unreadable(file, "is not a JPEG, PNG or WebP image")

    def test_unreadable_validation_image(self):
        file = self.root / "val" / "cat" / "01.png"
        file.write_bytes(file.read_bytes()[:100])
        self.assert_unreadable(file, "is a truncated PNG: its data end too early")

    def test_no_readable_validation_image(self):
        for file in self.root.glob("val/*/*"):
            file.write_bytes(b"")
        self.assert_refused("val/", "is empty")
        self.assert_refused("none of the 6 validation images can be read", dataset={"unreadable": "skip"})

    def test_nothing_readable(self):
        for file in self.root.glob("train/*/*"):
            file.write_bytes(b"")
        self.assert_refused("train/", "is empty")
        self.assert_refused("none of the 24 training images can be read", dataset={"unreadable": "skip"})


if __name__ == "__main__":
    unittest.main()
