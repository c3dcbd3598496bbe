"""Holds generated documentation and examples current: what the program says now is what the repository has."""

import csv
import json
import random
import shutil
import unittest

from support import SOURCE, CommandLineTest, write_cifar, write_idx, write_images

EXAMPLES = [SOURCE / "examples" / "quickstart.json", *sorted((SOURCE / "examples" / "pipelines").glob("*.json"))]


class ReferenceTest(CommandLineTest):
    def test_reference_page_is_current(self):
        page, _ = self.dha("describe", "--all", "--format", "markdown")
        self.assertEqual(page, (SOURCE / "docs" / "reference" / "components.md").read_text(),
                         "run: build/dha describe --all --format markdown > docs/reference/components.md")

    def test_examples_are_valid(self):
        self.assertGreater(len(EXAMPLES), 8)
        for file in EXAMPLES:
            with self.subTest(file.name):
                self.dha("validate", "-q", file)

    def test_examples_are_extended_by_name(self):
        example = next(file for file in EXAMPLES if file.stem == "sequential_dha")  # names no file
        resolved = json.loads(self.dha("validate", "--json", example)[0])["pipeline"]
        named = self.write_pipeline({"extends": f"dha:{example.stem}"})
        self.assertEqual(json.loads(self.dha("validate", "--json", named)[0])["pipeline"], resolved)
        _, errors = self.dha("validate", self.write_pipeline({"extends": "dha:folder_63"}), status=2)
        self.assertIn("/extends names 'dha:folder_63', which is no example; there are ", errors)
        for file in EXAMPLES:
            self.assertIn(file.stem, errors)

    def components(self):
        return json.loads(self.dha("describe", "--all", "--format", "json")[0])["components"]

    def validate_within_pipeline(self, kind, entry):
        """`entry`: {"augment": [{"use": …}]}, checked in the smallest pipeline that has a place for it."""
        stage = {"name": "one", "epochs": 100, "space": {"use": "dha.cell"}, "searcher": {"use": "dha.ista"},
                 "hyper": {"use": "dha.sgd"}}
        if kind == "trial_searcher":
            stage["searcher"] = {"use": "dha.architecture",
                                 "genotype_file": str(SOURCE / "examples" / "architectures" / "darts_v2.json")}
            stage["validation_fraction"] = 0.2
        if kind == "space" and entry["space"]["use"] in ("dha.resnet", "dha.wide_resnet"):
            del stage["searcher"]
            stage["architecture"] = {}
        pipeline = {"name": "example", "stages": [stage],
                    "dataset": {"use": "dha.idx", "path": "path/to", "classes": 10}}
        (pipeline if kind == "dataset" else stage).update(entry)
        self.dha("validate", "-q", self.write_pipeline(pipeline))

    def test_examples_of_components_are_valid(self):
        (self.folder / "path" / "to").mkdir(parents=True)
        shutil.copy(SOURCE / "examples" / "architectures" / "darts_v2.json", self.folder / "path" / "to" / "genotype_file")
        components = self.components()
        self.assertGreater(len(components), 12)
        for component in components:
            with self.subTest(component["id"]):
                self.validate_within_pipeline(component["kind"], component["example"])

    def check_range(self, field):
        """A range of numbers from which a search may draw: (minimum, maximum)."""
        low, high = field.get("tuning_range") or (field["minimum"], field["maximum"])
        self.assertLess(low, high)
        if field.get("log"):
            self.assertGreater(low, 0)
            self.assertLessEqual(high / low, 1e6)
        elif field.get("default"):
            self.assertLessEqual(high, 10 * field["default"])
        if "default" in field:
            self.assertLessEqual(low, field["default"])
            self.assertLessEqual(field["default"], high)
        return low, high

    def drawn(self, field, share):
        """The value at `share` of the parameter's range, or of its list of values."""
        values = field.get("choices") or field.get("one_of") or ([False, True] if field["type"] == "bool" else None)
        if values:
            return values[round(share * (len(values) - 1))]
        low, high = self.check_range(field)
        value = low * (high / low) ** share if field.get("log") else low + share * (high - low)
        return min(max(round(value) if field["type"] == "integer" else value, low), high)

    def test_tunable_parameters_can_be_drawn(self):
        """From the ends of their ranges and between them; the component accepts what is drawn."""
        generator = random.Random(1)
        drawn = 0
        for component in self.components():
            fields = [field for field in component["fields"] if field.get("tunable")]
            for shares in (lambda: 0, lambda: 1, generator.random, generator.random):
                example = json.loads(json.dumps(component["example"]))
                (key, use), = example.items()
                for field in fields:
                    with self.subTest(f"{component['id']} {field['name']}"):
                        (use[0] if isinstance(use, list) else use)[field["name"]] = self.drawn(field, shares())
                        drawn += 1
                if fields:
                    with self.subTest(component["id"]):
                        self.validate_within_pipeline(component["kind"], {key: use})
        self.assertGreater(drawn, 60)

    def test_examples_run(self):
        """On made images, with networks that train in seconds."""
        write_idx(self.data / "idx", classes=10, side=28)
        write_cifar(self.data)
        write_images(self.data / "folder")
        made = {"dha.idx": "idx", "dha.cifar": ".", "dha.image_folder": "folder"}
        for file in EXAMPLES:
            resolved = json.loads(self.dha("validate", file, "--json")[0])["pipeline"]
            small = {"dha.cell": ("channels=4", "cells=3", "auxiliary_weight=0"),
                     "dha.mobilenet": ("width_multiplier=0.25", "depths=[1,2,1,1,1,1]")}
            first = resolved["stages"][0]
            options = [*(f"stages.{first['name']}.space.{setting}" for setting in small[first["space"]["use"]])]
            for stage in resolved["stages"]:
                warm_up = stage.get("searcher", {}).get("warm_up_epochs", 0)
                options += [f"stages.{stage['name']}.epochs={1 + warm_up}", f"stages.{stage['name']}.batch_size=16"]
            if "trials" in resolved["stages"][0]:
                options.append("stages.search.trials.count=4")
            data = resolved["dataset"]["use"]
            options.append(f"dataset.path={self.data / made[data]}")
            if data == "dha.image_folder":
                options.append("dataset.size_px=32")
            with self.subTest(file.name):
                self.dha("run", file, *(argument for option in options for argument in ("--set", option)))
                summary = json.loads((self.run_folder(resolved["name"]) / "summary.json").read_text())
                self.assertTrue(summary["finished"])

    def test_fixed_eta_keeps_the_learning_rate(self):
        write_idx(self.data, train=96)
        options = (f"dataset.path={self.data}", "dataset.classes=4", "dataset.height_px=12", "dataset.width_px=12",
                   "stages.search.epochs=2", "stages.finish.epochs=2", "stages.search.space.channels=4")
        self.dha("run", SOURCE / "examples" / "pipelines" / "fixed_eta.json",
                 *(argument for option in options for argument in ("--set", option)))
        with (self.run_folder("fixed-eta") / "hyper.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["name"] == "learning_rate"]
        self.assertEqual({(row["stage"], float(row["value"])) for row in rows},
                         {("search", 0.1), ("train", 0.1), ("finish", 0.02)})

    def test_published_architectures_have_their_published_costs(self):
        """Parameters without auxiliary head, of the papers' repositories (docs/measured.md)."""
        published = {("darts_v1", 36): 3169414, ("darts_v2", 36): 3349342, ("pdarts", 36): 3433798,
                     ("ista_two_stage", 36): 3316726, ("snas_mild", 36): 2661382}
        for (name, channels), parameters in published.items():
            out, _ = self.dha("cost", SOURCE / "examples" / "pipelines" / "dha_cifar10.json", "--json",
                              "--set", f"stages.final.space.channels={channels}",
                              "--set", "stages.final.space.extra_batch_norm=false",
                              "--set", "dataset.path=nowhere",
                              "--architecture", SOURCE / "examples" / "architectures" / f"{name}.json")
            cost = json.loads(out)
            self.assertEqual(cost["parameters"], parameters, name)
            self.assertEqual(cost["auxiliary_parameters"], 476426)
            self.assertGreater(cost["multiply_adds"], 4e8)


if __name__ == "__main__":
    unittest.main()
