"""Bad input: one clear sentence that names the place, and the exit status that the documentation promises."""

import json
import shutil
import unittest

from support import BUILD, CommandLineTest, small_pipeline, write_idx


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

    def test_not_finite(self):
        text = json.dumps(small_pipeline(self.data)).replace('"drop_path": 0.1', '"drop_path": 1e999')
        _, errors = self.dha("validate", self.write_pipeline(text), status=2)
        self.assertIn("pipeline.json:", errors)

    def test_unknown_component(self):
        self.refused(lambda p: p["stages"][0]["searcher"].update(use="dha.isat"), "dha.isat", "did you mean", "dha.ista")

    def test_missing_plugins(self):
        empty = self.folder / "empty"
        empty.mkdir()
        binary = self.folder / "bin" / "dha"
        binary.parent.mkdir()
        shutil.copy(BUILD / "dha", binary)
        import subprocess
        done = subprocess.run([binary, "validate", self.write_pipeline(small_pipeline(self.data))], capture_output=True,
                              text=True, cwd=self.folder)
        self.assertIn(done.returncode, (2, 3))
        self.assertIn("dha.idx", done.stderr)

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

    def test_no_cuda_device(self):
        self.refused(lambda p: p.update(device="cuda"), "cuda", status=1, verb="run")

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

    def test_folders_of_images(self):
        def use_folder(root):
            def change(p):
                p["dataset"] = {"use": "dha.image_folder", "path": str(root), "size_px": 16}
            return change

        root = self.folder / "images"
        (root / "train" / "cat").mkdir(parents=True)
        (root / "train" / "dog").mkdir(parents=True)
        self.refused(use_folder(root), "images", status=5, verb="run")
        (root / "train" / "cat" / "empty.png").write_bytes(b"")
        (root / "train" / "dog" / "empty.png").write_bytes(b"")
        self.refused(use_folder(root), "empty.png", status=5, verb="run")
        self.refused(use_folder(self.folder / "nowhere"), "nowhere", status=5, verb="run")


if __name__ == "__main__":
    unittest.main()
