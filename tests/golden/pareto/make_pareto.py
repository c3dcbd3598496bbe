"""Writes pareto.json: fronts, crowding distances, survivors and hypervolumes of random points by pymoo.

Coordinates are small integers in some cases, so that points coincide and tie. `crowding` is the sum over objectives (pymoo gives
the mean) within the front of each point, null where it is infinite. `survivors` is left out where a tie of crowding distances lets
pymoo choose at random. The infeasible points of a case have a `violation` above 0.

Run in an environment with: pymoo 0.6.2, moocore 0.3.2, numpy 2.4.6.
"""

import json
import pathlib

import numpy
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.indicators.hv import HV
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.operators.survival.rank_and_crowding.metrics import get_crowding_function
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting


def make(count, objectives, grid, infeasible, survive, rng):
    points = rng.random((count, objectives)) if grid is None else rng.integers(0, grid, (count, objectives)).astype(float)
    points = points.round(4)
    violation = numpy.zeros(count)
    violation[:infeasible] = rng.permutation(infeasible) + 1.0
    feasible = numpy.arange(infeasible, count)
    fronts = [feasible[front] for front in NonDominatedSorting().do(points[feasible])]
    ranks, crowding = numpy.zeros(count, int), numpy.zeros(count)
    for rank, front in enumerate(fronts):
        ranks[front] = rank
        crowding[front] = get_crowding_function("cd").do(points[front]) * objectives
    for position, i in enumerate(sorted(range(infeasible), key=lambda i: violation[i])):
        ranks[i] = len(fronts) + position
    case = {
        "points": points.tolist(), "violation": violation.tolist(), "ranks": ranks.tolist(),
        "crowding": [None if numpy.isinf(value) else float(f"{value:.12g}") for value in crowding],
        "count": survive,
    }
    population = Population.new("X", numpy.arange(count)[:, None], "F", points, "G", violation[:, None])
    chosen = [
        sorted(int(one.X[0]) for one in RankAndCrowding().do(
            Problem(n_var=1, n_obj=objectives, n_ieq_constr=1), population, n_survive=survive, random_state=numpy.random.default_rng(seed)))
        for seed in range(20)
    ]
    if all(one == chosen[0] for one in chosen):
        case["survivors"] = chosen[0]
    reference = (points.max(0) * 0.9).round(4)
    case["reference"] = reference.tolist()
    case["hypervolume"] = float(f"{HV(ref_point=reference)(points):.12g}")
    return case


def main():
    rng = numpy.random.default_rng(7)
    cases = [
        make(count, objectives, grid, infeasible, survive, rng)
        for count, objectives, grid, infeasible, survive in [
            (30, 2, None, 0, 12), (30, 2, 8, 0, 12), (40, 3, None, 0, 25), (40, 3, 5, 0, 20), (12, 4, None, 0, 6),
            (20, 2, None, 12, 13), (20, 2, None, 12, 5), (5, 2, 1, 0, 5), (2, 2, None, 0, 1), (16, 1, None, 0, 4),
        ]
    ]
    text = ",\n".join(json.dumps(case) for case in cases)
    (pathlib.Path(__file__).parent / "pareto.json").write_text(f'{{"cases": [\n{text}\n]}}\n')


main()
