"""summary.json and metrics.jsonl of real runs are what docs/reference/schemas says, and files that are not are refused."""

import copy
import json
import unittest

from readers_support import SOURCE, need, rows_of

need("jsonschema")

from jsonschema import Draft7Validator  # noqa: E402

from support import CommandLineTest, one_stage, write_idx  # noqa: E402


def schema_of(name):
    return json.loads((SOURCE / "docs" / "reference" / "schemas" / f"{name}.schema.json").read_text())


class SchemasTest(CommandLineTest):
    def check(self, validator, value, is_good=True):
        errors = [error.message for error in validator.iter_errors(value)]
        self.assertEqual(not errors, is_good, errors or value)

    def test_files_of_runs(self):
        runs = self.joint_run_and_study()
        folders = [folder.parent for run in runs for folder in run.rglob("metrics.jsonl")]
        self.assertEqual(len(folders), 4)  # with those of two trials
        rows = {}
        for folder in folders:
            self.check(self.summary, json.loads((folder / "summary.json").read_text()))
            for row in rows_of(folder):
                self.check(self.metrics, row)
                rows[row["event"]] = row
        self.assertEqual(set(rows), set(schema_of("metrics")["definitions"]))
        self.check_refusals(self.metrics, list(rows.values()), schema_of("metrics")["definitions"].values())
        summary = json.loads((runs[0] / "summary.json").read_text())
        self.check_refusals(self.summary, [summary], [schema_of("summary")])

    def test_a_summary_of_a_run_that_stopped_in_time(self):
        write_idx(self.data)
        self.dha("run", "-q", self.write_pipeline(one_stage(self.data, epochs=100000)), "--max-minutes", 0.03)
        summary = json.loads((self.run_folder("one") / "summary.json").read_text())
        self.assertEqual((summary["finished"], summary["stages"]), (False, []))
        self.check(self.summary, summary)
        self.check_refusals(self.summary, [summary], [schema_of("summary")])

    def check_refusals(self, validator, values, schemas):
        for value, schema in zip(sorted(values, key=lambda row: row.get("event", "")),
                                 sorted(schemas, key=lambda one: one["properties"].get("event", {}).get("const", ""))):
            for key in schema["required"]:
                self.check(validator, {name: item for name, item in value.items() if name != key}, is_good=False)
            for key in value:
                changed = copy.deepcopy(value)
                changed[key] = {"what": "no such"} if not isinstance(value[key], dict) else "no such"
                self.check(validator, changed, is_good=False)
            self.check(validator, {**value, "unknown": "text"}, is_good=False)

    def test_the_program_has_them(self):
        for name in ("summary", "metrics"):
            self.assertEqual(json.loads(self.dha("schema", "--of", name)[0]), schema_of(name))
        self.assertIn("stages", json.loads(self.dha("schema", "--json")[0])["definitions"]["pipeline"]["properties"])
        _, errors = self.dha("schema", "--of", "summaries", status=2)
        self.assertIn("--of must be pipeline, summary or metrics, found 'summaries'", errors)

    def setUp(self):
        super().setUp()
        for name in ("summary", "metrics"):
            Draft7Validator.check_schema(schema_of(name))
        self.summary, self.metrics = (Draft7Validator(schema_of(name)) for name in ("summary", "metrics"))


if __name__ == "__main__":
    unittest.main()
