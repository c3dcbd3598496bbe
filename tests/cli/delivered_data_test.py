"""The sets of published results in the folders and formats of their archives, written small by scripts/stand-in-data: each
trains one epoch."""

import json
import subprocess
import unittest

from support import SOURCE, CommandLineTest, small_pipeline

SETS = {  # parameters; classes, training images, test images
    "cifar-10-batches-bin": ({"use": "dha.cifar"}, 10, 100, 20),
    "cifar-10-batches-py": ({"use": "dha.cifar"}, 10, 100, 20),
    "cifar-100-python": ({"use": "dha.cifar", "classes": 20}, 20, 200, 200),
    "sport8": ({"use": "dha.image_folder", "test_fraction": 0.2}, 8, 64, 16),
    "mit67": ({"use": "dha.image_folder", "train_list": "TrainImages.txt", "test_list": "TestImages.txt"}, 67, 201, 134),
    "imagenet": ({"use": "dha.imagenet"}, 1000, 2000, 200),
}


class DeliveredDataTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write_stand_ins(self.data)

    def write_stand_ins(self, folder):
        done = subprocess.run([SOURCE / "scripts/stand-in-data", folder], capture_output=True, text=True)
        if "run scripts/setup" in done.stderr:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_each_set_trains(self):
        for name, (parameters, classes, train, test) in SETS.items():
            with self.subTest(name):
                folder = self.data / name
                parameters = {key: str(folder / value) if key.endswith("_list") else value for key, value in parameters.items()}
                pipeline = small_pipeline(self.data)
                pipeline["name"] = name
                pipeline["dataset"] = {**parameters, "path": str(folder)}
                if parameters["use"] != "dha.cifar":
                    pipeline["dataset"]["size_px"] = 16
                pipeline["stages"] = [{**pipeline["stages"][0], "epochs": 1, "batch_size": 64}]
                self.dha("run", self.write_pipeline(pipeline))
                identity = json.loads((self.run_folder(name) / "dataset.json").read_text())["identity"]
                self.assertEqual(len(identity["class_names"]), classes)
                self.assertEqual([identity[split]["images"] for split in ("train", "validation", "test")], [train, 0, test])

    def test_another_folder_than_an_empty_one_is_refused(self):
        done = subprocess.run([SOURCE / "scripts/stand-in-data", self.data], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not an empty folder; name one that does not exist", done.stderr)


if __name__ == "__main__":
    unittest.main()
