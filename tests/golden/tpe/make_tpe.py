"""Writes tpe.json: log densities of Optuna's Parzen estimators at random points.

A dimension has "values" (their number), or "minimum" and "maximum" with "integer" and "log". Densities of a logarithmic number that
is no integer are those of its logarithm. Trials with equal numbers have the widths of a stable order, of which NumPy's default sort
and so Optuna choose any.

Run in an environment with: optuna 5.0.0, numpy 2.4.6.
"""

import functools
import json
import pathlib

import numpy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

numpy.argsort = functools.partial(numpy.argsort, kind="stable")

DIMENSIONS = {
    "real": {"minimum": -1, "maximum": 3, "integer": False, "log": False},
    "log": {"minimum": 1e-4, "maximum": 1, "integer": False, "log": True},
    "integer": {"minimum": 0, "maximum": 9, "integer": True, "log": False},
    "log_integer": {"minimum": 1, "maximum": 200, "integer": True, "log": True},
    "category": {"values": 4},
}


def distribution(dimension):
    if "values" in dimension:
        return CategoricalDistribution(tuple(range(dimension["values"])))
    kind = IntDistribution if dimension["integer"] else FloatDistribution
    return kind(dimension["minimum"], dimension["maximum"], log=dimension["log"])


def draw(dimension, count, rng):
    if "values" in dimension:
        return rng.integers(0, dimension["values"], count).astype(float)
    low, high = dimension["minimum"], dimension["maximum"]
    if dimension["log"]:
        numbers = numpy.exp(rng.uniform(numpy.log(low), numpy.log(high), count))
    else:
        numbers = rng.uniform(low, high, count)
    return numbers.round() if dimension["integer"] else numpy.array([float(f"{x:.6g}") for x in numbers])


def make(names, count, rng):
    space = {name: distribution(DIMENSIONS[name]) for name in names}
    observed = {name: draw(DIMENSIONS[name], count, rng) for name in names}
    queried = {name: draw(DIMENSIONS[name], 6, rng) for name in names}
    parameters = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
    densities = _ParzenEstimator(observed, space, parameters).log_pdf(queried)
    return {
        "dimensions": [DIMENSIONS[name] for name in names],
        "observed": numpy.array(list(observed.values())).T.tolist(),
        "queried": numpy.array(list(queried.values())).T.tolist(),
        "log_densities": [float(f"{x:.12g}") for x in densities],
    }


def main():
    rng = numpy.random.default_rng(5)
    cases = [make([name], count, rng) for name in DIMENSIONS for count in (0, 1, 2, 12)]
    cases += [make(list(DIMENSIONS), count, rng) for count in (0, 1, 7, 24, 25, 26, 60)]
    text = ",\n".join(json.dumps(case) for case in cases)
    (pathlib.Path(__file__).parent / "tpe.json").write_text(f'{{"cases": [\n{text}\n]}}\n')


main()
