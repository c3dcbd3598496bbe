"""What a person sees of a run on terminals of several widths, on a dumb one, and in a pipe."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import unittest

from support import DHA, CommandLineTest, one_stage, small_pipeline, write_idx, write_images

CLEAR = "\r\x1b[K"


class Screen:
    """What a program has drawn on standard error: `frames`, all states of the last line, and `lines`, those that stay."""

    def __init__(self, text):
        self.text = text
        self.frames, self.lines = [], []
        for part in text.split("\r\n"):
            states = part.split(CLEAR)
            self.frames += [state for state in states if state]
            self.lines.append(states[-1])
        self.lines.pop()  # behind the last line break

    def widest(self):
        """Of the frames and lines that could have been broken."""
        return max((len(text) for text in self.frames if " " in text.strip()), default=0)


class TerminalTest(CommandLineTest):
    def screen(self, columns, *arguments, term="xterm", status=0, environment=None, resize=None):
        """Runs the program with standard error on a terminal; `resize`: columns to which the window shrinks at once."""
        master, slave = pty.openpty()
        set_width = lambda width: fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        set_width(columns)
        environment = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
        environment.pop("TERM", None)
        if term is not None:
            environment["TERM"] = term
        result = self.folder / "stdout"
        with result.open("w") as stdout:
            process = subprocess.Popen([DHA, *map(str, arguments)], cwd=self.folder, stdin=slave, stdout=stdout,
                                       stderr=slave, env=environment)
        os.close(slave)
        written = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # the program has ended
                break
            if not part:
                break
            written += part
            if resize is not None:
                set_width(resize)
        self.assertEqual(process.wait(timeout=60), status, written.decode())
        os.close(master)
        return Screen(written.decode()), result.read_text()

    def test_a_run_on_terminals_of_several_widths(self):
        write_idx(self.data)
        file = self.write_pipeline(one_stage(self.data, epochs=3))
        pieces = {
            110: [r"only 3/3  [━╸─]{8,}  100%  loss \d\.\d+  acc \d+\.\d%  best \d+\.\d% \(epoch [12]\)  \d+ img/s  \d.*s left"],
            80: [r"only 3/3(  [━╸─]+)?  100%  loss \d\.\d+  acc \d+\.\d%  best \d+\.\d% \(.*\)  \d+( img)?/s  \d.*s left"],
            45: [r"only 3/3  100%  best \d+\.\d% \(\d\)  \d.*s left"],
            30: [r"only 3/3  100%  .*s left"],
        }
        for columns, patterns in pieces.items():
            with self.subTest(columns=columns):
                screen, _ = self.screen(columns, "run", "--out", f"runs{columns}", file)
                self.assertLess(screen.widest(), columns)
                for pattern in patterns:
                    self.assertTrue(any(re.search(pattern, frame) for frame in screen.frames), screen.frames)
                left = [line for line in screen.lines if line.startswith("only ")]
                self.assertEqual([line[:8] for line in left], ["only 1/3", "only 2/3", "only 3/3"])
                for line in left:
                    self.assertRegex(line, r"val \d+\.\d%")
                    self.assertNotRegex(line, "[━─]|100%")
                log = (self.run_folder("one", f"runs{columns}") / "log.txt").read_text()
                self.assertRegex(log, r"info +dha: only 3/3: loss .*, accuracy .*, validation .*, best validation .* \(epoch \d\)")

    def test_terminals_that_cannot_draw_get_lines(self):
        write_idx(self.data)
        file = self.write_pipeline(one_stage(self.data))
        for columns, term in ((80, "dumb"), (80, None), (15, "xterm")):
            with self.subTest(columns=columns, term=term):
                screen, _ = self.screen(columns, "run", "--out", f"runs{columns}{term}", file, term=term)
                self.assertNotIn("\x1b", screen.text)
                self.assertNotIn("\r", screen.text.replace("\r\n", ""))
                self.assertTrue(columns < 20 or screen.widest() < columns)
                epochs = re.findall(r"^only .*", screen.text.replace("\r\n    ", " ").replace("\r\n", "\n"), re.MULTILINE)
                self.assertEqual(len(epochs), 2)
                self.assertRegex(epochs[0], r"only 1/2: loss \S+, accuracy \S+%, validation \S+%, best validation \S+% "
                                            r"\(epoch 1\), .* images/s, .*s left")

    def test_a_window_that_shrinks(self):
        write_idx(self.data)
        screen, _ = self.screen(110, "run", self.write_pipeline(one_stage(self.data, epochs=3)), resize=40)
        self.assertTrue(any(line.startswith("only 3/3") and len(line) < 40 for line in screen.lines))

    def test_trials_have_one_bar(self):
        write_idx(self.data)
        pipeline = small_pipeline(self.data)
        stage = pipeline["stages"][0]
        del stage["searcher"], pipeline["stages"][1]
        stage.update({"name": "study", "validation_fraction": 0.25, "augment": [], "hyper": {"use": "dha.sgd"}, "epochs": 2,
                      "trials": {"use": "dha.random", "count": 3, "parallel": 2, "threads": 1, "over": ["architecture"]}})
        screen, _ = self.screen(100, "run", self.write_pipeline(pipeline))
        self.assertLess(screen.widest(), 100)
        self.assertTrue(any(re.search(r"study 2/3 .*1 running.* best \d+\.\d% \(trial \d\) .*left", frame)
                            for frame in screen.frames), screen.frames)
        self.assertFalse([line for line in screen.lines if "running  " in line])

    def test_results_and_quiet_verbs_are_free_of_progress(self):
        write_images(self.data)
        pipeline = one_stage(self.data, epochs=1)
        pipeline["dataset"] = {"use": "dha.image_folder", "path": str(self.data), "size_px": 12}
        self.dha("run", "-q", self.write_pipeline(pipeline))
        run = self.run_folder("one")
        for arguments in (("eval", run), ("predict", run, self.data / "test"), ("export", run), ("report", run)):
            with self.subTest(verb=arguments[0]):
                screen, output = self.screen(80, *arguments, "--json")
                json.loads(output)
                self.assertNotIn("\x1b", output)
                screen, _ = self.screen(80, *arguments, "-q")
                self.assertEqual(screen.text, "")

    def test_long_work_is_shown_and_leaves_nothing(self):
        write_images(self.data)
        pipeline = one_stage(self.data, epochs=1)
        pipeline["dataset"] = {"use": "dha.image_folder", "path": str(self.data), "size_px": 12}
        self.dha("run", "-q", self.write_pipeline(pipeline))
        images = [str(file) for file in self.data.rglob("*.png")]
        (self.folder / "images.txt").write_text("\n".join(images * 400))
        screen, output = self.screen(60, "predict", self.run_folder("one"), "--list", "images.txt", "--csv", "--top", "1")
        self.assertEqual(output.count("\n"), 1 + 400 * len(images))
        self.assertTrue(any(re.fullmatch(r"classifying batches  [━╸─]+   ?\d+%  \d+/\d+  \S.* left", frame)
                            for frame in screen.frames), screen.frames)
        self.assertLess(screen.widest(), 60)
        self.assertTrue(screen.text.endswith(CLEAR))
        self.assertEqual(screen.lines, [])


if __name__ == "__main__":
    unittest.main()
