"""A run that is killed without warning, again and again, ends in the bytes of one that never was.

DHA_KILLS sets how often (5), DHA_KILL_SEED the moments (1). `make soak` asks for a hundred.
"""

import os
import random
import subprocess
import unittest

from support import DHA, CommandLineTest, small_pipeline, without_time, write_idx

FILES = ("model/weights.safetensors", "model/model.json", "architecture.json", "architecture.svg", "policy.json",
         "hyper.csv")


class KillTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["checkpoint_every_steps"] = 1
        pipeline["stages"][0]["epochs"] = 8
        pipeline["stages"][1]["epochs"] = 4
        self.pipeline = self.write_pipeline(pipeline)

    def killed(self, *arguments, after_s):
        """Whether the program was killed before its end."""
        process = subprocess.Popen([DHA, *map(str, arguments)], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            _, errors = process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return True
        self.assertEqual(process.returncode, 0, errors)
        return False

    def compare(self, whole, run):
        for name in FILES:
            self.assertEqual((whole / name).read_bytes(), (run / name).read_bytes(), name)
        self.assertEqual(without_time((whole / "metrics.jsonl").read_text()),
                         without_time((run / "metrics.jsonl").read_text()))
        self.assertEqual([p.name for p in run.rglob("*.tmp*")], [])

    def begun_run(self, out):
        """The folder of the run below `out` that can be resumed; None where a kill came before there was one."""
        found = [p.parent for p in (self.folder / out).glob("small/*/pipeline.json") if not p.parent.is_symlink()]
        self.assertLessEqual(len(found), 1)
        return found[0] if found else None

    def run_with_kills(self, out, kills, moments):
        """Runs the pipeline to its end with at most `kills` kills on the way; returns how many are left."""
        command = afresh = ["run", self.pipeline, "--out", out]
        while kills > 0:
            # A few kills hit the start of the program, most what comes after.
            if not self.killed(*command, after_s=moments.uniform(0.4, 2.5)):
                return kills
            kills -= 1
            run = self.begun_run(out)
            command = ["resume", run] if run else afresh
        self.dha(*command)
        return 0

    def test_ends_in_the_same_bytes(self):
        self.dha("run", self.pipeline, "--out", "whole", "--set", "loader_threads=0")
        whole = self.begun_run("whole")
        kills = int(os.environ.get("DHA_KILLS", "5"))
        moments = random.Random(int(os.environ.get("DHA_KILL_SEED", "1")))
        runs = 0
        while kills > 0:
            runs += 1
            kills = self.run_with_kills(f"killed-{runs}", kills, moments)
            self.compare(whole, self.begun_run(f"killed-{runs}"))

    def test_a_damaged_checkpoint_is_passed_over(self):
        self.dha("run", self.pipeline, "--out", "whole")
        whole = self.begun_run("whole")
        self.assertTrue(self.killed("run", self.pipeline, after_s=1.5))
        run = self.begun_run("runs")
        newest = max((run / "checkpoints").glob("*.safetensors"), key=lambda p: p.stat().st_mtime_ns)
        content = bytearray(newest.read_bytes())
        content[-1] ^= 1
        newest.write_bytes(content)
        out, errors = self.dha("resume", run)
        self.assertIn(f"{newest.name}' is damaged", out + errors)
        self.compare(whole, run)


if __name__ == "__main__":
    unittest.main()
