"""Holds generated documentation and examples current: what the program says now is what the repository has."""

import csv
import json
import re
import unittest

from support import SOURCE, CommandLineTest, write_idx


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
        files = [SOURCE / "examples" / "quickstart.json", *sorted((SOURCE / "examples" / "pipelines").glob("*.json"))]
        self.assertGreater(len(files), 8)
        for file in files:
            with self.subTest(file.name):
                self.dha("validate", file)

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
