"""Writes problems.json: small LASSO problems and their solutions by solvers that are not ours.

Each problem is solved by CLARABEL (an interior point method, through CVXPY) at its tightest tolerances. The support and the
signs that it finds are then solved exactly with 50 digits, and the optimality conditions are checked with 50 digits, so that
`objective` and `coefficients` are right to the last digit wherever `exact` is true; `unique` says that every condition holds
strictly. `degenerate` problems are solved among columns that are enough for an optimum; others may be as good, so that
what is given is what all optima share: `objective`, `fit` (the columns times the coefficients) and the sum of the
coefficients' sizes, `norm`. `intercept` problems are solved by scikit-learn's Lasso (coordinate descent, alpha = lambda /
rows, with intercept) as DHA's authors did.

Run in an environment with: cvxpy 1.9.3, clarabel 0.11.1, scikit-learn 1.9.1, mpmath 1.4.1, numpy 2.4.6.
"""

import json
import pathlib
import warnings

import cvxpy
import mpmath
import numpy
from sklearn.linear_model import Lasso

mpmath.mp.dps = 50
warnings.filterwarnings("ignore")


def rounded(values, digits):
    return [float(f"{value:.{digits}g}") for value in numpy.asarray(values).ravel()]


def make(name, rows, count, scale, penalty, rng, matrix=None, target=None):
    if matrix is None:
        matrix = rng.random((rows, count))
    if target is None:
        target = scale * rng.standard_normal(rows)
    # Column after column, in few digits: the file is the definition of the problem.
    columns = rounded(numpy.asarray(matrix).T, 4)
    return {"name": name, "rows": rows, "lambda": penalty, "columns": columns, "target": rounded(target, 6)}


def arrays(problem):
    rows = problem["rows"]
    return numpy.array(problem["columns"]).reshape(-1, rows).T, numpy.array(problem["target"])


def objective(matrix, target, penalty, z):
    residual = matrix @ z - target
    return 0.5 * residual @ residual + penalty * numpy.abs(z).sum()


def clarabel(matrix, target, penalty):
    # Scaled so that the target has norm 1, which interior point tolerances like; the solution scales back.
    scale = float(numpy.linalg.norm(target)) or 1.0
    z = cvxpy.Variable(matrix.shape[1])
    loss = 0.5 * cvxpy.sum_squares(matrix @ z - target / scale) + penalty / scale * cvxpy.norm1(z)
    cvxpy.Problem(cvxpy.Minimize(loss)).solve(
        solver=cvxpy.CLARABEL, tol_gap_abs=1e-15, tol_gap_rel=1e-14, tol_feas=1e-14, max_iter=500)
    return z.value * scale


def exact(matrix, target, penalty, guess):
    """Solves for the support of `guess` with 50 digits; None unless all optimality conditions then hold."""
    for threshold in (1e-7, 1e-6, 1e-5, 1e-4, 1e-8, 1e-3):
        support = [j for j in range(matrix.shape[1]) if abs(guess[j]) > threshold * max(abs(guess).max(), 1e-300)]
        if not support or len(support) > matrix.shape[0]:
            continue
        part = mpmath.matrix(matrix[:, support].tolist())
        right = mpmath.matrix(target.tolist())
        signs = mpmath.matrix([1 if guess[j] > 0 else -1 for j in support])
        try:
            z = mpmath.lu_solve(part.T * part, part.T * right - mpmath.mpf(penalty) * signs)
        except ZeroDivisionError:
            continue
        if any(z[k] * signs[k] <= 0 for k in range(len(support))):
            continue
        residual = right - part * z
        slack = [mpmath.mpf(penalty) - abs((mpmath.matrix(matrix[:, [j]].tolist()).T * residual)[0])
                 for j in range(matrix.shape[1]) if j not in support]
        if any(value < -mpmath.mpf(10) ** -40 for value in slack):
            continue
        value = (residual.T * residual)[0] / 2 + mpmath.mpf(penalty) * sum(abs(entry) for entry in z)
        full = [0.0] * matrix.shape[1]
        for k, j in enumerate(support):
            full[j] = float(z[k])
        return full, float(value), all(entry > penalty * 1e-12 for entry in slack)
    return None


def solve(problem):
    matrix, target = arrays(problem)
    penalty = problem["lambda"]
    if numpy.abs(matrix.T @ target).max() <= penalty:
        # Zero satisfies the conditions; strictly, unless equality holds.
        strict = bool(numpy.abs(matrix.T @ target).max() < penalty)
        problem.update(solver_objective=0.5 * float(target @ target), exact=True, unique=strict,
                       objective=0.5 * float(target @ target), coefficients=[0.0] * matrix.shape[1])
        return problem
    guess = clarabel(matrix, target, penalty)
    problem["solver_objective"] = float(objective(matrix, target, penalty, guess))
    found = exact(matrix, target, penalty, guess)
    problem["exact"] = found is not None
    if found:
        problem["coefficients"], problem["objective"], problem["unique"] = found
    return problem


