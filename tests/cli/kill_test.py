"""A run that is killed without warning, again and again, ends in the bytes of one that never was.

DHA_KILLS sets how often (6), DHA_KILL_SEED the moments (1). `make soak` asks for a hundred.
"""

import os
import random
import signal
import subprocess
import time
import unittest

from support import DHA, CommandLineTest, small_pipeline, write_idx, write_images


def grey(folder):
    """One channel, probe `next`, a checkpoint after every step."""
    write_idx(folder)
    pipeline = small_pipeline(folder)
    pipeline["checkpoint_every_steps"] = 1
    pipeline["stages"][0]["epochs"] = 8
    pipeline["stages"][1]["epochs"] = 4
    return pipeline


def colour(folder):
    """Trials ahead of a search with an auxiliary head, Nesterov, probe `batch`, codes that learn from validation images and
    pairs drawn with noise, on PNG files; checkpoints by time."""
    write_images(folder)
    pipeline = small_pipeline(folder)
    search, final = pipeline["stages"]
    pipeline["dataset"] = {"use": "dha.image_folder", "path": str(folder), "size_px": 12}
    pipeline["checkpoint_every_minutes"] = 0.002
    search["space"]["auxiliary_weight"] = 0.4
    trials = {**search, "name": "trials", "epochs": 2, "validation_fraction": 0.25, "hyper": {"use": "dha.sgd"},
              "augment": [{"use": "dha.random_pairs"}, {"use": "dha.crop", "padding_px": 2}],
              "trials": {"use": "dha.random", "count": 3}}
    del trials["searcher"]
    search.update({"epochs": 3, "validation_fraction": 0.25, "log_every": 1})
    search["searcher"]["mode"] = "two_stage"
    search["augment"][1]["sampling"] = "gumbel"
    search["hyper"].update({"probe": "batch", "nesterov": True, "probe_rate": 1e-3, "probe_subset": 0.3})
    final["epochs"] = 3
    pipeline["stages"] = [trials, search, final]
    return pipeline


class KillTest(CommandLineTest):
    def prepare(self, kind):
        self.pipeline = self.write_pipeline(kind(self.data / kind.__name__), f"{kind.__name__}.json")

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

    def check_kills(self, kind, kills):
        self.prepare(kind)
        self.dha("run", self.pipeline, "--out", f"{kind.__name__}-whole", "--set", "loader_threads=0")
        whole = self.begun_run(f"{kind.__name__}-whole")
        moments = random.Random(int(os.environ.get("DHA_KILL_SEED", "1")))
        runs = 0
        while kills > 0:
            runs += 1
            out = f"{kind.__name__}-killed-{runs}"
            kills = self.run_with_kills(out, kills, moments)
            self.assert_same_run(whole, self.begun_run(out))

    def test_ends_in_the_same_bytes(self):
        kills = int(os.environ.get("DHA_KILLS", "6"))
        self.check_kills(grey, kills // 2)
        self.check_kills(colour, kills - kills // 2)

    def kill_when(self, condition, out):
        """Kills a run as soon as the condition holds for its folder, which it returns."""
        process = subprocess.Popen([DHA, "run", self.pipeline, "--out", out], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            run = self.begun_run(out)
            if run and condition(run):
                process.kill()
            time.sleep(0.001)
        process.wait()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        return self.begun_run(out)

    def test_rows_of_trials_stay(self):
        self.prepare(colour)
        self.dha("run", self.pipeline, "--out", "whole")
        run = self.kill_when(lambda run: (run / "stages.json").exists(), "killed")
        self.dha("resume", run)
        self.assert_same_run(self.begun_run("whole"), run)

    def test_a_damaged_checkpoint_is_passed_over(self):
        self.prepare(grey)
        self.dha("run", self.pipeline, "--out", "whole")
        run = self.kill_when(lambda run: (run / "checkpoints" / "search-0002.000001.safetensors").exists(), "killed")
        before, newest = sorted((run / "checkpoints").glob("*.safetensors"), key=lambda p: p.stat().st_mtime_ns)[-2:]
        content = bytearray(newest.read_bytes())
        content[-1] ^= 1
        newest.write_bytes(content)
        out, errors = self.dha("resume", run)
        self.assertIn(f"{newest.name}' is damaged", out + errors)
        self.assertIn(f"continues from checkpoints/{before.name}", out + errors)
        self.assert_same_run(self.begun_run("whole"), run)


if __name__ == "__main__":
    unittest.main()
