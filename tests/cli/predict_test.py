"""`dha predict`: image files classified by the network of a run, or by its model/ alone, as its evaluation would."""

import csv
import hashlib
import json
import math
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from support import BUILD, DHA, GREY, PALETTE, RGB, RGB_ALPHA, CommandLineTest, chunk, small_pipeline, write_cifar, write_png


def orientation(value):
    """An eXIf chunk that says how to turn an image."""
    return chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x112, 3, 1, value, 0) + bytes(4))


def write_deep_png(file, height, width, pixels, **how):
    """`pixels`: 12-bit values of red, green and blue, row by row."""
    write_png(file, width, height, RGB, struct.pack(f">{len(pixels)}H", *pixels), depth=16, **how)


def deep_pixels(i, height, width):
    """Of class i modulo 4: colours and slopes that differ."""
    return [value % 4096 for y in range(height) for x in range(width)
            for value in (600 * (i % 4) + x * 40 + i, 1500 + y * (10 + 60 * (i % 4)), x * y * 9 + 70 * i)]


def write_deep_images(folder):
    """Four classes of 16-bit images with 12 significant bits, of which the test images' largest sample has fewer."""
    for split, count in (("train", 48), ("test", 16)):
        for i in range(count):
            place = folder / split / f"class{i % 4}"
            place.mkdir(parents=True, exist_ok=True)
            height, width = 14 + i % 5, 20 - i % 3
            pixels = deep_pixels(i, height, width)
            write_deep_png(place / f"{i}.png", height, width,
                           [4095] + pixels[1:] if split == "train" else [value % 1024 for value in pixels])


def one_stage(data, dataset):
    pipeline = small_pipeline(data)
    pipeline["stages"] = pipeline["stages"][:1]
    pipeline["dataset"] = {"path": str(data), **dataset}
    return pipeline


def truth(prediction):
    return pathlib.Path(prediction["image"]).parent.name


class PredictCase(CommandLineTest):
    def predict(self, *arguments, **how):
        return json.loads(self.dha("predict", *arguments, "--json", **how)[0])

    def check_against_evaluation(self, run, predictions, labels):
        """`labels`: the true class of each prediction, which has all classes."""
        measured = json.loads(self.dha("eval", run, "--json")[0])
        self.assertEqual(len(predictions), measured["images"])
        right = sum(one["top"][0]["class"] == label for one, label in zip(predictions, labels))
        self.assertEqual(right / len(labels), measured["accuracy"])
        losses = [-math.log(next(c["probability"] for c in one["top"] if c["class"] == label))
                  for one, label in zip(predictions, labels)]
        self.assertAlmostEqual(sum(losses) / len(losses), measured["loss"], places=5)

    def refused(self, *arguments, saying, status):
        _, errors = self.dha("predict", *arguments, status=status)
        self.assertIn(saying, errors)
        return errors


