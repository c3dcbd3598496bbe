"""Every command and snippet of the documentation works.

sh      the commands of a page run in order in a folder that has what the page asks for, with small_dha.py as `dha`. A block
        `text` after them is their output, numbers and times aside.
json    a file that the text names is written. Pipelines, and parts of them, are valid.
python  runs, or is written where the text names a file.
cpp     stands in a file that is compiled, or is compiled here.
"""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from pages import SOURCE, blocks, pages

sys.path.append(str(pathlib.Path(__file__).parents[1] / "cli"))
from small_dha import kept_pipeline  # noqa: E402
from support import DHA, write_cifar, write_idx, write_images  # noqa: E402

PYTHON = SOURCE / ".venv" / "bin" / "python"
FASHION_MNIST = pathlib.Path("/usr/share/datasets/fashion-mnist")
JPEGS = SOURCE / "tests" / "fuzz" / "corpus" / "jpeg"
DOCS = SOURCE / "docs"
PLUGIN_PAGE = DOCS / "howto" / "write_a_plugin.md"
MODEL_PAGE = DOCS / "howto" / "use_the_model.md"

# Commands that are not run here: a pattern, and the file that runs them, or the reason why nothing does.
ELSEWHERE = [
    (r"make .*", "Makefile"),
    (r"(DHA_SKIP_PACKAGES=1|LIBTORCH_ROOT=/path/to/torch) make build", "tests/install"),
    (r"apt-get install make git", "README: what a bare system lacks before the Makefile can install the rest"),
    (r"git clone .*", "the clone that is being tested"),
    (r"cd (dha|my-plugin)", "part of the commands around it"),
    (r"python3 -m venv .venv", "scripts/setup"),
    (r".venv/bin/python -m pip install .*", "scripts/setup"),
    (r"cmake --preset release( .*)?", "tests/install/install_test.sh"),
    (r"ninja -C build dha-programs", "tests/structure/built_for_a_run_test.py"),
    (r"cp -r \$HOME/dha/share/dha/examples/plugin my-plugin", "tests/install/install_test.sh"),
    (r"cmake --build --preset release", "tests/install/install_test.sh"),
    (r"dha (verify|describe|run) .*build/plugins.*", "tests/install/install_test.sh"),
    (r"cmake --install build --prefix \$HOME/dha", "tests/install/install_test.sh"),
    (r"ctest --preset release", "tests/install/install_test.sh"),
    (r"pip install .*", "a package registry: scripts/setup installs those that tests need"),
    (r"tensorboard --logdir runs", "tests/readers/tensorboard_test.py reads the files with TensorBoard's own reader"),
    (r"optuna-dashboard .*", "tests/readers/optuna_test.py reads the files with Optuna"),
    (r"dha run examples/table1/.*", "bench/table1_check.py"),
    (r"scripts/stand-in-data stand-ins", "tests/cli/delivered_data_test.py, and the data of this test"),
    (r"dha run mine.json --device cuda:0", "bench/gpu_check.py; a machine without a GPU refuses it"),
]

# Parts of an output that differ from run to run or from place to place, and what stands for them in a comparison.
MASKS = [
    (r"/\S*/(runs/)", r"\1"),  # the folder of the page
    (r"\bbuild/dha\b", "dha"),
    (r"(?m)^dha: ", ""),
    (r"\d+[-\d]+-s\d+", "TIME"),  # the name of a run's folder
    (r"\d+m \d+s|\d+(\.\d+)?s\b", "TIME"),
    (r"\d+(\.\d+)?(e-?\d+)?( [kMG]\b)?", "#"),
    (r" %", "%"),
    (r"-{2,}", "--"),
    (r"[ \t]+", " "),
]

SHELL = ["bash", "-euo", "pipefail", "-c"]


