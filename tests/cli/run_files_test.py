"""docs/reference/run_files.md names each file of a run, and each of their keys; nothing that it names is missing in real runs."""

import json
import re
import unittest

from support import SOURCE, CommandLineTest

PAGE = (SOURCE / "docs" / "reference" / "run_files.md").read_text()


def documented(heading):
    """Rows of the table below a heading: pattern of a key -> its type."""
    section = re.split(r"^#+ ", PAGE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| `")]
    return {key: row[2] for row in rows for key in re.findall(r"`([^`]+)`", row[1])}


def pattern(key):
    """<component>.<name> stands for dha.tau.entropy, <name> for learning_rate."""
    return re.sub(r"<\w+>", r"[a-z_]+", re.escape(key).replace("<component>", r"[a-z]+\.[a-z_]+"))


def parents(key):
    """The objects and lists that a key lies in."""
    parts = key.split(".")
    return {".".join(parts[:n]).removesuffix("[]") for n in range(1, len(parts))}


def paths(value, prefix=""):
    """Of all leaves and objects below a value: "stages[].test.loss"."""
    if isinstance(value, list):
        return {path for item in value for path in paths(item, prefix + "[]")}
    if not isinstance(value, dict):
        return set()
    below = {f"{prefix}.{key}".lstrip("."): item for key, item in value.items()}
    return set(below) | {path for key, item in below.items() for path in paths(item, key)}


class RunFilesTest(CommandLineTest):
    def check_keys(self, heading, values):
        known = documented(heading)
        self.assertGreater(len(known), 2, heading)
        found = set().union(*(paths(value) for value in values))
        opaque = [pattern(key) for key, kind in known.items() if "JSON" in kind]
        good = [pattern(name) for key in known for name in {key, *parents(key)}]
        for path in sorted(found):
            self.assertTrue(any(re.fullmatch(one, path) for one in good) or
                            any(re.match(rf"{one}[.\[]", path) for one in opaque), f"{heading}: {path} is not documented")
        for key, kind in known.items():
            if "optional" not in kind:
                self.assertTrue(any(re.fullmatch(pattern(key), path) for path in found), f"{heading}: {key} is in no run")

    def test_the_page_is_complete(self):
        runs = self.joint_run_and_study()
        self.check_json_files(runs)
        self.check_metrics(runs)
        self.check_names(runs)

    def check_json_files(self, runs):
        for name in ("environment", "dataset", "summary", "stages", "policy", "model", "outcomes", "trial", "outcome"):
            with self.subTest(name):
                files = [file for run in runs for file in run.rglob(f"{name}.json")]
                self.assertGreater(len(files), 0)
                self.check_keys(f"{name}.json", [json.loads(file.read_text()) for file in files])

    def check_metrics(self, runs):
        rows = [json.loads(line) for run in runs for file in run.rglob("metrics.jsonl")
                for line in file.read_text().splitlines()]
        events = {row["event"] for row in rows}
        self.assertEqual(events, set(re.findall(r"^### event (\w+)$", PAGE, flags=re.M)))
        for event in events:
            with self.subTest(event):
                self.check_keys(f"event {event}", [row for row in rows if row["event"] == event])
        for run in runs:
            self.assertEqual((run / "hyper.csv").read_text().splitlines()[0], "stage,epoch,step,name,value")

    def check_names(self, runs):
        for run in runs:
            for file in run.rglob("*"):
                if file.is_file() and not file.match("checkpoints/*.safetensors") and not file.match("architectures/*.json"):
                    with self.subTest(str(file.relative_to(run))):
                        self.assertIn(file.name, PAGE)


if __name__ == "__main__":
    unittest.main()
