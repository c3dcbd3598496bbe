"""Writes t_tests.json: Welch's and paired t tests of small samples by scipy.

Each case has two samples, `values` and `baseline`; `welch` tests the difference of their means, and `paired`, where both
have as many values, the mean of their differences. Intervals are of 95 %.

Run in an environment with: scipy 1.17.1, numpy 2.4.6.
"""

import json
import pathlib

import numpy
from scipy import stats


def described(result):
    interval = result.confidence_interval(0.95)
    return {"p": float(result.pvalue), "degrees_of_freedom": float(result.df), "low": float(interval.low),
            "high": float(interval.high)}


def case(values, baseline):
    values, baseline = [[round(float(value), 6) for value in sample] for sample in (values, baseline)]
    described_case = {
        "values": values, "baseline": baseline,
        "mean": float(numpy.mean(values)), "deviation": float(numpy.std(values, ddof=1)),
        "difference": float(numpy.mean(values) - numpy.mean(baseline)),
        "welch": described(stats.ttest_ind(values, baseline, equal_var=False)),
    }
    if len(values) == len(baseline):
        described_case["paired"] = described(stats.ttest_rel(values, baseline))
    return described_case


def main():
    rng = numpy.random.default_rng(5)
    cases = [
        case(rng.normal(mean, deviation, count), rng.normal(0.7, 0.01, base))
        for mean, deviation, count, base in [
            (0.71, 0.01, 5, 5), (0.7, 0.003, 3, 3), (0.75, 0.02, 2, 2), (0.68, 0.1, 10, 10), (0.9, 0.001, 5, 3),
            (0.69, 0.02, 2, 8), (0.7001, 0.01, 30, 30),
        ]
    ]
    cases.append(case([0.5, 0.5, 0.5], [0.6, 0.7, 0.65]))  # one side without spread
    cases.append(case([0.99, 0.991, 0.992, 0.993], [0.1, 0.1002, 0.0999, 0.1001]))  # a p near 0
    text = ",\n".join(json.dumps(one) for one in cases)
    (pathlib.Path(__file__).parent / "t_tests.json").write_text(f'{{"cases": [\n{text}\n]}}\n')


main()
