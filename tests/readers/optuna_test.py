"""trials.journal of a run as Optuna reads it: the trials of the ledger, with parameters, values, epochs and states."""

import json
import math
import re
import shutil
import unittest

from readers_support import kill_when, need, rows_of

need("optuna")

import optuna  # noqa: E402
from optuna.distributions import FloatDistribution, IntDistribution  # noqa: E402
from optuna.storages import JournalStorage  # noqa: E402
from optuna.storages.journal import JournalFileBackend  # noqa: E402
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import TrialState  # noqa: E402

from support import BUILD, CommandLineTest, small_pipeline, write_idx  # noqa: E402

RANGES = {"/hyper/learning_rate": [0.001, 0.2], "/batch_size": [8, 16], "/augment/0/probability": [0.25, 0.75]}


class OptunaTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        write_idx(self.data)
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def pipeline(self, *stages):
        """Stages of trials, each a change of the first stage of small_pipeline()."""
        common = {**small_pipeline(self.data)["stages"][0], "validation_fraction": 0.25, "epochs": 2,
                  "augment": [{"use": "dha.flip"}], "hyper": {"use": "dha.sgd"}}
        del common["searcher"]
        description = {**small_pipeline(self.data), "stages": [{**common, **stage} for stage in stages]}
        return self.write_pipeline(description)

    def finished(self, *stages, out="runs", fixture=None, status=0):
        plugins = ["--plugin-path", BUILD / "fixtures" / "plugins" / fixture] if fixture else []
        self.dha("run", "-q", self.pipeline(*stages), "--out", out, *plugins, status=status)
        return self.run_folder(out=out)

    def study(self, run, stage="search"):
        copy = self.folder / "copy.journal"  # asking for a trial appends to it
        shutil.copy(run / "trials.journal", copy)
        return optuna.load_study(study_name=f"small/{stage}", storage=JournalStorage(JournalFileBackend(str(copy))))

    def ledger(self, run, stage="search"):
        """Trials that were asked for, and their outcomes by id."""
        lines = [json.loads(line) for line in (run / "stages" / stage / "trials.jsonl").read_text().splitlines()[1:]]
        return ([line["trial"] for line in lines if line["event"] == "asked"],
                {line["outcome"]["id"]: line["outcome"] for line in lines if line["event"] == "told"})

    def check_trials(self, run, study, stage="search"):
        """Of a study over settings and architectures, by validation accuracy, whose trials have finished."""
        asked, told = self.ledger(run, stage)
        self.assertEqual(len(study.trials), len(asked))
        for trial, recorded in zip(study.trials, asked):
            outcome = told[recorded["id"]]
            self.assertEqual(trial.state, TrialState.COMPLETE)
            self.assertEqual(trial.params, {pointer[1:].replace("/", "."): value
                                            for pointer, value in json.loads(recorded["settings"]).items()})
            self.assertEqual(trial.value, outcome["measurements"]["validation_accuracy"])
            epochs = [row for row in rows_of(run / trial.user_attrs["run"]) if row["event"] == "epoch"]
            self.assertEqual(len(epochs), 2)
            self.assertEqual(trial.intermediate_values, {row["epoch"]: row["validation_accuracy"] for row in epochs})
            self.assertEqual(trial.user_attrs["architecture"], json.loads(recorded["architecture"]))
            for name, cost in outcome["costs"].items():
                self.assertEqual(trial.user_attrs[name], cost)
            self.assertEqual(trial.user_attrs["seconds"], outcome["seconds"])
            self.assertLess(trial.datetime_start, trial.datetime_complete)

    def test_settings_and_architectures(self):
        run = self.finished({"trials": {"use": "dha.random", "count": 3, "threads": 1, "ranges": RANGES,
                                        "over": ["architecture", "settings"]}})
        study = self.study(run)
        self.assertEqual(study.directions, [StudyDirection.MAXIMIZE])
        self.assertEqual(study.metric_names, ["validation_accuracy"])
        self.check_trials(run, study)
        preferred = json.loads((run / "stages" / "search" / "outcomes.json").read_text())[0]["id"]
        self.assertEqual(study.best_trial.number, preferred)
        distributions = study.trials[0].distributions
        self.assertGreater(len(distributions), 6)
        for name, distribution in {"hyper.learning_rate": FloatDistribution(0.001, 0.2, log=True),
                                   "batch_size": IntDistribution(8, 16, log=True),
                                   "augment.0.probability": FloatDistribution(0.25, 0.75),
                                   "drop_path": FloatDistribution(0, 0.5)}.items():
            self.assertEqual((name, distributions.get(name)), (name, distribution))
        # Optuna continues where dha ended.
        next_trial = study.ask(distributions)
        self.assertEqual(next_trial.number, 3)
        self.assertEqual(set(next_trial.params), set(distributions))
        study.tell(next_trial, 1.0)
        self.assertEqual(study.best_trial.number, 3)
        self.assertEqual(len(optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())), len(distributions))

    def test_a_front(self):
        run = self.finished({"epochs": 1, "trials": {"use": "dha.nsga_net", "count": 4, "population": 2, "offspring": 2,
                                                     "threads": 1}})
        study = self.study(run)
        self.assertEqual(study.directions, [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE])
        self.assertEqual(study.metric_names, ["validation_accuracy", "multiply_adds"])
        _, told = self.ledger(run)
        for trial in study.trials:
            outcome = told[trial.number]
            self.assertEqual(trial.values, [outcome["measurements"]["validation_accuracy"], outcome["costs"]["multiply_adds"]])
        front = json.loads((run / "stages" / "search" / "front.json").read_text())["front"]
        self.assertEqual({trial.number for trial in study.best_trials}, {point["id"] for point in front})
        self.assertEqual(study.ask().number, 4)

    def test_stopped_trials_are_pruned(self):
        run = self.finished({"epochs": 8, "trials": {"use": "fixture.impatient", "count": 2}}, fixture="impatient.so")
        study = self.study(run)
        self.assertEqual([trial.state for trial in study.trials], [TrialState.PRUNED] * 2)
        for trial in study.trials:
            self.assertEqual(list(trial.intermediate_values), [1, 2])
            self.assertEqual(trial.value, trial.intermediate_values[2])
        self.assertEqual(study.ask().number, 2)

    def test_failed_trials_have_their_reason(self):
        run = self.finished({"epochs": 8, "gradient_clip": 0,
                             "hyper": {"use": "dha.sgd", "learning_rate": 100, "weight_decay": 1},
                             "trials": {"use": "dha.random", "count": 2, "threads": 1}}, status=1)
        study = self.study(run)
        self.assertEqual([trial.state for trial in study.trials], [TrialState.FAIL] * 2)
        for trial in study.trials:
            self.assertIn("finite number", trial.user_attrs["error"])  # of the loss, in training or validation
            self.assertEqual(trial.user_attrs["status"], "failed")
            self.assertTrue(all(map(math.isfinite, trial.intermediate_values.values())))

    def test_two_stages_of_which_the_second_is_killed(self):
        trials = {"use": "dha.random", "count": 2, "threads": 1, "ranges": RANGES, "over": ["architecture", "settings"]}
        stages = [{"trials": trials}, {"name": "again", "trials": trials}]
        whole = self.finished(*stages, out="whole")
        for stage in ("search", "again"):
            self.check_trials(whole, self.study(whole, stage), stage)

        def is_within_the_second(run):
            return any(run.glob("stages/again/trials/*/outcome.json"))

        run = kill_when(self, self.pipeline(*stages), is_within_the_second)
        before = (run / "trials.journal").read_bytes().splitlines(keepends=True)
        self.dha("resume", "-q", run)
        after = (run / "trials.journal").read_bytes().splitlines(keepends=True)
        kept = [line for line in before if line.endswith(b"\n")]
        self.assertGreater(len(kept), 20)
        self.assertEqual(after[:len(kept)], kept)  # with their times, which the ledger has

        def without_times(file):
            return re.sub(r'"(datetime_\w+|seconds)":("[^"]*"|[0-9.e-]+)', r'"\1":0', file.read_text()).splitlines()

        self.assertEqual(without_times(run / "trials.journal"), without_times(whole / "trials.journal"))
        for stage in ("search", "again"):
            self.check_trials(run, self.study(run, stage), stage)

    def test_a_longer_study(self):
        trials = {"use": "dha.random", "count": 2, "threads": 1}
        run = self.finished({"epochs": 1, "trials": trials})
        before = (run / "trials.journal").read_bytes()
        self.dha("resume", "-q", run, "--set", "stages.search.trials.count=3")
        self.assertTrue((run / "trials.journal").read_bytes().startswith(before))
        self.assertEqual(len(self.study(run).trials), 3)


if __name__ == "__main__":
    unittest.main()
