"""Writes many.json: solutions of 500 LASSO problems that both sides make from a seed, by solvers that are not ours.

Problem i has 7 rows, 14, 21, 28 or 35 columns, |b| of about 1e-4 to 10 and one of two penalties, every combination of them,
from splitmix64 (see `problem`). CLARABEL gives the objective that ours must not exceed; `objective`, `support` and `unique`
come from solving its signs with 50 digits (make_lasso.exact), null where that gave no certificate. `unique` says that the
columns of the support are independent and that the others' optimality conditions hold strictly; without that there is no
`support`. Where two columns are equal, the problem with one of them is solved, whose minimum is the same. Where its support
leaves that one out, it is the problem's own, for then the other's condition holds as strictly; where it does not, either of
the two may be in the support, which `unique` denies, and column 0 stands for both in `support`.

Run in the environment of make_lasso.py:  python make_many.py
"""

import json
import pathlib

import numpy

from make_lasso import clarabel, exact, objective

SIZES = (14, 21, 28, 35)
SCALES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
PENALTIES = (1e-5, 7e-5)
MASK = 2**64 - 1


class SplitMix:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        """53 bits in [0, 1)."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) / 2**53


def problem(index):
    """Columns, target, penalty. Every fifth problem has its second column equal to its first, every seventh a target of
    negative values only, outside the cone of the columns."""
    random = SplitMix(index)
    count, scale, penalty = SIZES[index % 4], SCALES[index // 4 % 6], PENALTIES[index // 24 % 2]
    matrix = numpy.array([[random.uniform() for _ in range(7)] for _ in range(count)]).T.copy()
    target = numpy.array([scale * (2 * random.uniform() - 1) for _ in range(7)])
    if index % 5 == 4:
        matrix[:, 1] = matrix[:, 0]
    if index % 7 == 6:
        target = -numpy.abs(target)
    return matrix, target, penalty


def solve(index):
    matrix, target, penalty = problem(index)
    largest = numpy.abs(matrix.T @ target).max()
    if largest <= penalty:
        half = 0.5 * float(target @ target)
        return {"solver": half, "objective": half, "support": [], "unique": bool(largest < penalty)}
    guess = clarabel(matrix, target, penalty)
    twice = index % 5 == 4
    columns = [j for j in range(matrix.shape[1]) if not (twice and j == 1)]
    single = matrix[:, columns]
    found = exact(single, target, penalty, clarabel(single, target, penalty) if twice else guess)
    result = {"solver": float(objective(matrix, target, penalty, guess)), "objective": None, "support": None, "unique": False}
    if found:
        z, result["objective"], strict = found
        support = [column for column, entry in zip(columns, z) if entry]
        if strict and numpy.linalg.matrix_rank(matrix[:, support]) == len(support):
            result.update(support=support, unique=not (twice and 0 in support))
    return result


if __name__ == "__main__":
    results = [solve(index) for index in range(500)]
    out = pathlib.Path(__file__).with_name("many.json")
    out.write_text("[\n" + ",\n".join(json.dumps(result) for result in results) + "\n]\n")
    print(sum(r["objective"] is not None for r in results), "exact,", sum(r["unique"] for r in results), "unique,",
          sum(r["solver"] is None for r in results), "unsolved,", out.stat().st_size, "bytes")
