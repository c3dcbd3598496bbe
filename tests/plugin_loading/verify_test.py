"""`dha verify`: every built plugin passes every check, and for each check there is a plugin that fails it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = pathlib.Path(sys.argv.pop(1))
FIXTURES = BUILD / "fixtures"

# Fixture -> the checks that it fails, with a part of what is said.
FAULTS = {
    "verification/slow_to_load": {"library.load_time": "of processor time"},
    "verification/changes_process": {
        "library.process_state": "C locale, default type of tensors, rounding mode, state of LibTorch's default "
                                 "generator, threads within operators"},
    "verification/second_entry_differs": {"library.entry": "another descriptor"},
    "verification/no_help": {"component.texts": "'depth' has no help text"},
    "verification/dies_in_create": {"component.defaults": "ends the process by signal 6",
                                    "component.memory": "ends the process by signal 6"},
    "verification/exits_in_create": {"component.defaults": "ends the process with status 0",
                                     "component.memory": "ends the process with status 0"},
    "verification/fails_at_a_boundary": {"component.boundaries": 'with {"depth":9}: fixture.fails_at_a_boundary'},
    "verification/fails_at_a_choice": {"component.boundaries": 'with {"mode":"z"}: fixture.fails_at_a_choice'},
    "verification/fails_at_a_listed_integer": {
        "component.boundaries": 'with {"side":5}: fixture.fails_at_a_listed_integer'},
    "verification/leaks": {"component.memory": "32 bytes in use"},
    "deadly/throws_in_static_init": {"library.loads": "ends the process with status 3"},
    "plugins/wrong_torch": {"library.loads": "incompatible: built against"},
    "plugins/throws_std": {"component.defaults": "thrown by a constructor",
                           "component.memory": "thrown by a constructor"},
}


def verify(*arguments):
    return subprocess.run([BUILD / "dha", "verify", *arguments], capture_output=True, text=True, timeout=120)


def checks_of(*arguments):
    done = verify(*arguments, "--json")
    return done, json.loads(done.stdout)["checks"]


def is_open_elsewhere(name):
    for link in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == name and link.parts[2] != str(os.getpid()):
                return True
        except OSError:
            pass  # that process or file is no more
    return False


def is_memory_counted():
    """Not where a sanitizer has its own allocator."""
    _, checks = checks_of(FIXTURES / "plugins" / "good.so", "--include", "component.memory")
    return checks[0]["status"] != "skipped"


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uncounted = set() if is_memory_counted() else {"component.memory"}

    def test_every_built_plugin_passes(self):
        plugins = sorted(BUILD.glob("plugins/*/*.so"))
        required = {"dha.idx": {"path": "/"}, "dha.cifar": {"path": "/", "classes": 10}, "dha.image_folder": {"path": "/"},
                    "dha.imagenet": {"path": "/"}, "dha.architecture": {"genotype_file": "/dev/null"}}
        given = [f"--params={name}={json.dumps(params)}" for name, params in required.items()]
        done, checks = checks_of(*plugins, *given)
        kernels = {str(file) for file in plugins if file.stem.endswith("_cuda")}
        wrong = [check for check in checks if check["status"] != "passed" and check["check"] not in self.uncounted
                 and check["file"] not in kernels]
        self.assertEqual(wrong, [])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({check["file"] for check in checks}, {str(file) for file in plugins})

    def test_a_library_of_kernels_is_no_plugin(self):
        with tempfile.TemporaryDirectory() as folder:
            kernels = pathlib.Path(folder, "good_cuda.so")
            shutil.copy(FIXTURES / "plugins" / "no_entry.so", kernels)
            done, _ = checks_of(kernels)
            self.assertEqual(done.returncode, 4)
            shutil.copy(FIXTURES / "plugins" / "good.so", folder)
            done, checks = checks_of(kernels)
            self.assertEqual(done.returncode, 0)
            self.assertEqual([(check["status"], check["reason"]) for check in checks],
                             [("skipped", "it has the CUDA kernels of good.so")])

    def test_a_process_that_a_plugin_starts_is_ended(self):
        with tempfile.NamedTemporaryFile() as file:
            os.environ["DHA_FIXTURE_FILE"] = file.name
            done, checks = checks_of(FIXTURES / "verification" / "starts_a_process.so", "--include", "texts|defaults")
            del os.environ["DHA_FIXTURE_FILE"]
            self.assertEqual([check["status"] for check in checks], ["passed", "passed"])
            self.assertEqual(done.stderr, "")
            deadline = time.monotonic() + 10
            while is_open_elsewhere(file.name) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertFalse(is_open_elsewhere(file.name))

    def test_each_fault_is_found_by_its_check(self):
        for name, faults in FAULTS.items():
            with self.subTest(fixture=name):
                # Linked by hand, all but throws_std export what dha_add_plugin() would hide.
                done, checks = checks_of(FIXTURES / f"{name}.so", "--include", "^(?!library.exports)")
                found = {check["check"]: check["reason"] for check in checks if check["status"] == "failed"}
                self.assertEqual(set(found), set(faults) - self.uncounted)
                for check, reason in found.items():
                    self.assertIn(faults[check], reason)
                self.assertEqual(done.returncode, 4 if found else 0)

    def test_symbols_beside_the_entry_are_named(self):
        done = verify(FIXTURES / "plugins" / "duplicate_id_first.so")
        self.assertEqual(done.returncode, 4)
        self.assertRegex(done.stdout, r"FAILED +library.exports: it exports 2 more symbols, such as _ZN3dha7fixture")

    def test_every_check_has_a_plugin_that_fails_it(self):
        listed = verify(FIXTURES / "plugins" / "good.so", "--list").stdout
        checks = {re.match(r"[a-z_.]+", line)[0] for line in listed.splitlines()}
        self.assertEqual(checks, {check for faults in FAULTS.values() for check in faults} | {"library.exports"})

    def test_a_plugin_that_is_not_accepted_is_not_opened_again(self):
        _, checks = checks_of(FIXTURES / "deadly" / "throws_in_static_init.so")
        skipped = [check["check"] for check in checks if check["status"] == "skipped"]
        self.assertEqual(skipped, ["library.load_time", "library.process_state", "library.entry"])

    def test_parameters_that_are_missing_are_asked_for(self):
        plugin = BUILD / "plugins" / "datasets" / "idx.so"
        done = verify(plugin)
        self.assertEqual(done.returncode, 0)
        self.assertIn("lacks 'path'", done.stdout)
        self.assertIn("give it with --params 'dha.idx={…}'", done.stdout)
        self.assertIn("6 passed, 0 failed, 3 skipped", done.stdout)
        done = verify(plugin, '--params=dha.idx={"path": 3}')
        self.assertEqual(done.returncode, 4)
        self.assertIn("the parameters that were given are refused", done.stdout)

    def test_in_process_tells_the_same_but_for_what_a_first_loading_shows(self):
        plugin = FIXTURES / "plugins" / "throws_std.so"
        _, apart = checks_of(plugin)
        _, together = checks_of(plugin, "--in-process")
        differing = [b["check"] for a, b in zip(apart, together, strict=True) if a != b]
        self.assertEqual(differing, ["library.load_time", "library.process_state"])

    def test_usage(self):
        good = FIXTURES / "plugins" / "good.so"
        with tempfile.TemporaryDirectory() as folder:
            for arguments, text in (([], "missing plugin file"), ([folder], "is not a file"),
                                    ([good, "--include", "("], "is not a regular expression"),
                                    ([good, "--include", "nothing"], "matches no check"),
                                    ([good, "--params", "fixture.good"], "is not of the form ID="),
                                    ([good, "--params", "fixture.god={}"],
                                     "names 'fixture.god', expected a component of the files: fixture.good")):
                with self.subTest(arguments=arguments):
                    done = verify(*arguments)
                    self.assertEqual(done.returncode, 2)
                    self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