@functools.cache
def base():
    """A folder with data of every layout that pages use."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dha-docs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_images(folder / "photos")
    shutil.copytree(folder / "photos" / "test", folder / "photos" / "val")
    write_cifar(folder, images=20)
    write_idx(folder / "mnist", side=28)
    (folder / "holiday").mkdir()
    for name in ("RGB.jpg", "progressive.jpg"):
        shutil.copy(JPEGS / name, folder / "holiday")
    shutil.copy(JPEGS / "RGB.jpg", folder / "cat.jpg")
    (folder / "files.txt").write_text("cat.jpg\nholiday/RGB.jpg\n")
    subprocess.run([PYTHON, "-B", SOURCE / "scripts" / "stand-in-data", folder / "stand-ins"], check=True)
    for name in ("imagenet", "sport8", "mit67"):
        (folder / name).symlink_to(folder / "stand-ins" / name)
    shutil.copy(SOURCE / "examples" / "architectures" / "darts_v2.json", folder / "cells.json")
    shutil.copy(folder / "cells.json", folder / "architecture.json")
    for name in ("examples", "scripts", ".venv", "bench"):
        (folder / name).symlink_to(SOURCE / name)
    for name in ("build", "cache"):
        (folder / name).mkdir()
    (folder / "build" / "dha").symlink_to(pathlib.Path(__file__).parent / "small_dha.py")
    (folder / "mine.json").write_text(file_of(DOCS / "howto" / "own_images.md", "mine.json"))
    (folder / "other.json").write_text('{ "extends": "mine.json", "name": "other" }')
    return folder


def file_named_before(page, block):
    """The file that the text before a block tells the reader to write: "Write `mine.json`:" -> "mine.json"."""
    before = "".join(page.read_text().splitlines(keepends=True)[max(0, block.line - 5):block.line - 1])
    told = re.search(r"(?:Write|[Ss]ave (?:it|this)(?: file)? as|file,)\s+`([\w.-]+)`[^`]*\Z", before)
    return told[1] if told else None


def file_of(page, name):
    found, = {block.text for block in blocks(page) if file_named_before(page, block) == name}
    return found


def environment_in(folder):
    """Pages show the output of a machine without a GPU."""
    return {**os.environ, "PATH": f"{folder / 'build'}:{os.environ['PATH']}", "DHA_PROGRAM": str(DHA.resolve()),
            "DHA_SMALL_CACHE": str(base() / "cache"), "CUDA_VISIBLE_DEVICES": ""}


@functools.cache
def trained(source, name):
    """The folder of the runs of a page's pipeline, trained once for all pages that continue with one."""
    file = base() / f"{name}.json"
    file.write_text(file_of(DOCS / "howto" / source, file.name))
    subprocess.run(["dha", "run", file.name, "-q", "--out", "trained"], cwd=base(), env=environment_in(base()), check=True,
                   stdout=subprocess.DEVNULL)
    return base() / "trained" / name


