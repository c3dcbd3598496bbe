"""tensorboard/ of a run as TensorBoard reads it: every number of metrics.jsonl, the settings, the texts; also after a kill."""

import json
import math
import struct
import unittest

from readers_support import kill_when, need, rows_of

need("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader  # noqa: E402
from tensorboard.plugins.hparams import metadata, plugin_data_pb2  # noqa: E402

from support import CommandLineTest, small_pipeline, write_idx  # noqa: E402

ALL = {kind: 0 for kind in ("scalars", "tensors", "images", "audio", "histograms", "compressedHistograms")}
TIMES = ("time_s", "images_per_second")


def file_of(run):
    files = list((run / "tensorboard").iterdir())
    assert len(files) == 1, files
    return files[0]


def accumulator_of(run):
    return EventAccumulator(str(run / "tensorboard"), size_guidance=ALL).Reload()


def end_of_record(content, count):
    """Where the `count` first records end."""
    end = 0
    for _ in range(count):
        end += struct.unpack("<Q", content[end:end + 8])[0] + 16
    return end


def single(value):
    """As a number in single precision, in which TensorBoard has scalars."""
    return math.nan if value is None else struct.unpack("<f", struct.pack("<f", value))[0]


def numbers_of(row, prefix=""):
    for name, value in row.items():
        if isinstance(value, dict):
            yield from numbers_of(value, f"{prefix}{name}.")
        elif not isinstance(value, (str, list, bool)) and f"{prefix}{name}" not in ("epoch", "step"):
            if prefix and value is None:  # a searcher's own null
                continue
            yield prefix + name, single(value)


def expected_scalars(run):
    """Tag -> [(step, value)], from metrics.jsonl."""
    rows = [row for row in rows_of(run) if row["event"] in ("step", "epoch")]
    steps = {}  # of an epoch, by stage in order
    for row in rows:
        steps[row["stage"]] = max(steps.get(row["stage"], 0), row.get("step", 0))
    epochs = {stage: max(row["epoch"] for row in rows if row["stage"] == stage) for stage in steps}
    before, total = {}, 0
    for stage in steps:
        before[stage] = total
        total += steps[stage] * epochs[stage]
    scalars = {}
    for row in rows:
        stage = row["stage"]
        step = before[stage] + (row["epoch"] - 1) * steps[stage] + row.get("step", steps[stage])
        for name, value in numbers_of(row):
            scalars.setdefault(f"{stage}/{row['event']}/{name}", []).append((step, value))
    return scalars


def records_of(run):
    """Without what differs from run to run: wall times, rates and the command."""
    records = []
    for event in EventFileLoader(str(file_of(run))).Load():
        event.wall_time = 0
        for value in event.summary.value:
            if value.tag.split("/")[-1] in TIMES:
                value.tensor.Clear()
                value.simple_value = 0
            if value.tag == "command":
                value.tensor.Clear()
            if value.tag.startswith("_hparams_"):
                data = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
                data.session_start_info.start_time_secs = data.session_end_info.end_time_secs = 0
                value.metadata.plugin_data.content = data.SerializeToString(deterministic=True)
        records.append(event.SerializeToString(deterministic=True))
    return records


class TensorBoardTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        self.description = small_pipeline(self.data)
        self.description["stages"][0]["validation_fraction"] = 0.25

    def finished(self, *arguments, out="runs"):
        self.dha("run", "-q", self.write_pipeline(self.description), "--out", out, *arguments)
        return self.run_folder(out=out)

    def check_scalars(self, run, accumulator=None):
        accumulator = accumulator or accumulator_of(run)
        expected = expected_scalars(run)
        self.assertGreater(len(expected), 20)
        self.assertEqual(sorted(accumulator.Tags()["scalars"]), sorted(expected))
        for tag, points in expected.items():
            with self.subTest(tag):
                found = [(event.step, event.value) for event in accumulator.Scalars(tag)]
                self.assertEqual(repr(found), repr(points))  # NaN is itself
                steps = [step for step, _ in found]
                self.assertEqual(steps, sorted(set(steps)))

    def session(self, run):
        """Settings and end of the run, as the plugin hparams has them."""
        contents = accumulator_of(run).PluginTagToContent("hparams")
        start = metadata.parse_session_start_info_plugin_data(contents["_hparams_/session_start_info"])
        end = contents.get("_hparams_/session_end_info")
        values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
        return values, metadata.parse_session_end_info_plugin_data(end).status if end else None

    def text(self, run, tag):
        return accumulator_of(run).Tensors(tag)[0].tensor_proto.string_val[0].decode()

    def test_every_number_is_a_scalar(self):
        run = self.finished()
        self.check_scalars(run)
        rows = rows_of(run)
        groups = {tag.split("/")[0] for tag in accumulator_of(run).Tags()["scalars"]}
        self.assertEqual(groups, {row["stage"] for row in rows})
        last = max(event.step for event in accumulator_of(run).Scalars("final/step/loss"))
        self.assertEqual(last, 2 * 3 + 3)  # steps of three epochs on three quarters of the images

    def test_settings_and_texts(self):
        run = self.finished("--set", "seed=5")
        values, status = self.session(run)
        self.assertEqual(status, 1)
        for name, value in {"seed": 5, "precision": "fp32", "dataset": "dha.idx", "dataset.classes": 4, "search.epochs": 2,
                            "search.batch_size": 16, "search.space": "dha.cell", "search.space.channels": 4,
                            "search.searcher": "dha.ista", "search.augment": "dha.flip, dha.tau, dha.cutout",
                            "search.augment.dha.cutout.size_px": 4, "search.hyper": "dha.hypergradient",
                            "search.hyper.learning_rate.0": 0.001, "search.hyper.learning_rate.1": 0.05,
                            "search.hyper.nesterov": False, "final.drop_path": 0.1}.items():
            self.assertEqual((name, values.get(name)), (name, value))
            self.assertEqual(isinstance(values[name], bool), isinstance(value, bool), name)
        pipeline = self.text(run, "pipeline")
        self.assertTrue(pipeline.startswith("```json\n") and pipeline.endswith("\n```\n"))
        self.assertEqual(pipeline.removeprefix("```json\n").removesuffix("```\n"), (run / "pipeline.json").read_text())
        command = self.text(run, "command")
        self.assertIn(f"run -q {self.folder / 'pipeline.json'} --out runs --set seed=5\n", command)

    def test_a_value_has_one_type_in_all_pipelines(self):
        """Rows vanish from the table of settings where a name is a number in one run and a text in another."""
        components = json.loads(self.dha("describe", "--json")[0])["components"]
        self.assertGreater(len(components), 15)
        types = {}
        for component in components:
            if component["kind"] == "augmenter":  # their names have the id
                continue
            for field in component["fields"]:
                kind = {"integer": "number", "real": "number", "bool": "bool"}.get(field["type"], "text")
                if field["type"] == "list":
                    kind = "text" if field["items"] in ("string", "choice") else None  # numbers have names of their own
                if kind and field["type"] not in ("object", "json"):
                    types.setdefault((component["kind"], field["name"]), set()).add(kind)
        self.assertEqual({name: kinds for name, kinds in types.items() if len(kinds) > 1}, {})

    def test_how_a_run_ends(self):
        self.description["stages"] = self.description["stages"][:1]
        self.description["stages"][0].update({"epochs": 8, "gradient_clip": 0,
                                              "hyper": {"use": "dha.sgd", "learning_rate": 100, "weight_decay": 1}})
        pipeline = self.write_pipeline(self.description)
        self.dha("run", "-q", pipeline, "--out", "failed", status=1)
        self.assertEqual(self.session(self.run_folder(out="failed"))[1], 2)
        self.description["stages"][0].update({"epochs": 50, "hyper": {"use": "dha.sgd"}})
        self.interrupted(self.write_pipeline(self.description), '"event":"epoch"')
        self.assertIsNone(self.session(self.run_folder())[1])

    def test_can_be_turned_off_and_on(self):
        run = self.finished("--set", "tensorboard=false")
        self.assertFalse((run / "tensorboard").exists())
        self.dha("resume", "-q", run, "--set", "tensorboard=true", "--set", "stages.final.epochs=2")
        self.assertEqual([event.step for event in accumulator_of(run).Scalars("final/epoch/train_loss")], [2 * 3 + 2 * 3])

    def test_trials_have_none(self):
        stage = self.description["stages"][0]
        del stage["searcher"]
        stage.update({"epochs": 1, "hyper": {"use": "dha.sgd"}, "trials": {"use": "dha.random", "count": 2, "threads": 1}})
        self.description["stages"][1]["carry"] = ["architecture"]
        run = self.finished()
        self.assertEqual([file.parent.parent for file in run.rglob("*tfevents*")], [run])
        self.assertEqual({tag.split("/")[0] for tag in accumulator_of(run).Tags()["scalars"]}, {"final"})

    def killed(self, out="killed"):
        """A run that was killed some rows behind its last checkpoint."""
        self.description["stages"][0].update({"epochs": 3, "log_every": 1})
        pipeline = self.write_pipeline(self.description)

        def is_behind(run):
            rows = rows_of(run) if (run / "metrics.jsonl").exists() else []
            return any(row["event"] == "step" and (row["epoch"], row["step"]) == (2, 2) for row in rows)

        return kill_when(self, pipeline, is_behind, out)

    def test_after_a_kill_each_step_is_there_once(self):
        run = self.killed()
        reader = accumulator_of(run)  # a TensorBoard that was open all the time
        self.assertGreaterEqual(reader.Scalars("search/step/loss")[-1].step, 5)
        self.dha("resume", "-q", run)
        whole = self.finished(out="whole")
        self.assertEqual(records_of(run), records_of(whole))
        self.check_scalars(run)
        reader.Reload()
        for tag, points in expected_scalars(run).items():
            found = [(event.step, event.value) for event in reader.Scalars(tag)]
            self.assertEqual([step for step, _ in found], [step for step, _ in points], tag)
            if tag.split("/")[-1] not in TIMES:
                self.assertEqual(found, points, tag)

    def test_after_a_crash_of_the_machine_the_file_is_whole(self):
        """The system may lose the end of a file that a checkpoint on the disk knows as longer."""
        run = self.killed()
        with file_of(run).open("r+b") as file:
            file.truncate(end_of_record(file.read(), 2) + 20)  # within the first row
        self.dha("resume", "-q", run)
        found = accumulator_of(run)
        expected = expected_scalars(run)["final/epoch/train_loss"]
        self.assertEqual([(event.step, event.value) for event in found.Scalars("final/epoch/train_loss")], expected)
        self.assertEqual(self.session(run)[1], 1)


if __name__ == "__main__":
    unittest.main()