class TrainedCase(PredictCase):
    """With one run on 16-bit images for all tests, `finished`, of which each has a copy."""

    @classmethod
    def prepare(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="dha-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.base)
        write_deep_images(cls.base / "data")

    @classmethod
    def train(cls, pipeline):
        (cls.base / "pipeline.json").write_text(json.dumps(pipeline))
        subprocess.run([DHA, "run", "-q", "pipeline.json"], cwd=cls.base, stdout=subprocess.DEVNULL, check=True)
        (cls.base / "runs" / "small" / "latest").resolve().rename(cls.base / "run")
        shutil.rmtree(cls.base / "runs")

    def setUp(self):
        super().setUp()
        shutil.copytree(self.base, self.folder, dirs_exist_ok=True)
        self.finished = self.folder / "run"
        pipeline = self.finished / "pipeline.json"
        pipeline.write_text(pipeline.read_text().replace(str(self.base), str(self.folder)))


class FolderTest(TrainedCase):
    """The data set of the run has parameters other than the usual ones."""

    @classmethod
    def setUpClass(cls):
        cls.prepare()
        pipeline = one_stage(cls.base / "data", {"use": "dha.image_folder", "size_px": 12, "evaluation_fraction": 0.6})
        cls.train(pipeline)

    def setUp(self):
        super().setUp()
        self.images = sorted(str(file) for file in (self.data / "test").rglob("*.png"))

    def test_predictions_are_those_of_the_evaluation(self):
        found = self.predict(self.finished, self.data / "test", "--top", 9)
        self.assertEqual([one["image"] for one in found], self.images)
        for one in found:
            probabilities = [c["probability"] for c in one["top"]]
            self.assertEqual(len(probabilities), 4)
            self.assertEqual(probabilities, sorted(probabilities, reverse=True))
            self.assertAlmostEqual(sum(probabilities), 1)
        self.check_against_evaluation(self.finished, found, [truth(one) for one in found])

    def test_a_model_is_all_that_is_needed(self):
        expected = self.predict(self.finished, self.data / "test", "--top", 4)
        (self.data / "test").rename(self.folder / "images")
        shutil.rmtree(self.data)
        for name in [path.name for path in self.finished.iterdir() if path.name not in ("pipeline.json", "model")]:
            path = self.finished / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        model = shutil.copytree(self.finished / "model", self.folder / "elsewhere")
        self.assertNotIn(str(self.folder), (model / "model.json").read_text())
        for place in (self.finished, model):
            found = self.predict(place, "images", "--top", 4)
            self.assertEqual([pathlib.Path(one["image"]).name for one in found],
                             [pathlib.Path(one["image"]).name for one in expected])
            for one, other in zip(found, expected):
                self.assertEqual([c["class"] for c in one["top"]], [c["class"] for c in other["top"]])
                for a, b in zip(one["top"], other["top"]):
                    self.assertAlmostEqual(a["probability"], b["probability"], places=5)

    def test_tables_and_rows_say_the_same(self):
        odd = shutil.copy(self.images[0], self.folder / 'a, "b".png')
        found = self.predict(self.finished, odd, self.images[1], "--top", 2)
        out, _ = self.dha("predict", self.finished, odd, self.images[1], "--top", 2, "--csv")
        rows = list(csv.DictReader(out.splitlines()))
        self.assertEqual([(row["image"], int(row["rank"]), row["class"], float(row["probability"])) for row in rows],
                         [(one["image"], rank, c["class"], c["probability"])
                          for one in found for rank, c in enumerate(one["top"], 1)])
        lines = self.dha("predict", self.finished, odd, self.images[1], "--top", 2)[0].splitlines()
        self.assertEqual(lines[0].split(), ["image", "class", "probability"])
        shares = [f"{100 * c['probability']:.2f}" for one in found for c in one["top"]]
        self.assertEqual([line.split()[-2:] for line in lines[2:]], [[share, "%"] for share in shares])
        self.assertTrue(lines[2].startswith(str(odd)) and lines[3].startswith(" "), lines)

    def test_the_order_is_that_of_arguments_lists_and_standard_input(self):
        a, b, c = self.images[:3]
        (self.folder / "list.txt").write_text(f"\ufeff{b}\r\n\n{a}\n", encoding="utf-8")
        expected = {one["image"]: one for one in self.predict(self.finished, a, b, c)}
        found = self.predict(self.finished, c, a, c, "--list", "list.txt")
        self.assertEqual(found, [expected[path] for path in (c, a, c, b, a)])
        done = subprocess.run([DHA, "predict", self.finished, c, "-", "--json"], input=f"{b}\n{a}", capture_output=True,
                              text=True, cwd=self.folder)
        self.assertEqual(json.loads(done.stdout), [expected[path] for path in (c, b, a)])

    def test_an_image_is_turned_as_its_orientation_says(self):
        height, width = 14, 20
        pixels = deep_pixels(1, height, width)
        rows = [[pixels[(y * width + x) * 3:(y * width + x) * 3 + 3] for x in range(width)] for y in range(height)]
        turned = [list(reversed(column)) for column in zip(*rows)]  # by 90 degrees, so that 8 turns it back
        write_deep_png(self.folder / "upright.png", height, width, pixels)
        for name, extra in (("turned.png", orientation(8)), ("sideways.png", b"")):
            write_deep_png(self.folder / name, width, height, [v for row in turned for pixel in row for v in pixel], extra=extra)
        upright, turned, sideways = self.predict(self.finished, "upright.png", "turned.png", "sideways.png")
        self.assertEqual(upright["top"], turned["top"])
        self.assertNotEqual(upright["top"], sideways["top"])

    def test_files_that_cannot_be_read_are_named_and_left_out(self):
        place = self.folder / "mixed"
        shutil.copytree(self.data / "test", place)
        good = sorted(str(file) for file in place.rglob("*.png"))
        whole = pathlib.Path(self.images[0]).read_bytes()
        (place / "cut.png").write_bytes(whole[:len(whole) // 2])
        (place / "text.png").write_text("no image")
        (place / "notes.txt").write_text("no image")
        pipe = self.folder / "pipe.png"
        os.mkfifo(pipe)
        out, errors = self.dha("predict", self.finished, place, "gone.png", pipe, "--json")
        self.assertEqual([one["image"] for one in json.loads(out)], good)
        for text in (f"dha: {place}/cut.png is a truncated PNG", f"dha: {place}/text.png is not a JPEG, PNG or WebP image",
                     "dha: gone.png cannot be opened: No such file or directory", f"dha: {pipe} is a folder, pipe,",
                     "dha: 4 of 20 images cannot be read\n",
                     f"dha: {place}: left out 1 file that is not an image: 1 .txt\n"):
            self.assertIn(text, errors)
        self.assertNotIn("left out", self.dha("predict", "-q", self.finished, place)[1])
        self.assertIn("none of 2 images can be read", self.refused(self.finished, "gone.png", place / "cut.png", saying="cut.png", status=5))

    def test_wrong_requests_are_refused(self):
        (self.folder / "nothing").mkdir()
        (self.folder / "empty.txt").write_text("\n")
        image = self.images[0]
        for arguments, status, saying in (
                ([], 2, "predict: missing run directory"),
                ([self.finished], 2, "predict: missing images"),
                (["nowhere", image], 2, "'nowhere' is neither the folder of a run nor its model/: it has no pipeline.json"),
                ([self.finished, image, "--top", 0], 2, "--top must be at least 1, found 0"),
                ([self.finished, image, "--csv", "--json"], 2, "give either --csv or --json"),
                ([self.finished, ""], 2, "an image has the name ''"),
                ([self.finished, "nothing"], 5, "the folder 'nothing' contains no image"),
                ([self.finished, "--list", "nowhere.txt"], 5, "the list 'nowhere.txt' is not a file that can be read"),
                ([self.finished, "--list", "empty.txt"], 5, "the list 'empty.txt' names no image")):
            with self.subTest(saying):
                self.assertEqual(self.refused(*arguments, saying=saying, status=status).count("\n"), 1)

    def test_models_that_cannot_be_used_are_refused(self):
        model = self.finished / "model"
        description = json.loads((model / "model.json").read_text())
        for change, status, saying in (({"network": "supernet"}, 2, "has the weights of a whole supernet"),
                                       ({"dataset": None}, 5, "model.json is damaged"),
                                       ({"dataset": {**description["dataset"], "bits": 99}}, 5, "parameter /bits"),
                                       ({"input": {}}, 5, "model.json is damaged: key 'channels' not found; copy the model again"),
                                       ({"class_names": ["one"]}, 5, "model.json is damaged: it has 1 class names for 4 classes"),
                                       ({"classes": -1, "class_names": []}, 5, "it has -1 classes and images with 3 channels"),
                                       ({"mean": [0.5]}, 5, "its mean and standard deviation are not those of 3 channels"),
                                       ({"standard_deviation": [0, 1, 1]}, 5, "its mean and standard deviation are not those"),
                                       ({"trained": {"finished": 1}}, 5, "model.json is damaged: type must be boolean"),
                                       ({"format": "dha.model/9"}, 5, 'model.json has format "dha.model/9", this version of dha reads'),
                                       ({"format": 3}, 5, 'model.json is damaged: it is no JSON object with the format "dha.model/2"'),
                                       ({"classes": 5, "class_names": []}, 5, "model do not fit together: the weights do not fit the network"),
                                       ({"weights_sha256": "0"}, 5, "is damaged or belongs to another model")):
            with self.subTest(saying):
                (model / "model.json").write_text(json.dumps({**description, **change}))
                self.refused(model, self.images[0], saying=saying, status=status)
        del description["dataset"]
        (model / "model.json").write_text(json.dumps(description))
        self.refused(model, self.images[0], saying="does not say how images are read", status=5)
        self.predict(self.finished, self.images[0])  # whose pipeline says it

    def test_weights_of_another_type_are_refused(self):
        file = self.finished / "model" / "weights.safetensors"
        data = file.read_bytes()
        begin = 8 + struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:begin])
        name = next(name for name, tensor in header.items() if tensor.get("dtype") == "F32" and len(tensor["shape"]) > 1)
        header[name]["dtype"] = "I32"
        text = json.dumps(header).encode()
        file.write_bytes(struct.pack("<Q", len(text)) + text + data[begin:])
        description = json.loads((self.finished / "model" / "model.json").read_text())
        description["weights_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (self.finished / "model" / "model.json").write_text(json.dumps(description))
        for verb in (["predict", self.finished / "model", self.images[0]], ["predict", self.finished, self.images[0]],
                     ["eval", self.finished]):
            _, errors = self.dha(*verb, status=5)
            self.assertIn(f"model do not fit together: the weights do not fit the network: tensor '{name}' has the type Int, "
                          "expected Float", errors)

    def test_output_that_cannot_be_written_is_an_error(self):
        (self.folder / "list.txt").write_text(f"{self.images[0]}\n" * 2000)
        for how in ([], ["--csv"], ["--json"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([DHA, "predict", self.finished, "--list", "list.txt", *how], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stderr), (1, "dha: cannot write to standard output\n"))

    def test_lists_of_other_systems_are_read(self):
        a, b = self.images[:2]
        expected = [one["image"] for one in self.predict(self.finished, a, b)]
        (self.folder / "list.txt").write_bytes(b"\xef\xbb\xbf" + f"{a}\r\n{b}\r\n".encode())
        self.assertEqual([one["image"] for one in self.predict(self.finished, "--list", "list.txt")], expected)
        (self.folder / "list.txt").write_bytes(f"\ufeff{a}\r\n".encode("utf-16-le"))
        self.refused(self.finished, "--list", "list.txt", status=5,
                     saying="the list 'list.txt' is not text in UTF-8: it contains a zero byte; save it as UTF-8, one path per line")

    def test_images_of_every_kind_are_classified(self):
        for name, kind, samples, how in (("one", RGB, 3, {}), ("grey", GREY, 1, {}), ("see_through", RGB_ALPHA, 4, {}),
                                         ("deep", RGB, 6, {"depth": 16}), ("palette", PALETTE, 1, {"extra": chunk(b"PLTE", bytes(768))})):
            side = 1 if name == "one" else 9
            write_png(self.folder / f"{name}.png", side, side, kind, bytes(range(side * side)) * samples, **how)
        write_png(self.folder / "wide.png", 20000, 1, RGB, bytes(60000))
        names = [f"{name}.png" for name in ("one", "grey", "see_through", "deep", "palette", "wide")]
        self.assertEqual([one["image"] for one in self.predict(self.finished, *names)], names)
        os.rename("/".join([str(self.folder), "grey.png"]), os.fsencode(self.folder) + b"/\xff\n.png")
        found = self.predict(self.finished, os.fsdecode(os.fsencode(self.folder) + b"/\xff\n.png"))
        self.assertEqual(found[0]["image"], f"{self.folder}/\ufffd\n.png")

    def test_ctrl_c_ends_it(self):
        (self.folder / "long.txt").write_text(f"{self.images[0]}\n" * 1_000_000)
        process = subprocess.Popen([DHA, "predict", self.finished, "--list", "long.txt"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        caught = lambda: int(next(line for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
                                  if line.startswith("SigCgt")).split()[1], 16)
        deadline = time.monotonic() + 60
        while not caught() & (1 << signal.SIGINT - 1) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertIn("dha: interrupted", errors)


class MemoryTest(PredictCase):
    """Models that were trained on data sets in memory."""

    def write_rectangles(self, height, width):
        """Four classes of grey images as IDX files; the test images again as PNG files, named by their class."""
        place = self.folder / "images"
        self.data.mkdir()
        for prefix, count in (("train", 48), ("t10k", 16)):
            images = [bytes((60 * (i % 4) + x * (1 + i % 4) * 3 + y * 7 + i * 5) % 256 for y in range(height) for x in range(width))
                      for i in range(count)]
            (self.data / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">iiii", 0x803, count, height, width) + b"".join(images))
            (self.data / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">ii", 0x801, count) + bytes(i % 4 for i in range(count)))
        for i, image in enumerate(images):
            (place / str(i % 4)).mkdir(parents=True, exist_ok=True)
            write_png(place / str(i % 4) / f"{i}.png", width, height, GREY, image)
        return images[5]

    def test_files_with_the_pixels_of_idx_images_are_classified_like_them(self):
        height, width = 10, 14
        image = self.write_rectangles(height, width)
        self.dha("run", "-q", self.write_pipeline(one_stage(self.data, {"use": "dha.idx", "height_px": height, "width_px": width})))
        run = self.run_folder()
        found = self.predict(run, "images", "--top", 4)
        self.check_against_evaluation(run, found, [truth(one) for one in found])
        shutil.rmtree(self.data)
        self.assertEqual(self.predict(run, "images", "--top", 4), found)
        # Of a larger image the centre is seen, and colours as grey.
        rows = [image[y * width:(y + 1) * width] for y in range(height)]
        write_png(self.folder / "wider.png", width + 6, height, GREY, b"".join(b"\xff" * 3 + row + b"\0" * 3 for row in rows))
        write_png(self.folder / "colour.png", width, height, RGB, bytes(value for value in image for _ in range(3)))
        write_png(self.folder / "alone.png", width, height, GREY, image)
        wider, colour, alone = self.predict(run / "model", "wider.png", "colour.png", "alone.png")
        self.assertEqual(wider["top"], alone["top"])
        self.assertEqual(colour["top"], alone["top"])

    def test_files_with_the_pixels_of_cifar_images_are_classified_like_them(self):
        write_cifar(self.data)
        pipeline = one_stage(self.data, {"use": "dha.cifar"})
        pipeline["stages"][0]["epochs"] = 1
        self.dha("run", "-q", self.write_pipeline(pipeline))
        run = self.run_folder()
        records = (self.data / "cifar-10-batches-bin" / "test_batch.bin").read_bytes()
        labels = []
        for i in range(len(records) // 3073):
            record = records[i * 3073:(i + 1) * 3073]
            planes = [record[1 + c * 1024:1 + (c + 1) * 1024] for c in range(3)]
            write_png(self.folder / f"{i:02}.png", 32, 32, RGB, bytes(value for pixel in zip(*planes) for value in pixel))
            labels.append(record[0])
        names = json.loads((run / "model" / "model.json").read_text())["class_names"]
        found = self.predict(run, *(f"{i:02}.png" for i in range(len(labels))), "--top", 10)
        self.check_against_evaluation(run, found, [names[label] for label in labels])


class OtherRunsTest(PredictCase):
    def test_a_data_set_that_reads_no_image_files_says_so(self):
        plugins = ["--plugin-path", BUILD / "fixtures" / "plugins" / "stripes.so"]
        pipeline = one_stage(self.data, {"use": "fixture.stripes"})
        del pipeline["dataset"]["path"]
        pipeline["stages"][0]["epochs"] = 1
        self.dha("run", "-q", self.write_pipeline(pipeline), *plugins)
        write_png(self.folder / "image.png", 12, 12, GREY, bytes(144))
        for place in (self.run_folder(), self.run_folder() / "model"):
            self.refused(place, "image.png", *plugins, status=2,
                         saying="fixture.stripes reads no images other than those of its data set, because it lacks the ability")


class UnfinishedTest(PredictCase):
    """A run of one stage that was interrupted in it: there is no stages.json."""

    def setUp(self):
        super().setUp()
        write_deep_images(self.data)
        pipeline = one_stage(self.data, {"use": "dha.image_folder", "size_px": 12})
        pipeline["stages"][0].update({"epochs": 400, "validation_fraction": 0.25})
        self.start(pipeline)

    def start(self, pipeline):
        self.interrupted(self.write_pipeline(pipeline), '"epoch","stage":"search","epoch":2')
        self.run_dir = self.run_folder()
        self.assertFalse((self.run_dir / "stages.json").exists())

    def check_is_current(self):
        out, errors = self.dha("predict", self.run_dir, self.data / "test", "--top", 4, "--json")
        self.assertRegex(errors, r"dha: the run has not finished: this is stage 'search' after \d+ of 400 epochs")
        found = json.loads(out)
        self.check_against_evaluation(self.run_dir, found, [truth(one) for one in found])
        return found

    def test_it_is_used_as_far_as_it_got(self):
        self.check_is_current()

    def test_an_older_model_of_it_is_not_taken_for_a_finished_one(self):
        self.dha("export", self.run_dir)
        exported = self.check_is_current()
        older = shutil.copytree(self.run_dir / "model", self.folder / "older")
        self.dha("resume", "-q", self.run_dir, "--max-minutes", 0.05)  # which writes model/ too
        shutil.rmtree(self.run_dir / "model")
        shutil.copytree(older, self.run_dir / "model")
        self.assertNotEqual(self.check_is_current(), exported)

    def test_a_model_that_is_left_alone_says_how_far_it_is_trained(self):
        self.dha("export", self.run_dir)
        expected = self.check_is_current()
        for name in ("checkpoints", "tensorboard"):
            shutil.rmtree(self.run_dir / name)
        out, errors = self.dha("predict", self.run_dir, self.data / "test", "--top", 4, "--json")
        self.assertEqual([one["top"][0]["class"] for one in json.loads(out)], [one["top"][0]["class"] for one in expected])
        for place in (self.run_dir, self.run_dir / "model"):
            _, errors = self.dha("predict", place, self.data / "test")
            self.assertRegex(errors, r"dha: the run has not finished: this is stage 'search' after \d+ of 400 epochs")
        measured = json.loads(self.dha("eval", self.run_dir, "--json")[0])
        self.assertFalse(measured["unfinished"]["architecture_decided"])
        log = (self.run_dir / "log.txt").read_bytes()
        _, errors = self.dha("resume", self.run_dir, status=2)
        self.assertIn("was tidied up: it has a result, but no stages.json and no checkpoint", errors)
        self.assertEqual((self.run_dir / "log.txt").read_bytes(), log)

    def test_images_of_the_run_are_not_needed(self):
        expected = self.check_is_current()
        (self.data / "test").rename(self.folder / "images")
        shutil.rmtree(self.data)
        found = self.predict(self.run_dir, "images", "--top", 4)
        self.assertEqual([one["top"] for one in found], [one["top"] for one in expected])
        self.dha("export", self.run_dir)
        again = self.predict(self.run_dir / "model", "images", "--top", 4)
        for one, other in zip(again, expected):
            self.assertEqual(one["top"][0]["class"], other["top"][0]["class"])
            self.assertAlmostEqual(one["top"][0]["probability"], other["top"][0]["probability"], places=5)
        _, errors = self.dha("eval", self.run_dir, status=5)
        self.assertIn(str(self.data), errors)

    def test_the_best_weights_are_those_of_the_evaluation(self):
        found = self.predict(self.run_dir, self.data / "test", "--weights", "best", "--top", 4)
        measured = json.loads(self.dha("eval", self.run_dir, "--weights", "best", "--json")[0])
        right = sum(one["top"][0]["class"] == truth(one) for one in found)
        self.assertEqual(right / len(found), measured["accuracy"])


class WeightsTest(TrainedCase):
    """The best and the last weights of a finished run, and what is left where it was tidied up."""

    @classmethod
    def setUpClass(cls):
        cls.prepare()
        pipeline = one_stage(cls.base / "data", {"use": "dha.image_folder", "size_px": 12})
        pipeline["stages"][0].update({"epochs": 6, "validation_fraction": 0.25, "architecture": {},
                                      "space": {"use": "dha.wide_resnet", "depth": 10, "width": 1},
                                      "hyper": {"use": "dha.sgd", "learning_rate": 0.1}})
        del pipeline["stages"][0]["searcher"]
        cls.train(pipeline)

    def setUp(self):
        super().setUp()
        best = json.loads((self.finished / "summary.json").read_text())["best_epoch_by_validation"]
        self.best_epoch = best["epoch"]
        self.assertLess(self.best_epoch, 6)

    def tops(self, place, *arguments):
        return [one["top"] for one in self.predict(place, self.data / "test", "--top", 4, *arguments)]

    def assert_near(self, found, expected):
        for one, other in zip(found, expected):
            self.assertEqual([c["class"] for c in one], [c["class"] for c in other])
            for a, b in zip(one, other):
                self.assertAlmostEqual(a["probability"], b["probability"], places=5)

    def tidy(self, *kept):
        for path in self.finished.iterdir():
            if path.name not in ("pipeline.json", *kept):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def test_each_is_what_eval_and_export_mean(self):
        labels = [truth(one) for one in self.predict(self.finished, self.data / "test")]
        for which in ("last", "best"):
            found = self.tops(self.finished, "--weights", which)
            measured = json.loads(self.dha("eval", self.finished, "--weights", which, "--json")[0])
            self.assertEqual(sum(top[0]["class"] == label for top, label in zip(found, labels)) / len(labels), measured["accuracy"])
            self.dha("export", "-q", self.finished, "--weights", which, "--output", which)
            self.assert_near(self.tops(which), found)
        self.assertNotEqual(self.tops(self.finished), found)
        _, notes = self.dha("predict", self.finished, self.data / "test", "--weights", "best")
        self.assertIn(f"dha: this is stage 'search' after {self.best_epoch} of 6 epochs, the best epoch on validation images\n", notes)
        self.refused(self.finished, self.data, "--weights", "first", saying="--weights must be last or best, found 'first'", status=2)
        self.refused("best", self.data, "--weights", "best", status=2,
                     saying="'best' is a model without its run, which has but one set; leave --weights out, or give the folder of a run")

    def test_other_weights_in_the_place_of_the_last_are_not_taken_for_them(self):
        last = self.tops(self.finished)
        self.dha("export", "-q", self.finished, "--weights", "best", "--output", self.finished / "model")
        self.assert_near(self.tops(self.finished), last)
        accuracy = json.loads((self.finished / "summary.json").read_text())["test_accuracy"]
        self.assertEqual(json.loads(self.dha("eval", self.finished, "--json")[0])["accuracy"], accuracy)
        self.tidy("model")
        self.refused(self.finished, self.data, status=2, saying=f"model/, which has the weights of the best epoch, {self.best_epoch}; "
                                                                "use --weights best")
        self.tops(self.finished, "--weights", "best")

    def test_of_a_run_that_was_tidied_up_the_weights_that_are_left_are_used(self):
        last, best = self.tops(self.finished), self.tops(self.finished, "--weights", "best")
        self.dha("export", "-q", self.finished, "--weights", "best")
        self.tidy("model", "model_best")
        self.assert_near(self.tops(self.finished), last)
        self.assert_near(self.tops(self.finished, "--weights", "best"), best)
        shutil.rmtree(self.finished / "model_best")
        for verb in ("predict", "export"):
            images = [self.data] if verb == "predict" else []
            _, errors = self.dha(verb, self.finished, *images, "--weights", "best", status=2)
            self.assertIn("model/, which has the weights of the last epoch, 6; use --weights last", errors)
        (self.data / "test").rename(self.folder / "images")
        shutil.rmtree(self.data)
        (self.finished / "model" / "model.onnx").unlink()
        self.dha("export", self.finished)  # from model/ to itself, without the images
        self.assertTrue((self.finished / "model" / "model.onnx").exists())

    def test_results_that_cannot_be_used_are_refused(self):
        results = self.finished / "stages.json"
        whole = results.read_text()
        for content, saying in (("", "stages.json is damaged: parse error"), (whole[:len(whole) // 2], "stages.json is damaged: "),
                                ("{}", "stages.json is damaged: key 'format' not found; copy the run again"),
                                (whole.replace("dha.stages/", "dha.stages/9"), "stages.json has format \"dha.stages/9"),
                                (whole.replace('"search"', '"other"'), "stages.json has the results of stage 'other' at position 0, but ")):
            results.write_text(content)
            for verb in ("predict", "eval", "export"):
                _, errors = self.dha(verb, self.finished, *([self.data] if verb == "predict" else []), status=5)
                self.assertEqual(len(errors.splitlines()), 1, errors)
                self.assertIn(saying, errors)
        results.unlink()
        results.mkdir()
        self.refused(self.finished, self.data, saying="stages.json': Is a directory", status=5)

    def test_a_damaged_model_is_passed_over_for_the_checkpoint_and_written_anew(self):
        whole = {path.name: path.read_bytes() for path in (self.finished / "model").iterdir()}
        last = self.tops(self.finished)
        for name, damage in (("weights.safetensors", b"cut"), ("model.json", b"{"), ("model.json", None),
                             ("architecture.json", None), ("weights.safetensors", None)):
            with self.subTest(name, damage=damage):
                (self.finished / "model" / name).unlink() if damage is None else (self.finished / "model" / name).write_bytes(damage)
                self.assert_near(self.tops(self.finished), last)
                self.dha("export", "-q", self.finished)
                self.assertEqual({path.name: path.read_bytes() for path in (self.finished / "model").iterdir()}, whole)
        (self.finished / "model" / "weights.safetensors").write_bytes(b"cut")
        shutil.rmtree(self.finished / "checkpoints")
        self.refused(self.finished, self.data, saying="weights.safetensors is damaged or belongs to another model", status=5)


if __name__ == "__main__":
    unittest.main()
