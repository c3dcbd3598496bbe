"""Exported networks of every space compute what dha computes: model.onnx in onnxruntime, model.py in PyTorch.

usage: export_test.py EXPORT_MODELS RUN_LOGITS, the programs that write the networks, and what dha computes for the test
images of a run. Runs itself with .venv, which has the packages. Exits with 77 (skipped) where they are missing.
"""

import importlib.util
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PACKAGES = ("torch", "safetensors", "onnxruntime", "PIL")
VENV = pathlib.Path(os.environ["DHA_SOURCE_DIR"]) / ".venv" / "bin" / "python"
try:
    import numpy
    import onnxruntime
    import torch
    from PIL import Image
    from safetensors.torch import load_file
except ImportError as error:
    if VENV.exists() and pathlib.Path(sys.prefix) != VENV.parents[1]:
        os.execv(VENV, [str(VENV), "-B", *sys.argv])
    print(f"skipped: {error}; scripts/setup installs {', '.join(PACKAGES)} into .venv")
    sys.exit(77)

sys.path.append(str(pathlib.Path(__file__).parents[1] / "cli"))
from support import BUILD, SOURCE, CommandLineTest, small_pipeline, write_idx  # noqa: E402

CIFAR = SOURCE / "data" / "cifar-10-batches-bin"

IR_7_AND_OPSET_13 = (b"\x08\x07", b"\x42\x02\x10\x0d")  # the first field of a ModelProto, and opset_import


def relative_distance(found, expected):
    return numpy.abs(found - expected).max() / numpy.abs(expected).max()


def readme_programs(folder):
    return re.findall(r"^```python\n(.*?)^```", (folder / "README.md").read_text(), flags=re.M | re.S)


def answer(program, folder):
    """The class and the probability that a program of README.md prints for image.png."""
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True)
    name, probability = done.stdout.rsplit(maxsplit=1)
    return name, float(probability)


