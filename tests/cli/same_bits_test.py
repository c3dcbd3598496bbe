"""Same seed, same bits: whatever the number of loading threads, with and without a terminal, of images from files and in memory."""

import os
import pty
import subprocess
import unittest

from support import DHA, CommandLineTest, small_pipeline, write_idx, write_images


class SameBitsTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_images(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["dataset"] = {"use": "dha.image_folder", "path": str(self.data), "size_px": 12, "classes": 4}
        self.pipeline = self.write_pipeline(pipeline)

    def check_threads(self, file):
        for threads in (0, 1, 4):
            self.dha("run", file, "--out", f"threads-{threads}", "--set", f"loader_threads={threads}")
        for threads in (1, 4):
            self.assert_same_run(self.run_folder(out="threads-0"), self.run_folder(out=f"threads-{threads}"))

    def test_threads_do_not_matter_to_files(self):
        self.check_threads(self.pipeline)

    def test_threads_do_not_matter_to_memory(self):
        write_idx(self.folder / "idx")
        self.check_threads(self.write_pipeline(small_pipeline(self.folder / "idx")))

    def test_a_terminal_does_not_matter(self):
        self.dha("run", self.pipeline, "--out", "lines")
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen([DHA, "run", self.pipeline, "--out", "bar"], cwd=self.folder, stdin=theirs, stdout=theirs,
                                   stderr=theirs, env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"})
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # the other end is closed
            pass
        self.assertEqual(process.wait(timeout=300), 0, shown.decode())
        self.assertIn(b"summary", shown)
        self.assert_same_run(self.run_folder(out="lines"), self.run_folder(out="bar"))


if __name__ == "__main__":
    unittest.main()
