"""Same seed, same bits: whatever the number of loading threads, with and without a terminal, in either place of the data."""

import os
import pty
import struct
import subprocess
import unittest
import zlib

from support import DHA, CommandLineTest, small_pipeline, without_time

FILES = ("model/weights.safetensors", "architecture.json", "policy.json", "hyper.csv")


def png(width, height, pixel):
    """An RGB image; pixel(x, y) gives three values."""
    rows = b"".join(b"\0" + bytes(v % 256 for x in range(width) for v in pixel(x, y)) for y in range(height))

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_images(folder):
    for split, count in (("train", 48), ("test", 16)):
        for i in range(count):
            place = folder / split / f"class{i % 4}"
            place.mkdir(parents=True, exist_ok=True)
            size = 14 + i % 5
            (place / f"{i}.png").write_bytes(
                png(size, size, lambda x, y: (40 * (i % 4) + x * 3 + i, 90 + y * (1 + i % 4), x * y + 7 * i)))


class SameBitsTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_images(self.data)
        pipeline = small_pipeline(self.data)
        pipeline["dataset"] = {"use": "dha.image_folder", "path": str(self.data), "size_px": 12, "classes": 4}
        self.pipeline = self.write_pipeline(pipeline)

    def run_of(self, out):
        return next(p for p in (self.folder / out / "small").iterdir() if not p.is_symlink())

    def check_same(self, first, second):
        for name in FILES:
            self.assertEqual((first / name).read_bytes(), (second / name).read_bytes(), f"{name} of {second}")
        self.assertEqual(without_time((first / "metrics.jsonl").read_text()),
                         without_time((second / "metrics.jsonl").read_text()))

    def test_threads_do_not_matter(self):
        for threads in (0, 1, 4):
            self.dha("run", self.pipeline, "--out", f"threads-{threads}", "--set", f"loader_threads={threads}")
        for threads in (1, 4):
            self.check_same(self.run_of("threads-0"), self.run_of(f"threads-{threads}"))

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
        self.check_same(self.run_of("lines"), self.run_of("bar"))


if __name__ == "__main__":
    unittest.main()