def load_module(file):
    specification = importlib.util.spec_from_file_location("model", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([PROGRAM, cls.folder.name], check=True)
        cls.models = sorted(pathlib.Path(cls.folder.name).iterdir())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def each(self):
        self.assertGreater(len(self.models), 70)
        for model in self.models:
            expected = {name: tensor.numpy() for name, tensor in load_file(model / "expected.safetensors").items()}
            if model.name != "nb201_none":  # whose logits are a bias
                self.assertGreater(relative_distance(expected["logits"][0], expected["logits"][1]), 1e-2, model.name)
            yield model, expected["images"], expected["logits"]

    def test_onnxruntime_computes_the_same(self):
        for model, images, expected in self.each():
            with self.subTest(model.name):
                content = (model / "model.onnx").read_bytes()
                self.assertTrue(content.startswith(IR_7_AND_OPSET_13[0]))
                self.assertIn(IR_7_AND_OPSET_13[1], content[:64])
                session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
                logits, probabilities = session.run(["logits", "probabilities"], {"images": images})
                self.assertLess(relative_distance(logits, expected), 1e-4)
                numpy.testing.assert_array_equal(logits.argmax(1), expected.argmax(1))
                numpy.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
                alone = session.run(["logits"], {"images": images[:1]})[0]  # any number of images
                self.assertLess(relative_distance(alone, expected[:1]), 1e-4)
                about = session.get_modelmeta().custom_metadata_map
                self.assertEqual(len(json.loads(about["class_names"])), expected.shape[1])
                self.assertEqual((int(about["height"]), int(about["width"])), images.shape[2:])

    def test_the_module_computes_the_same(self):
        for model, images, expected in self.each():
            with self.subTest(model.name):
                module = load_module(model / "model.py")
                with torch.no_grad():
                    logits = module.load()(torch.from_numpy(images)).numpy()
                self.assertLess(relative_distance(logits, expected), 1e-5)
                self.assertEqual(module.CLASS_NAMES[1], 'class "1" é\u202e')
                self.assertNotIn("\u202e", (model / "model.py").read_text())

    def test_the_programs_of_the_readme_work(self):
        for name in ("cell_darts_v2", "cell_odd0"):
            model = pathlib.Path(self.folder.name) / name
            images = load_file(model / "expected.safetensors")["images"][0].numpy()
            pixels = images.transpose(1, 2, 0) if len(images) == 3 else images[0]
            Image.fromarray(pixels).save(model / "image.png")
            programs = readme_programs(model)
            self.assertEqual(len(programs), 2)
            answers = [answer(program, model) for program in programs]
            self.assertEqual(answers[0][0], answers[1][0])
            self.assertAlmostEqual(answers[0][1], answers[1][1], places=4)


class RunTest(CommandLineTest):
    def test_a_searched_and_trained_network_is_as_good_in_onnxruntime(self):
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["stages"][1] |= {"epochs": 12, "hyper": {"use": "dha.sgd", "learning_rate": 0.1}, "carry": ["weights", "searcher"]}
        self.dha("run", "-q", self.write_pipeline(pipeline))
        run = self.run_folder()
        accuracy = json.loads(self.dha("eval", run, "--json")[0])["accuracy"]
        images = numpy.frombuffer((self.data / "t10k-images-idx3-ubyte").read_bytes(), numpy.uint8, offset=16)
        labels = numpy.frombuffer((self.data / "t10k-labels-idx1-ubyte").read_bytes(), numpy.uint8, offset=8)
        session = onnxruntime.InferenceSession(run / "model" / "model.onnx", providers=["CPUExecutionProvider"])
        logits = session.run(["logits"], {"images": images.reshape(-1, 1, 12, 12)})[0]
        self.assertEqual((logits.argmax(1) == labels).mean(), accuracy)
        with torch.no_grad():
            found = load_module(run / "model" / "model.py").load()(torch.from_numpy(images.reshape(-1, 1, 12, 12).copy()))
        self.assertLess(relative_distance(found.numpy(), logits), 1e-4)
        self.check_readme(run / "model")

    def check_readme(self, model):
        """Its programs see of each image the same part and the same pixels as `dha predict`."""
        levels = numpy.arange(9 * 14, dtype=numpy.uint8).reshape(9, 14) * 37
        plain = Image.fromarray(levels).resize((41, 26), Image.BICUBIC)
        turned = Image.Exif()
        turned[0x112] = 6
        see_through = plain.convert("LA")
        see_through.putalpha(Image.fromarray(numpy.linspace(0, 255, 41).astype(numpy.uint8)[None].repeat(26, 0)))
        deep = Image.fromarray((numpy.asarray(plain).astype(numpy.uint16) ** 2))
        pictures = {"plain": (plain, {}), "turned": (plain, {"exif": turned}), "transparent": (see_through, {}), "deep": (deep, {})}
        expected, answers = {}, {}
        for name, (picture, how) in pictures.items():
            picture.save(model / "image.png", **how)
            best, = json.loads(self.dha("predict", model, model / "image.png", "--top", "1", "--json")[0])[0]["top"]
            expected[name] = (best["class"], best["probability"])
            answers[name] = [answer(program, model) for program in readme_programs(model)]
        distance = min(abs(one - other) for (_, one), (_, other) in itertools.combinations(expected.values(), 2))
        self.assertGreater(distance, 0)  # so that each of them counts
        for name, (best, probability) in expected.items():
            for found, found_probability in answers[name]:
                with self.subTest(name):
                    self.assertEqual(found, best)
                    self.assertLess(abs(found_probability - probability), distance / 4)


@unittest.skipUnless(CIFAR.is_dir(), f"{CIFAR} is not there; scripts/unpack-data makes it")
class RealImagesTest(CommandLineTest):
    """Networks that dha trained on images of CIFAR-10, on 2,000 others."""

    def pipelines(self):
        """Of stages: a published cell, a residual network, and a cell with the gates that it was searched with."""
        search, final = small_pipeline(CIFAR)["stages"]
        search = {**search, "epochs": 1, "batch_size": 32, "augment": [{"use": "dha.flip"}]}
        sgd = {"use": "dha.sgd", "learning_rate": 0.1}
        fixed = {**search, "hyper": sgd}
        del fixed["searcher"]
        genotype = json.loads((SOURCE / "examples" / "architectures" / "darts_v2.json").read_text())
        return {"genotype": [{**fixed, "architecture": genotype}],
                "resnet": [{**fixed, "space": {"use": "dha.resnet", "depth": 20}, "architecture": {}}],
                "kept_gates": [{**search, "space": {**search["space"], "gate_weights": "keep"}},
                               {**final, "epochs": 2, "batch_size": 8, "carry": ["weights", "searcher"], "hyper": sgd}]}

    def trained(self, name, stages):
        pipeline = {**small_pipeline(CIFAR), "name": name, "stages": stages,
                    "dataset": {"use": "dha.cifar", "path": str(CIFAR), "limit_train": 800, "limit_test": 2000}}
        self.dha("run", "-q", self.write_pipeline(pipeline))
        return self.run_folder(name)

    def test_onnxruntime_gives_the_logits_of_dha(self):
        for name, stages in self.pipelines().items():
            with self.subTest(name):
                run = self.trained(name, stages)
                subprocess.run([RUN_LOGITS, run, BUILD / "plugins", self.folder / "logits.safetensors"], check=True)
                dha = {key: tensor.numpy() for key, tensor in load_file(self.folder / "logits.safetensors").items()}
                self.assertEqual(dha["logits"].shape, (2000, 10))
                session = onnxruntime.InferenceSession(run / "model" / "model.onnx", providers=["CPUExecutionProvider"])
                found = numpy.concatenate([session.run(["logits"], {"images": images})[0]
                                           for images in numpy.split(dha["images"], 20)])
                self.assertLess(relative_distance(found, dha["logits"]), 1e-4)
                numpy.testing.assert_array_equal(found.argmax(1), dha["logits"].argmax(1))
                self.assertGreater(len(set(found.argmax(1))), 1)  # the answer depends on the image


if __name__ == "__main__":
    PROGRAM, RUN_LOGITS = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