def commands(text):
    """The commands of a block, one per line; a line that ends with a backslash continues."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def is_elsewhere(command):
    return any(re.fullmatch(pattern, command) for pattern, _ in ELSEWHERE)


def masked(text):
    """Lines without what differs from run to run: numbers, times, paths before runs/, the program's folder, columns."""
    for pattern, mark in MASKS:
        text = re.sub(pattern, mark, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


class Page(unittest.TestCase):
    """The snippets of one page, in order, in a folder of their own."""

    def __init__(self, page):
        super().__init__("runTest")
        self.page = page

    def id(self):
        return str(self.page.relative_to(SOURCE))

    __str__ = id

    def setUp(self):
        if not PYTHON.exists():
            self.skipTest(f"{PYTHON} is not there; scripts/setup installs it, with the packages that programs of pages need")
        if not FASHION_MNIST.is_dir() and "fashion-mnist" in self.page.read_text():
            self.skipTest(f"{FASHION_MNIST} is not there; Debian's package dataset-fashion-mnist brings it")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="page-", dir=base()))
        shutil.copytree(base() / "holiday", self.folder / "holiday")  # which `find` would not enter through a link
        for entry in base().iterdir():
            if entry.name not in ("holiday", "trained") and not entry.name.startswith("page-"):
                (self.folder / entry.name).symlink_to(entry)
        self.python_folder = self.folder
        self.environment = environment_in(self.folder)
        self.printed = None  # by the last block of commands; None where nothing was run
        self.train_what_the_page_needs()
        if self.page == MODEL_PAGE:
            self.python_folder = self.folder / "runs" / "mine" / "latest" / "model"
            shutil.copy(next((base() / "photos" / "test").rglob("*.png")), self.python_folder / "image.png")

    def train_what_the_page_needs(self):
        """Runs of other pages' files that this page names and does not train itself."""
        text = self.page.read_text()
        for name, source in (("mine", "own_images.md"), ("tune", "search_settings.md")):
            if f"runs/{name}" in text and not re.search(rf"dha run {name}.json( --parallel \d+)?\n", text):
                shutil.copytree(trained(source, name), self.folder / "runs" / name, symlinks=True)

    def runTest(self):
        for block in blocks(self.page):
            check = getattr(self, f"check_{block.language}", None)
            with self.subTest(block.place(self.page)):
                self.assertIn(block.language, LANGUAGES)
                if check:
                    check(block)

    def shell(self, command):
        done = subprocess.run([*SHELL, command], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stderr + done.stdout

    def check_sh(self, block):
        run_here = [command for command in commands(block.text) if not is_elsewhere(command)]
        self.printed = self.shell("\n".join(run_here)) if run_here else None

    def check_text(self, block):
        """Each line of the page is printed. "…" stands for the rest of a line."""
        if self.printed is None:
            return
        printed = masked(self.printed)
        for line in masked(block.text):
            shown = re.compile(re.escape(line).replace("\\ …", ".*").replace("…", ".*"))
            self.assertTrue(any(shown.fullmatch(one) for one in printed), f"{line}\n{self.printed}")

    def check_json(self, block):
        """A file is kept for the commands that follow."""
        name = file_named_before(self.page, block)
        for pipeline in pipelines_of(block.text):
            file = self.folder / (name or "snippet.json")
            file.unlink(missing_ok=True)  # which may be a link to that of another page
            file.write_text(json.dumps(pipeline) if isinstance(pipeline, dict) else pipeline)
            done = subprocess.run([DHA, "validate", "--json", file], capture_output=True, text=True, env=self.environment)
            self.assertEqual(done.returncode, 0, f"{block.text}\n{done.stderr}")
            kept_pipeline(file, base() / "cache").write_text(done.stdout)

    def check_python(self, block):
        name = file_named_before(self.page, block)
        if name:
            (self.folder / name).write_text(block.text)
            return
        done = subprocess.run([PYTHON, "-B", "-c", block.text], cwd=self.python_folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(done.stdout, "")

    def check_cpp(self, block):
        if "onnxruntime" not in block.text:
            for piece in re.split(r"\n\n(?! )", block.text):
                self.assertIn(squeezed(piece), compiled_sources())
            return
        stand_in = pathlib.Path(__file__).parent / "stand_in"
        subprocess.run(["g++", "-std=c++20", "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", f"-I{stand_in}", "-"], check=True,
                       input=block.text, text=True)
        self.check_program_of_the_model(block)

    def check_javascript(self, block):
        """onnxruntime-web is not installed, so the program is parsed and compared, not run."""
        self.check_program_of_the_model(block)
        if shutil.which("node"):
            file = self.folder / "program.mjs"
            file.write_text(block.text)
            subprocess.run(["node", "--check", file], check=True)

    def check_program_of_the_model(self, block):
        """The same program as in the README that dha writes next to a model."""
        programs = [masked(text) for text in re.findall(r"^```\w+\n(.*?)^```", (self.python_folder / "README.md").read_text(),
                                                        flags=re.M | re.S)]
        self.assertIn(masked(block.text), programs)

    def check_cmake(self, block):
        self.assertTrue((SOURCE / "examples" / "plugin" / "CMakeLists.txt").read_text().startswith(block.text))


LANGUAGES = {"", "sh", "text", "json", "python", "cpp", "javascript", "cmake"}


def squeezed(code):
    return re.sub(r"\s+", " ", code).replace("dha::", "").strip()


@functools.cache
def compiled_sources():
    folders = ("tests/docs/plugins", "tests/fixtures/search", "examples/plugin/src", "plugins")
    return "\n".join(squeezed(file.read_text()) for folder in folders for file in sorted((SOURCE / folder).rglob("*.cpp")))


def pipelines_of(text):
    """The pipelines that a snippet of JSON is, or is a part of: keys of a file or of a stage, or a list of stages."""
    if "…" in text or "\n...\n" in text:
        return []
    whole = without_comments(text)
    if re.match(r"\s*\{.*\"(stages|extends)\"", whole, flags=re.S):
        return [text]
    if re.match(r"\s*\{", whole):
        return [around(stages=json.loads(f"[{whole}]"))]
    part = json.loads(f"{{{whole}}}")
    keys = {"dataset", "device", "deterministic", "precision", "graph", "seed"}
    if part.keys() <= keys:
        return [around(**part)]
    if "acme." in text:
        return []  # a plugin that tests/install builds
    stage = {"name": "search", "epochs": 1, "space": {"use": "dha.cell"}, "hyper": {"use": "dha.sgd"}, **part}
    if "searcher" not in part and "architecture" not in part and "trials" not in part:
        stage["searcher"] = {"use": "dha.ista"}
    return [around(stages=[stage])]


def without_comments(text):
    return re.sub(r"(?m)^\s*//.*$", "", text)


def around(**keys):
    stages = [{"name": "search", "epochs": 1, "space": {"use": "dha.cell"}, "searcher": {"use": "dha.ista"}, "hyper": {"use": "dha.sgd"}}]
    return {"name": "snippet", "dataset": {"use": "dha.image_folder", "path": "photos", "size_px": 32}, "stages": stages, **keys}


class ListsTest(unittest.TestCase):
    """This test itself: what it leaves to others is there."""

    def lines(self):
        return [command for page in pages() for block in blocks(page) if block.language == "sh"
                for command in commands(block.text)]

    def test_commands_that_run_elsewhere(self):
        lines = self.lines()
        for pattern, place in ELSEWHERE:
            with self.subTest(pattern):
                self.assertTrue(any(re.fullmatch(pattern, line) for line in lines), "no page has such a command")
                if re.fullmatch(r"[\w./-]+", place) and "/" in place:
                    self.assertTrue((SOURCE / place).exists(), place)

    def test_targets_of_make_exist(self):
        targets = re.findall(r"^([\w-]+):", (SOURCE / "Makefile").read_text(), flags=re.M)
        named = {name for page in pages() for name in re.findall(r"(?:^|[`= ])make ([a-z][\w-]+)(?=[`\s])", page.read_text(), flags=re.M)
                 if f"`make {name}" in page.read_text() or f"\nmake {name}" in page.read_text()}
        self.assertGreater(len(named), 8)
        for name in named:
            with self.subTest(name):
                self.assertIn(name, targets)

    def test_commands_of_the_reference_exist(self):
        page = (DOCS / "reference" / "commands.md").read_text()
        described = re.findall(r"^\| `dha (\w+)", page, flags=re.M)
        helped = subprocess.run([DHA, "help"], capture_output=True, text=True, check=True).stdout
        verbs = re.findall(r"^  (\w+) ", helped, flags=re.M)
        self.assertGreater(len(verbs), 12)
        self.assertEqual(set(described), set(verbs) - {"help"})

    def test_numbers_are_masked(self):
        self.assertEqual(masked("search  1  1m 09s  405  75.62 %\n in /home/you/dha/runs/x/2026-11-29-194418-s1"),
                         ["search # TIME # #%", "in runs/x/TIME"])


def load_tests(loader, tests, pattern):
    """components.md is left out: tests/cli/reference_test.py has the examples of all components."""
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(ListsTest))
    suite.addTests(Page(page) for page in pages() if page != DOCS / "reference" / "components.md")
    return suite


if __name__ == "__main__":
    unittest.main()
