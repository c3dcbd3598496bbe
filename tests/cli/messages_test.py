"""Notes of the program other than its results: the device once, in a few words, and nothing with --quiet."""

import json
import re
import unittest

from support import BUILD, CommandLineTest, RGB, small_pipeline, write_idx, write_png

NO_DEVICE = {"DHA_CUDA_LIBRARY": "/nowhere/libtorch_cuda.so"}


class MessagesTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        del pipeline["device"]
        pipeline["stages"] = pipeline["stages"][:1]
        pipeline["stages"][0]["epochs"] = 1
        self.pipeline = self.write_pipeline(pipeline)

    def quiet(self, verb, *arguments):
        """What the verb prints with -q on standard output; nothing goes to standard error."""
        out, errors = self.dha(verb, "-q", *arguments, environment=NO_DEVICE)
        self.assertEqual(errors, "")
        return out

    def test_the_device_is_told_once_in_a_few_words(self):
        _, messages = self.dha("run", self.pipeline, environment=NO_DEVICE)
        run = self.run_folder()
        self.assertRegex(messages.splitlines()[0],
                         rf"^running 'small' on cpu \(no accelerator found\) in \S*runs/small/{run.name}$")
        self.assertEqual(messages.count("accelerator"), 1)
        self.assertIn("device cpu (no accelerator found); looked for the library named by DHA_CUDA_LIBRARY",
                      (run / "log.txt").read_text())
        _, messages = self.dha("eval", run, environment=NO_DEVICE)
        self.assertEqual(messages, "dha: device cpu (no accelerator found)\n")
        out, _ = self.dha("doctor", environment=NO_DEVICE)
        self.assertIn("cpu (no accelerator found); looked for the library named by DHA_CUDA_LIBRARY", out)

    def test_quiet_verbs_print_results_alone(self):
        self.assertIn("test", self.quiet("run", self.pipeline).splitlines()[1])
        run = self.run_folder()
        self.assertRegex(self.quiet("eval", run), r"^test accuracy \d+\.\d\d %, loss \d\.\d{4}, 32 images\n$")
        self.assertIn("search", self.quiet("resume", run))
        self.assertEqual(self.quiet("export", run), "")
        self.assertEqual(self.quiet("validate", self.pipeline), "")
        self.assertIn("parameters", self.quiet("cost", self.pipeline, "--architecture", run / "architecture.json"))
        self.assertNotIn("describe COMPONENT", self.quiet("describe"))
        self.assertIn("dha.flip", self.quiet("plugins"))
        self.assertIn('"properties"', self.quiet("schema"))
        self.assertNotIn("LibTorch", self.quiet("doctor"))
        self.assertEqual(self.quiet("verify", BUILD / "plugins" / "augment" / "flip.so"), "")
        write_png(self.folder / "in.png", 8, 8, RGB, bytes(8 * 8 * 3))
        self.assertEqual(self.quiet("augment", "in.png", "out.png", "--grid"), "")
        self.assertRegex(self.quiet("predict", run, "in.png", "--top", "1"), r"\nin\.png +\d +\d+\.\d\d %\n$")
        self.assertTrue((self.folder / "out.png").exists())

    def test_every_verb_prints_json(self):
        verbs = re.findall(r"^  (\w+) ", self.dha("help")[0], flags=re.M)
        self.assertGreater(len(verbs), 10)
        for verb in verbs:
            self.assertIn("--json", self.dha("help", verb)[0], verb)
        values = lambda *arguments: json.loads(self.dha(*arguments, "--json")[0])
        self.assertEqual(values("describe", "dha.flip"), json.loads(self.dha("describe", "dha.flip", "--format", "json")[0]))
        _, errors = self.dha("describe", "--json", "--format", "markdown", status=2)
        self.assertIn("either --json or --format markdown", errors)
        plugin = BUILD / "plugins" / "augment" / "flip.so"
        listed = [check["check"] for check in values("verify", plugin, "--list")["checks"]]
        self.assertEqual(listed, [check["check"] for check in values("verify", plugin)["checks"]])
        write_png(self.folder / "in.png", 8, 8, RGB, bytes(8 * 8 * 3))
        grid = values("augment", "in.png", "out.png", "--grid")
        self.assertEqual((grid["file"], grid["columns"]), ("out.png", [0, 2, 4, 6, 8]))
        self.assertIn("shear_x", grid["rows"])
        self.assertEqual(values("augment", "in.png", "out.png", "--operation", "shear_x", "--level", 2),
                         {"file": "out.png", "operation": "shear_x", "level": 2, "sign": 1})

    def test_quiet_verbs_print_errors(self):
        bad = self.write_pipeline("{}", "bad.json")
        _, errors = self.dha("validate", "-q", bad, status=2)
        self.assertIn("bad.json", errors)
        out, _ = self.dha("verify", "-q", BUILD / "fixtures" / "verification" / "leaks.so", status=4)
        self.assertIn("FAILED", out)
        self.assertNotIn("passed", out)


if __name__ == "__main__":
    unittest.main()
