"""Every family of searchers as whole pipelines: killed, resumed, evaluated, several trials at a time; the same bytes each time.

The components are the example plugins of tests/fixtures/search.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from support import BUILD, DHA, CommandLineTest, small_pipeline, without_measures, without_time, write_idx

PLUGINS = ["--plugin-path", BUILD / "fixtures" / "search"]


def architecture(space_nodes=4):
    """A genotype of the small cell space: each node reads its two first inputs."""
    cell = [["sep_conv_3x3", 0], ["skip_connect", 1]] * space_nodes
    concat = list(range(2, 2 + space_nodes))
    return {"normal": cell, "normal_concat": concat, "reduce": cell, "reduce_concat": concat}


class SearchTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)

    def pipeline(self, *stages):
        """small_pipeline() with its search stage changed by each of `stages` in turn; None takes a key away."""
        base = small_pipeline(self.data)
        search = base["stages"][0]
        base["stages"] = []
        for change in stages:
            stage = {**search, "validation_fraction": 0.25, **change}
            base["stages"].append({key: value for key, value in stage.items() if value is not None})
        return base

    def trials(self, use, count, name="study", **more):
        trials = {"use": use, "count": count, **more.pop("trials", {})}
        return {"name": name, "epochs": 1, "searcher": None, "hyper": {"use": "dha.sgd"}, "trials": trials, **more}

    def run_whole(self, pipeline, out="whole", *options):
        self.dha("run", self.write_pipeline(pipeline, f"{out}.json"), "--out", out, *PLUGINS, *options)
        return self.run_folder(out=out)

    def run_killed(self, pipeline, out, moments, *options):
        """Kills the run once for each of `moments`, conditions on its folder, and resumes it to its end."""
        file = self.write_pipeline(pipeline, f"{out}.json")
        command = ["run", file, "--out", out]
        for moment in moments:
            process = subprocess.Popen([DHA, *map(str, [*command, *PLUGINS, *options])], cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            deadline = time.monotonic() + 120
            while process.poll() is None and time.monotonic() < deadline:
                runs = list((self.folder / out).glob("small/*/pipeline.json"))
                if runs and moment(self.run_folder(out=out)):
                    process.kill()
                time.sleep(0.002)
            _, errors = process.communicate()
            self.assertEqual(process.returncode, -signal.SIGKILL, errors)
            command = ["resume", self.run_folder(out=out)]
        self.dha(*command, *PLUGINS, *options)
        return self.run_folder(out=out)

    def outcomes(self, run, stage="study"):
        found = {}
        for file in (run / "stages" / stage / "trials").glob("*/outcome.json"):
            outcome = json.loads(file.read_text())
            self.assertEqual(outcome["id"], int(file.parent.name))
            self.assertGreaterEqual(outcome.pop("seconds"), 0)
            found[outcome["id"]] = outcome
        return found

    def assert_same_study(self, whole, run, stage="study"):
        self.assert_same_run(whole, run)
        self.assertEqual(self.outcomes(whole, stage), self.outcomes(run, stage))
        self.assertEqual(*((folder / "stages" / stage / "outcomes.json").read_bytes() for folder in (whole, run)))

    # A search that samples a path per step and learns from rewards.

    def test_a_sampling_search_ends_in_the_same_bytes(self):
        hyper = {"use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "weight_decay": [1e-4, 5e-4], "probe": "batch"}
        pipeline = self.pipeline({"searcher": {"use": "test.path_sampler"}, "hyper": hyper, "epochs": 3},
                                 {"name": "final", "epochs": 1, "searcher": None, "hyper": {"use": "dha.sgd"},
                                  "from": "search", "carry": ["architecture"]})
        pipeline["checkpoint_every_steps"] = 1
        whole = self.run_whole(pipeline)
        run = self.run_killed(pipeline, "killed", [
            lambda run: (run / "checkpoints" / "search-0000.000002.safetensors").exists(),
            lambda run: (run / "checkpoints" / "search-0002.000001.safetensors").exists()])
        self.assert_same_run(whole, run)
        again = self.run_whole(pipeline, "again", "--set", "stages.search.evaluate_every=3")
        for name in ("model/weights.safetensors", "architecture.json"):  # whatever is evaluated, and however often
            self.assertEqual((whole / name).read_bytes(), (again / name).read_bytes(), name)

    def test_an_evaluation_of_a_sampling_search_is_of_its_architecture(self):
        run = self.run_whole(self.pipeline({"searcher": {"use": "test.path_sampler"}, "hyper": {"use": "dha.sgd"}}))
        summary = json.loads((run / "summary.json").read_text())
        for _ in range(2):
            measured = json.loads(self.dha("eval", run, "--json", *PLUGINS)[0])
            self.assertEqual(measured["accuracy"], summary["test_accuracy"])
            self.assertEqual(measured["loss"], summary["test_loss"])

    def test_a_sampling_search_needs_validation_images(self):
        pipeline = self.pipeline({"searcher": {"use": "test.path_sampler"}, "validation_fraction": 0})
        _, errors = self.dha("run", self.write_pipeline(pipeline), *PLUGINS, status=2)
        self.assertIn("/stages/0/searcher", errors)
        self.assertIn("test.path_sampler needs validation images", errors)
        self.assertFalse(list(self.folder.glob("runs/small/*/stages.json")))

    # Searches by gradients of validation images.

    def gradient_stages(self):
        """Search stages by method, each of which ends in a lean network."""
        space = {"use": "dha.cell", "channels": 4, "cells": 3, "nodes": 2, "auxiliary_weight": 0, "candidate_affine": "none",
                 "operations": ["none", "max_pool_3x3", "skip_connect", "sep_conv_3x3"]}
        common = {"space": space, "augment": [{"use": "dha.flip"}], "hyper": {"use": "dha.sgd"}}
        final = {"name": "final", "epochs": 1, "searcher": None, "hyper": None, "augment": None, "space": None,
                 "validation_fraction": None, "carry": ["architecture"]}
        progressive = [
            {**common, "name": f"stage{i}", "searcher": {"use": "dha.pdarts", "drop": drop, "warm_up_epochs": 1},
             "space": {**space, "cells": 2 + i, "skip_dropout": 0.3 * i, "skip_dropout_warm_up_epochs": 1},
             **({"from": f"stage{i - 1}", "carry": ["searcher"]} if i > 0 else {})} for i, drop in enumerate((1, 1, 0))]
        return {
            "darts1": [{**common, "searcher": {"use": "dha.darts", "order": 1}}, {**final, "from": "search"}],
            "darts2": [{**common, "searcher": {"use": "dha.darts"}}, {**final, "from": "search"}],
            "proxyless": [{**common, "searcher": {"use": "dha.proxyless", "warm_up_epochs": 1, "architecture_interval": 2}},
                          {**final, "from": "search"}],
            "pdarts": [*progressive, {**final, "from": "stage2"}],
        }

    def test_searches_by_gradients_end_in_the_same_bytes(self):
        for method, stages in self.gradient_stages().items():
            with self.subTest(method):
                pipeline = self.pipeline(*stages)
                pipeline["checkpoint_every_steps"] = 1
                whole = self.run_whole(pipeline, f"{method}_whole")
                last = stages[-2].get("name", "search")
                run = self.run_killed(pipeline, f"{method}_killed", [
                    lambda run: list((run / "checkpoints").glob(f"{last}-0001.00000[12]*"))])
                self.assert_same_run(whole, run)

    def test_stages_of_a_progressive_search_run_what_the_one_before_left(self):
        run = self.run_whole(self.pipeline(*self.gradient_stages()["pdarts"]))
        executed = []
        for i in range(3):
            file = max((run / "checkpoints").glob(f"stage{i}-*.safetensors"))
            header = file.read_bytes()
            header = json.loads(header[8:8 + int.from_bytes(header[:8], "little")])["__metadata__"]
            state = next(json.loads(text) for text in header.values() if '"searcher"' in text)
            executed.append(json.loads(state["searcher"]["state"])["open"])
        sizes = [[len(choice) for choice in stage] for stage in executed]
        self.assertEqual(sizes, [[edges * left for edges in (2, 3, 2, 3)] for left in (4, 3, 2)])
        for before, after in zip(executed, executed[1:]):
            for wide, narrow in zip(before, after):
                self.assertLess(set(narrow), set(wide))
        found = json.loads((run / "architecture.json").read_text())
        names = ["none", "max_pool_3x3", "skip_connect", "sep_conv_3x3"]
        for cell, first in (("normal", 0), ("reduce", 2)):
            kept = [[names[k % 4], k // 4] for node in executed[2][first:first + 2] for k in node]
            for edge in found[cell]:
                self.assertIn(edge, kept)
        self.assertLessEqual(sum(name == "skip_connect" for name, _ in found["normal"]), 2)

    # Trials over settings alone.

    def settings_pipeline(self, **more):
        return self.pipeline(self.trials("test.settings", 3, architecture=architecture(), **more))

    def test_settings_alone_are_searched(self):
        run = self.run_whole(self.settings_pipeline())
        outcomes = self.outcomes(run)
        self.assertEqual(sorted(outcomes), [0, 1, 2])
        for outcome in outcomes.values():
            self.assertEqual(outcome["status"], "finished")
            self.assertEqual(outcome["architecture"], architecture())
            self.assertLessEqual({"/batch_size", "/drop_path", "/hyper/learning_rate"}, set(outcome["settings"]))
            self.assertGreater(outcome["costs"]["parameters"], 0)
            self.assertEqual(outcome["epochs"], 1)
            self.assertIsInstance(outcome["validation_accuracy"], float)
            self.assertIsInstance(outcome["validation_loss"], float)
        for id, outcome in outcomes.items():
            trained = json.loads((run / "stages" / "study" / "trials" / str(id) / "pipeline.json").read_text())
            self.assertEqual(trained["stages"][0]["batch_size"], outcome["settings"]["/batch_size"])
        measured = json.loads(self.dha("eval", run, "--json", *PLUGINS)[0])
        self.assertEqual(measured["accuracy"], json.loads((run / "summary.json").read_text())["test_accuracy"])

    def test_the_stage_s_own_architecture_may_come_from_elsewhere(self):
        given = self.run_whole(self.settings_pipeline())
        by_searcher = self.run_whole(self.pipeline(self.trials(
            "test.settings", 3, searcher={"use": "dha.architecture", "genotype": architecture()})), "searcher")
        self.assertEqual(self.outcomes(given), self.outcomes(by_searcher))
        carried = self.run_whole(self.pipeline({"hyper": {"use": "dha.sgd"}, "epochs": 1}, self.trials(
            "test.settings", 2, **{"from": "search", "carry": ["architecture"]})), "carried")
        found = json.loads((carried / "stages.json").read_text())["stages"][0]["architecture"]
        self.assertTrue(all(outcome["architecture"] == found for outcome in self.outcomes(carried).values()))

    def test_trials_give_the_same_however_many_train_at_a_time(self):
        whole = self.run_whole(self.settings_pipeline(trials={"threads": 1}))
        at_once = self.run_whole(self.settings_pipeline(trials={"threads": 1}), "parallel", "--parallel", "3")
        self.assert_same_study(whole, at_once)
        killed = self.run_killed(self.settings_pipeline(trials={"threads": 1}), "killed", [
            lambda run: len(list(run.glob("stages/study/trials/*/trial.json"))) >= 2,
            lambda run: len(list(run.glob("stages/study/trials/*/outcome.json"))) >= 1], "--parallel", "2")
        self.assert_same_study(whole, killed)

    # What trials found holds in the stages that follow.

    def study_and_final(self, final, **study):
        ranges = {"/hyper/learning_rate": [0.01, 0.2], "/gradient_clip": [0.5, 2], "/batch_size": [8, 24]}
        return self.pipeline(
            self.trials("dha.random", 3, architecture=architecture(), augment=[],
                        trials={"over": ["settings"], "keep": 2, "threads": 1, "ranges": ranges, **study.pop("trials", {})},
                        **study),
            {"name": "final", "epochs": 2, "searcher": None, "hyper": None, "augment": None, "space": None,
             "batch_size": None, "log_every": None, "validation_fraction": None, "from": "study", **final})

    def stages(self, run):
        return json.loads((run / "stages.json").read_text())["stages"]

    def log_lines(self, run, text):
        return [line for line in (run / "log.txt").read_text().splitlines() if text in line]

    def test_the_settings_of_the_picked_trial_hold_in_the_next_stages(self):
        more = {"name": "more", "epochs": 1, "from": "final", "carry": ["weights", "momentum"],
                "architecture": architecture()}
        pipeline = self.study_and_final({"carry": ["architecture"], "batch_size": 10})
        pipeline["stages"].append(more)
        whole = self.run_whole(pipeline)
        best, found = self.stages(whole)[0], {}
        for id, outcome in self.outcomes(whole).items():
            found[id] = outcome["settings"]
        settings = found[best["outcomes"][0]["trial"]]
        self.assertLessEqual({"/batch_size", "/gradient_clip", "/hyper/learning_rate"}, set(settings))
        self.assertEqual([one["settings"] for one in best["outcomes"]], [found[one["trial"]] for one in best["outcomes"]])
        summary = json.loads((whole / "summary.json").read_text())["stages"]
        self.assertEqual((summary[0]["trial"], summary[0]["settings"]), (best["outcomes"][0]["trial"], settings))
        taken = {pointer: value for pointer, value in settings.items() if pointer != "/batch_size"}
        for stage in (1, 2):
            self.assertEqual(summary[stage]["settings"], taken)
            self.assertNotIn("trial", summary[stage])
        line, = self.log_lines(whole, "stage 'final' takes ")
        self.assertIn(f"/gradient_clip = {settings['/gradient_clip']}", line)
        self.assertIn(f"from trial {best['outcomes'][0]['trial']} of stage 'study'; not taken: /batch_size", line)
        self.assertEqual(len(self.log_lines(whole, "stage 'more' takes ")), 1)

        by_hand = json.loads((whole / "pipeline.json").read_text())  # with the values in the file
        self.assertEqual(by_hand["stages"][1]["keep_settings"], ["/batch_size"])
        for stage in by_hand["stages"][1:]:
            del stage["keep_settings"]  # so that all that stands in the file is the stage's own
            for pointer, value in taken.items():
                *above, key = pointer.split("/")[1:]
                (stage[above[0]] if above else stage)[key] = value
        written = self.run_whole(by_hand, "by_hand")
        self.assertEqual(self.log_lines(written, "stage 'final' takes /"), [])
        for name in ("model/weights.safetensors", "hyper.csv"):
            self.assertEqual((whole / name).read_bytes(), (written / name).read_bytes(), name)

        again = self.run_whole(json.loads((whole / "pipeline.json").read_text()), "again")
        self.assert_same_study(whole, again)
        killed = self.run_killed(pipeline, "killed", [
            lambda run: list(run.glob("checkpoints/final-0001*")), lambda run: list(run.glob("checkpoints/more-0000*"))
            or (run / "checkpoints" / "final-0002.safetensors").exists()])
        self.assert_same_study(whole, killed)
        self.assertEqual(len(self.log_lines(killed, "stage 'final' takes ")), 1)

    def test_settings_of_the_pipeline_s_text_and_of_the_command_line_win(self):
        pipeline = self.study_and_final({"carry": ["architecture"], "pick": 1, "hyper": {"learning_rate": 0.03}})
        run = self.run_whole(pipeline, "runs", "--set", "stages.final.gradient_clip=3")
        study, final = self.stages(run)
        settings = study["outcomes"][1]["settings"]
        self.assertNotEqual(settings, study["outcomes"][0]["settings"])
        self.assertEqual(final["settings"], {key: value for key, value in settings.items()
                                             if key not in ("/gradient_clip", "/hyper/learning_rate")})
        resolved = json.loads((run / "pipeline.json").read_text())["stages"][1]
        self.assertEqual(resolved["keep_settings"], ["/hyper/learning_rate", "/gradient_clip"])
        self.assertEqual(json.loads(self.dha("eval", run, "--json")[0])["accuracy"],
                         json.loads((run / "summary.json").read_text())["test_accuracy"])
        # A resolved file keeps what another --set says.
        out, _ = self.dha("validate", run / "pipeline.json", "--json", "--set", "stages.final.drop_path=0.1")
        self.assertEqual(json.loads(out)["pipeline"]["stages"][1]["keep_settings"],
                         ["/hyper/learning_rate", "/gradient_clip", "/drop_path"])

    def test_each_outcome_is_continued_with_its_own_settings(self):
        run = self.run_whole(self.study_and_final({"carry": ["architecture"], "pick": "each", "validation_fraction": 0.25}))
        study, final = self.stages(run)
        continued = self.outcomes(run, "final")
        self.assertEqual([continued[i]["settings"] for i in range(2)], [one["settings"] for one in study["outcomes"]])
        self.assertNotEqual(continued[0]["settings"], continued[1]["settings"])
        self.assertEqual(final["settings"], continued[final["outcomes"][0]["trial"]]["settings"])

    def test_a_setting_holds_through_trials_that_start_from_others(self):
        pipeline = self.pipeline(
            self.trials("fixture.repeats", 2, augment=[]),
            {"name": "final", "epochs": 1, "searcher": None, "hyper": None, "augment": None, "space": None,
             "from": "study", "carry": ["architecture"]})
        self.dha("run", self.write_pipeline(pipeline), "--plugin-path", BUILD / "fixtures" / "plugins" / "repeats.so")
        study, final = self.stages(self.run_folder())
        self.assertEqual(study["outcomes"][0]["trial"], 1)
        self.assertEqual((study["settings"], final["settings"]), ({"/hyper/learning_rate": 0.0125},) * 2)
        rates = {row.split(",")[4] for row in (self.run_folder() / "hyper.csv").read_text().splitlines()
                 if row.startswith("final,1,") and ",learning_rate," in row}
        self.assertEqual({float(rate) for rate in rates}, {0.0125})  # where the file says another

    def test_what_a_stage_keeps_is_checked(self):
        for kept, reason in ((["/hyperr/learning_rate"], "/stages/1/keep_settings/0 is no parameter that trials may set"),
                             ("/hyper", "/stages/1/keep_settings must be")):
            pipeline = self.study_and_final({"carry": ["architecture"], "keep_settings": kept})
            _, errors = self.dha("validate", self.write_pipeline(pipeline), status=2)
            self.assertIn(reason, errors)
        pipeline = self.pipeline({"keep_settings": ["/hyper"]})
        _, errors = self.dha("validate", self.write_pipeline(pipeline), status=2)
        self.assertIn("/stages/0/keep_settings needs 'from', a stage of trials", errors)

    # Trials that inherit weights.

    def test_weights_are_inherited_from_a_search_and_from_a_parent(self):
        pipeline = self.pipeline({"hyper": {"use": "dha.sgd"}, "epochs": 1},
                                 self.trials("test.inherit", 4, trials={"stage": "search", "population": 2}))
        whole = self.run_whole(pipeline)
        logs = [(whole / "stages" / "study" / "trials" / str(id) / "log.txt").read_text() for id in range(4)]
        taken = [re.search(r"starts with (\d+) of its (\d+) weights from '(\w+)'", log).groups() for log in logs]
        for id, (count, all_weights, stage) in enumerate(taken):
            self.assertEqual(stage, "search" if id < 2 else "study")
            if id < 2:
                self.assertEqual(count, all_weights)  # shared weights hold every architecture
            else:
                self.assertGreater(int(count), int(all_weights) // 2)
                self.assertLess(int(count), int(all_weights))  # one operation is new
        run = self.run_killed(pipeline, "killed", [
            lambda run: (run / "stages" / "study" / "trials" / "1" / "trial.json").exists(),
            lambda run: (run / "stages" / "study" / "trials" / "2" / "outcome.json").exists()])
        self.assert_same_study(whole, run)

    # A Pareto front.

    def continued(self, run, stage, name):
        """A copy of a finished run that has another stage to go."""
        copy = self.folder / name
        shutil.copytree(run, copy)
        pipeline = json.loads((copy / "pipeline.json").read_text())
        pipeline["stages"].append(self.pipeline(stage)["stages"][0])
        (copy / "pipeline.json").write_text(json.dumps(pipeline))
        return copy

    def test_a_front_is_continued_with_each_of_its_outcomes(self):
        study = self.trials("test.front", 6, epochs=2, augment=[], hyper={"use": "dha.sgd", "learning_rate": 0.1},
                            trials={"threads": 1, "parallel": 2})
        final = {"name": "final", "epochs": 1, "searcher": None, "hyper": {"use": "dha.sgd"}, "from": "study",
                 "carry": ["architecture"], "pick": "each"}
        pipeline = self.pipeline(study, final)
        whole = self.run_whole(pipeline)
        front = json.loads((whole / "stages" / "study" / "front.json").read_text())
        outcomes = json.loads((whole / "stages" / "study" / "outcomes.json").read_text())
        self.assertEqual([point["trial"] for point in front], [outcome["id"] for outcome in outcomes])
        self.assertEqual(len(front), 3)
        for point in front:
            file = whole / "stages" / "study" / "architectures" / f"{point['trial']}.json"
            self.assertEqual(json.loads(file.read_text()), point["architecture"])
        trained = self.outcomes(whole, "final")
        self.assertEqual([trained[i]["architecture"] for i in range(len(front))], [point["architecture"] for point in front])
        run = self.run_killed(pipeline, "killed", [
            lambda run: (run / "stages" / "study" / "trials" / "3" / "trial.json").exists(),
            lambda run: (run / "stages" / "final" / "trials" / "1" / "trial.json").exists()])
        self.assert_same_study(whole, run)
        self.assert_same_study(whole, run, "final")
        alone = self.run_whole(self.pipeline(study), "alone")
        picked, none = (self.continued(alone, {**final, "pick": pick}, f"pick-{pick}") for pick in (1, 99))
        self.dha("resume", picked, *PLUGINS)
        self.assertEqual(json.loads((picked / "architecture.json").read_text()), front[1]["architecture"])
        _, errors = self.dha("resume", none, *PLUGINS, status=2)
        self.assertIn(f"picks outcome 99 of stage 'study', which has {len(front)}", errors)

    # Trials that are bred from the outcomes of earlier ones.

    def check_bred(self, use, more, **stage):
        """One worker and an undisturbed run, two workers and a kill: the same study."""
        pipeline = self.pipeline(self.trials(use, 6, trials={"threads": 1, **more}, **stage))
        whole = self.run_whole(pipeline)
        run = self.run_killed(pipeline, "killed", [
            lambda run: (run / "stages" / "study" / "trials" / "4" / "trial.json").exists()], "--parallel", "2")
        self.assert_same_study(whole, run)
        return whole

    def test_evolution(self):
        whole = self.check_bred("dha.evolution", {"over": ["architecture", "settings"], "population": 3, "max_open": 2,
                                                  "inherit": True})
        log = (whole / "stages" / "study" / "trials" / "5" / "log.txt").read_text()
        self.assertRegex(log, r"starts with \d+ of its \d+ weights from 'study'")

    def test_nsga_net(self):
        whole = self.check_bred("dha.nsga_net", {"population": 3, "offspring": 2, "inherit": True})
        front = json.loads((whole / "stages" / "study" / "front.json").read_text())["front"]
        outcomes = self.outcomes(whole)
        for point in front:
            self.assertEqual(point["validation_accuracy"], outcomes[point["id"]]["validation_accuracy"])
            self.assertEqual(point["multiply_adds"], outcomes[point["id"]]["costs"]["multiply_adds"])

    def test_tpe(self):
        self.check_bred("dha.tpe", {"startup": 3, "max_open": 2}, architecture=architecture())

    # dha.random over both.

    def random_pipeline(self, count=2, **more):
        return self.pipeline(self.trials("dha.random", count, trials={"over": ["architecture", "settings"], "threads": 1,
                                                                     **more}))

    def test_random_search_over_architectures_and_settings(self):
        run = self.run_whole(self.random_pipeline())
        outcomes = self.outcomes(run)
        self.assertNotEqual(outcomes[0]["architecture"], outcomes[1]["architecture"])
        self.assertNotEqual(outcomes[0]["settings"], outcomes[1]["settings"])
        self.assertIn("/batch_size", outcomes[0]["settings"])

    def test_a_finished_study_is_extended(self):
        whole = self.run_whole(self.random_pipeline(3))
        run = self.run_whole(self.random_pipeline(2), "extended")
        self.dha("resume", run, "--set", "stages.study.trials.count=3", *PLUGINS)
        self.assert_same_study(whole, run)
        self.assertEqual((whole / "pipeline.json").read_bytes(), (run / "pipeline.json").read_bytes())
        for change, reason in (("stages.study.trials.count=1", "can only grow"),
                               ("stages.study.epochs=5", "trains trials, and their epochs cannot change"),
                               ("seed=4", "accepts stages.NAME.epochs, stages.NAME.trials.count")):
            _, errors = self.dha("resume", run, "--set", change, *PLUGINS, status=2)
            self.assertIn(reason, errors)

    def test_ranges_of_the_file_hold(self):
        ranges = {"/batch_size": [8, 12], "/hyper/learning_rate": [0.01, 0.02]}
        run = self.run_whole(self.random_pipeline(2, ranges=ranges))
        for outcome in self.outcomes(run).values():
            for pointer, (low, high) in ranges.items():
                self.assertGreaterEqual(outcome["settings"][pointer], low)
                self.assertLessEqual(outcome["settings"][pointer], high)

    def test_constraints_exclude_trials(self):
        study = self.trials("test.front", 4, constraints="params < 1")
        _, errors = self.dha("run", self.write_pipeline(self.pipeline(study)), *PLUGINS, status=1)
        self.assertIn("none of its 4 trials finished", errors)
        run = self.run_folder()
        for outcome in self.outcomes(run).values():
            self.assertEqual(outcome["status"], "rejected")
            found = outcome["costs"]["parameters"]
            self.assertGreater(found, 1)
            sentence = ("its architecture violates the constraints of stage 'study': "
                        f"'params < 1' (parameters must be below 1, found {found:.0f})")
            self.assertEqual(outcome["error"], sentence)
            self.assertIn(f"trial {outcome['id']} is rejected: {sentence}", (run / "log.txt").read_text())
        self.assertIn("Trial 3: its architecture violates the constraints of stage 'study': 'params < 1'", errors)

    def test_a_search_that_cannot_keep_to_constraints_is_refused(self):
        pipeline = self.pipeline({"searcher": {"use": "test.path_sampler"}, "constraints": "params < 1G"})
        for verb in ("validate", "run"):
            _, errors = self.dha(verb, self.write_pipeline(pipeline), *PLUGINS, status=2)
            self.assertIn("/stages/0/constraints test.path_sampler does not keep to constraints, so stage 'search' may end in "
                          "an architecture that violates 'params < 1G'; remove the constraints or use another searcher", errors)

    def test_searches_say_how_they_keep_to_constraints_and_do(self):
        limit = "params < 3900"  # random architectures have 2,900 to 12,300, with a median of 7,800
        for use in ("dha.ista", "dha.darts", "dha.enas"):
            settings = {"dha.darts": {"order": 1}, "dha.enas": {"controller_steps": 1, "controller_samples": 1}}.get(use, {})
            pipeline = self.pipeline({"searcher": {"use": use, **settings}, "constraints": limit, "hyper": {"use": "dha.sgd"},
                                      "validation_fraction": 0.25, "epochs": 1})
            output, _ = self.dha("validate", self.write_pipeline(pipeline))
            self.assertIn(f"stage 'search', constraints '{limit}': {use} ", output)
            run = self.run_whole(pipeline, out=use)
            self.assertIn(f"constraints '{limit}': {use} ", (run / "log.txt").read_text())
            self.assertLess(json.loads((run / "summary.json").read_text())["stages"][0]["parameters"], 3900)

    def test_constraints_that_nothing_satisfies_are_refused(self):
        for use in ("dha.ista", "dha.darts", "dha.enas"):
            pipeline = self.pipeline({"searcher": {"use": use}, "constraints": "params < 1"})
            _, errors = self.dha("validate", self.write_pipeline(pipeline), status=2)
            self.assertIn("none of 1000 random architectures satisfies the stage's constraint on 'parameters'", errors)

    def test_a_search_that_breaks_its_promise_ends_the_run(self):
        pipeline = self.pipeline({"searcher": {"use": "test.careless"}, "constraints": "params < 1",
                                  "hyper": {"use": "dha.sgd"}, "epochs": 1})
        _, errors = self.dha("run", self.write_pipeline(pipeline), *PLUGINS, status=1)
        run = self.run_folder()
        found = json.loads((run / "architecture.json").read_text())
        self.assertIn("normal", found)
        for text in ("stage 'search': the architecture that test.careless found violates the stage's constraints: "
                     "'params < 1' (parameters must be below 1, found ", "start a new run with other constraints",
                     "architecture.json has this architecture", "checkpoints/search-0001.safetensors"):
            self.assertIn(text, errors)
        self.assertFalse((run / "model").exists())
        self.assertFalse((run / "stages.json").exists())
        _, again = self.dha("resume", run, *PLUGINS, status=1)
        self.assertIn("test.careless found violates", again)

    def test_an_architecture_that_is_given_or_carried_must_satisfy_the_constraints(self):
        given = self.pipeline({"searcher": None, "architecture": architecture(), "constraints": "params < 1"})
        for verb in ("validate", "run"):
            _, errors = self.dha(verb, self.write_pipeline(given), status=2)
            self.assertRegex(errors, r"/stages/0/constraints the architecture of stage 'search' violates 'params < 1' "
                                     r"\(parameters must be below 1, found \d+\); relax the constraints")
        self.assertFalse((self.folder / "runs").exists())
        carried = self.pipeline({"hyper": {"use": "dha.sgd"}, "epochs": 1},
                                {"name": "final", "from": "search", "carry": ["architecture"], "searcher": None,
                                 "constraints": "params < 1"})
        _, errors = self.dha("run", self.write_pipeline(carried), status=2)
        self.assertIn("stage 'final': its architecture violates the stage's constraints: 'params < 1'", errors)
        self.assertFalse(list(self.run_folder().glob("checkpoints/final-*")))

    # A trial is a run.

    def test_a_trial_is_trained_from_its_directory_alone(self):
        run = self.run_whole(self.random_pipeline())
        trial = run / "stages" / "study" / "trials" / "1"
        for name in ("pipeline.json", "trial.json", "metrics.jsonl", "log.txt", "summary.json", "outcome.json"):
            self.assertGreater((trial / name).stat().st_size, 0, name)
        alone = self.folder / "elsewhere"
        alone.mkdir()
        (alone / "checkpoints").mkdir()
        for name in ("pipeline.json", "trial.json"):
            shutil.copy(trial / name, alone / name)
        out, _ = self.dha("trial", alone)
        for outcome in (found := json.loads(out)), (expected := json.loads((trial / "outcome.json").read_text())):
            outcome.pop("seconds")
        self.assertEqual(found, expected)
        self.assertEqual(without_time((alone / "metrics.jsonl").read_text()), without_time((trial / "metrics.jsonl").read_text()))
        again, _ = self.dha("trial", alone)  # which is over
        self.assertEqual(json.loads(again)["status"], "finished")

    def test_a_trial_that_takes_too_long_or_crashes_has_failed(self):
        study = self.trials("test.front", 2, epochs=4000, trials={"trial_timeout": 0.05})
        _, errors = self.dha("run", self.write_pipeline(self.pipeline(study)), *PLUGINS, status=1)
        self.assertIn("none of its 2 trials finished", errors)
        for outcome in self.outcomes(self.run_folder()).values():
            self.assertEqual(outcome["status"], "failed")
            self.assertIn("took longer than trial_timeout", outcome["error"])

    def test_a_trial_that_is_killed_has_failed_and_others_continue(self):
        pipeline = self.pipeline(self.trials("test.front", 3, epochs=10))
        process = subprocess.Popen([DHA, "run", self.write_pipeline(pipeline), *map(str, PLUGINS)], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        victim, deadline = None, time.monotonic() + 120
        while victim is None and time.monotonic() < deadline:
            found = subprocess.run(["pgrep", "-f", f"trial .*{self.folder.name}.*/trials/1$"], capture_output=True, text=True)
            victim = int(found.stdout.split()[0]) if found.stdout else None
            time.sleep(0.02)
        os.kill(victim, signal.SIGKILL)
        self.assertEqual(process.wait(timeout=120), 0)
        outcomes = self.outcomes(self.run_folder())
        self.assertEqual([outcomes[id]["status"] for id in range(3)], ["finished", "failed", "finished"])
        self.assertIn("by signal 9", outcomes[1]["error"])

    def test_an_interrupted_study_is_resumed(self):
        pipeline = self.pipeline(self.trials("test.front", 3, epochs=10, trials={"threads": 1}))
        whole = self.run_whole(pipeline)
        file = self.write_pipeline(pipeline)
        process = subprocess.Popen([DHA, "run", file, "--parallel", "2", *map(str, PLUGINS)], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while len(list(self.folder.glob("runs/small/*/stages/study/trials/*/checkpoints/*"))) < 2 and \
                time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("interrupted in stage 'study'", errors)
        run = self.run_folder()
        self.dha("resume", run, *PLUGINS)
        self.assert_same_study(whole, run)

    def test_two_processes_do_not_share_a_run(self):
        pipeline = self.pipeline({"epochs": 4000})
        process = subprocess.Popen([DHA, "run", self.write_pipeline(pipeline)], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 120
            while not list(self.folder.glob("runs/small/*/checkpoints/*")) and time.monotonic() < deadline:
                time.sleep(0.02)
            _, errors = self.dha("resume", self.run_folder(), status=2)
            self.assertIn("another process trains in", errors)
        finally:
            process.kill()
            process.wait()

    # Other weights for evaluation.

    def test_averaged_weights_are_evaluated_and_left_as_the_model(self):
        pipeline = self.pipeline({"hyper": {"use": "test.averaging", "decay": 0.5}, "searcher": None, "epochs": 2,
                                  "architecture": architecture()})
        pipeline["checkpoint_every_steps"] = 1
        whole = self.run_whole(pipeline)
        trained = self.run_whole(self.pipeline({"hyper": {"use": "test.averaging", "decay": 0.0}, "searcher": None, "epochs": 2,
                                                "architecture": architecture()}), "trained")
        self.assertNotEqual((whole / "model" / "weights.safetensors").read_bytes(),
                            (trained / "model" / "weights.safetensors").read_bytes())
        measured = json.loads(self.dha("eval", whole, "--json", *PLUGINS)[0])
        self.assertEqual(measured["loss"], json.loads((whole / "summary.json").read_text())["test_loss"])
        run = self.run_killed(pipeline, "killed", [
            lambda run: (run / "checkpoints" / "search-0001.000001.safetensors").exists()])
        self.assert_same_run(whole, run)


if __name__ == "__main__":
    unittest.main()
