"""Holds generated documentation and examples current: what the program says now is what the repository has."""

import csv
import json
import re
import unittest

from support import SOURCE, CommandLineTest, write_cifar, write_idx, write_images

EXAMPLES = [SOURCE / "examples" / "quickstart.json", *sorted((SOURCE / "examples" / "pipelines").glob("*.json"))]


class ReferenceTest(CommandLineTest):
    def test_reference_page_is_current(self):
        page, _ = self.dha("describe", "--all", "--format", "markdown")
        self.assertEqual(page, (SOURCE / "docs" / "reference.md").read_text(),
                         "run: build/dha describe --all --format markdown > docs/reference.md")

    def test_links_lead_somewhere(self):
        pages = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
        links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
        self.assertGreater(len(links), 10)
        for page, link in links:
            self.assertTrue((page.parent / link).exists(), f"{page.name} links to {link}")

    def test_examples_are_valid(self):
        self.assertGreater(len(EXAMPLES), 8)
        for file in EXAMPLES:
            with self.subTest(file.name):
                self.dha("validate", file)

    def test_examples_run(self):
        """On made images, with networks that train in seconds."""
        write_idx(self.data / "idx", classes=10, side=28)
        write_cifar(self.data)
        write_images(self.data / "folder")
        made = {"dha.idx": "idx", "dha.cifar": ".", "dha.image_folder": "folder"}
        for file in EXAMPLES:
            options = ["stages.search.epochs=1", "stages.final.epochs=1", "stages.search.batch_size=16",
                       "stages.final.batch_size=16", "stages.search.space.channels=4", "stages.search.space.cells=3",
                       "stages.search.space.auxiliary_weight=0"]
            resolved = json.loads(self.dha("validate", file, "--json")[0])["pipeline"]
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
                   "stages.search.epochs=2", "stages.final.epochs=2")
        self.dha("run", SOURCE / "examples" / "pipelines" / "fixed_eta.json",
                 *(argument for option in options for argument in ("--set", option)))
        with (self.run_folder("fixed-eta") / "hyper.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["name"] == "learning_rate"]
        self.assertEqual({row["stage"] for row in rows}, {"search", "final"})
        self.assertEqual({float(row["value"]) for row in rows}, {0.03})

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