def degenerate(problem, representatives):
    """The problem with an optimum, of which the columns other than `representatives` are no part."""
    matrix, target = arrays(problem)
    part = solve({**problem, "columns": matrix[:, representatives].T.ravel().tolist()})
    assert part["exact"], problem["name"]
    coefficients = [0.0] * matrix.shape[1]
    for j, entry in zip(representatives, part["coefficients"]):
        coefficients[j] = entry
    guess = clarabel(matrix, target, problem["lambda"])
    # CLARABEL with all columns finds nothing better, and the same but for its tolerance.
    theirs = float(objective(matrix, target, problem["lambda"], guess))
    assert abs(theirs - part["objective"]) <= 1e-8 * max(theirs, problem["lambda"]), (problem["name"], theirs, part)
    fit = [float(mpmath.fdot(zip(row, coefficients))) for row in matrix.tolist()]
    return {**problem, "solver_objective": theirs, "objective": part["objective"], "fit": fit,
            "norm": float(mpmath.fsum(coefficients, absolute=True))}


def with_intercept(problem):
    matrix, target = arrays(problem)
    model = Lasso(alpha=problem["lambda"] / problem["rows"], fit_intercept=True, max_iter=20_000_000, tol=1e-15)
    model.fit(matrix, target)
    centred = matrix - matrix.mean(axis=0)
    problem["coefficients"] = model.coef_.tolist()
    problem["solver_objective"] = float(
        objective(centred, target - target.mean(), problem["lambda"], model.coef_))
    return problem


def plain_problems(rng):
    for count in (14, 21, 28, 35):
        for scale in (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0):
            for repeat in range(2):
                yield make(f"code of {count} candidates, |b| about {scale:g}, {repeat}", 7, count, scale, 1e-5, rng)
    for rows, count in ((4, 7), (3, 9), (5, 5), (9, 6), (1, 4)):
        yield make(f"{rows} rows, {count} columns", rows, count, 0.5, 1e-3, rng)
    gaussian = rng.standard_normal((7, 20))
    yield make("gaussian matrix", 7, 20, 1.0, 1e-2, rng, matrix=gaussian)
    outside = -numpy.abs(rng.standard_normal(7))
    yield make("target outside the cone of the columns", 7, 21, 1.0, 1e-5, rng, target=outside)
    yield make("large lambda", 7, 14, 1.0, 100.0, rng)
    twice = rng.random((7, 7))
    yield make("every column twice", 7, 14, 0.1, 1e-5, rng, matrix=numpy.hstack([twice, twice]))
    zero = rng.random((7, 14))
    zero[:, 3] = 0
    yield make("a column of zeros", 7, 14, 0.1, 1e-5, rng, matrix=zero)
    yield make("target of zeros", 7, 14, 0.0, 1e-5, rng)


def degenerate_problems(rng):
    """Problems, each with columns that are enough for an optimum."""
    wide, square, column = rng.random((7, 21)), rng.random((7, 7)), rng.random((7, 1))
    positive, target = rng.random(7), rng.standard_normal(7)

    def one(name, matrix, target, penalty=1e-5, among=None):
        columns = matrix.shape[1]
        problem = make(name, 7, columns, 1.0, penalty, rng, matrix=matrix, target=target)
        return degenerate(problem, list(range(columns)) if among is None else among)

    yield one("target of zeros", wide, numpy.zeros(7))
    yield one("columns of zeros", numpy.zeros((7, 14)), target)
    for scale in (1e-3, 0.1, 10.0):
        yield one(f"target outside the cone of the columns, |b| about {scale:g}", wide, -scale * positive)
    equal = numpy.tile(column, 14)
    yield one("all columns equal", equal, target, among=[0])
    yield one("all columns equal, target outside their cone", equal, -positive, among=[0])
    yield one("all columns equal, target of zeros", equal, numpy.zeros(7), among=[0])
    yield one("all columns and all their entries equal", numpy.full((7, 14), 0.5), numpy.ones(7), among=[0])
    yield one("all columns equal to the target", numpy.tile(rounded_column(target), 14), target, among=[0])
    yield one("every column three times", numpy.hstack([square] * 3), target, among=list(range(7)))
    yield one("every column and its opposite", numpy.hstack([square, -square]), target, among=list(range(7)))
    yield one("columns that are multiples of one", column.round(2) * numpy.arange(1, 8), target, among=[6])


def rounded_column(values):
    return numpy.array(rounded(values, 4)).reshape(-1, 1)


def main():
    rng = numpy.random.default_rng(20210905)
    plain = [solve(problem) for problem in plain_problems(rng)]
    centred = [with_intercept(make(f"intercept, {count} candidates, |b| about {scale:g}", 7, count, scale, 7e-5, rng))
               for count in (14, 21, 28, 35) for scale in (1e-3, 1e-2)]
    odd = list(degenerate_problems(numpy.random.default_rng(20210906)))
    out = pathlib.Path(__file__).with_name("problems.json")
    lines = lambda problems: ",\n".join(json.dumps(problem) for problem in problems)
    lists = {"plain": plain, "degenerate": odd, "intercept": centred}
    out.write_text("{" + ",\n".join(f'"{name}": [\n{lines(problems)}\n]' for name, problems in lists.items()) + "}\n")
    print(len(plain), "plain,", sum(p["exact"] for p in plain), "exact,", sum(p.get("unique", False) for p in plain),
          "unique;", len(odd), "degenerate;", len(centred), "with intercept;", out.stat().st_size, "bytes")
    for problem in plain:
        if problem["exact"] and problem["objective"] > 0:
            excess = problem["solver_objective"] / problem["objective"] - 1
            if excess > 1e-9:
                print(f"CLARABEL is {excess:.1e} above the optimum of '{problem['name']}'")
        elif not problem["exact"]:
            print("no exact solution for", problem["name"])


if __name__ == "__main__":
    main()
