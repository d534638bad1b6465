"""The tables of src/host/erf.ts, gamma.ts and polygamma.ts, computed with mpmath (pip install mpmath).

  python scripts/special-coefficients.py           print them
  python scripts/special-coefficients.py --check   fail if a committed table is not, float64 for float64, what comes out

Those of erf.ts and gamma.ts are polynomials through the function's values at the Chebyshev points of an interval,
computed with 80 digits and rounded once. "off" is the largest error of the rounded polynomial on the interval, absolute.
"""

import re
import sys
from pathlib import Path

from mpmath import bernoulli, cos, diff, digamma, erf, erfc, exp, factorial, findroot, log, loggamma, lu_solve, matrix, mp, mpf, pi, polyval, sqrt

mp.dps = 80
host = Path(__file__).parent.parent / "src" / "host"


def interpolated(f, low, high, centre, count):
    """The polynomial through f at `count` Chebyshev points of [low, high], in powers of t − centre."""
    low, high, centre = mpf(low), mpf(high), mpf(centre)
    points = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * j + 1) / (2 * count)) for j in range(count)]
    powers = matrix(count, count)
    for i, t in enumerate(points):
        for k in range(count):
            powers[i, k] = (t - centre) ** k
    c = [float(a) for a in lu_solve(powers, matrix([f(t) for t in points]))]
    grid = [low + (high - low) * (2 * i + 1) / 400 for i in range(200)]
    return c, max(abs(polyval(c[::-1], t - centre) - f(t)) for t in grid)


def series(z):
    """erf x / x − 1 where z = x²"""
    return erf(sqrt(z)) / sqrt(z) - 1


def excess(t):
    """(1/(e^(x²) erfc x) − 2x)/(x + 2) where t = 1/(x + 2)"""
    x = 1 / t - 2
    return (exp(-x * x) / erfc(x) - 2 * x) * t


zero = findroot(digamma, mpf("1.4616321449683623")) - 1
zeroHigh = 0.4616321449683622


def lgammaRatio(t):
    return loggamma(1 + t) / (t * (t - 1))


def digammaRatio(t):
    return digamma(1 + t) / (t - zero)


def rounded(values):
    return [float(v) for v in values], 0


def single(name, value):
    return name, lambda: rounded([value])


tables = {
    "erf.ts": [
        ("ratio", lambda: interpolated(series, 0, mpf(0.84) ** 2, 0, 12)),
        ("near", lambda: interpolated(excess, 1 / mpf(4.5), 1 / mpf(2.84), 0.28125, 15)),
        ("far", lambda: interpolated(excess, mpf(1) / 30, 1 / mpf(4.5), 0.125, 18)),
    ],
    "gamma.ts": [
        ("lgammaRatio", lambda: interpolated(lgammaRatio, 0, 1, 0.5, 22)),
        ("digammaRatio", lambda: interpolated(digammaRatio, 0, 1, 0.5, 22)),
        ("zeroLow", lambda: rounded([zero - mpf(zeroHigh)])),
        ("stirling", lambda: rounded([bernoulli(2 * k) / (2 * k * (2 * k - 1)) for k in range(1, 11)])),
        ("asymptotic", lambda: rounded([bernoulli(2 * k) / (2 * k) for k in range(1, 11)])),
    ],
    "polygamma.ts": [
        ("bernoulli", lambda: rounded([bernoulli(2 * j) / factorial(2 * j) for j in range(1, 12)])),
    ],
}


def committed(file, name):
    """The numbers of `const name = …;` in a source file; a quotient is divided out, in float64 as there."""
    found = re.search(rf"^const {name}(?:: [^=]*)? = \[?([^;\]]*)\]?;", (host / file).read_text(encoding="utf-8"), re.M)
    if found is None:
        return None
    parts = [entry.split("/") for entry in found[1].split(",") if entry.strip()]
    return [float(p[0]) / float(p[1]) if len(p) == 2 else float(p[0]) for p in parts]


check = "--check" in sys.argv
wrong = 0
for file, entries in tables.items():
    for name, compute in entries:
        values, off = compute()
        if check:
            same = committed(file, name) == values
            wrong += not same
            print(f"{file} {name}: {len(values)} numbers {'as committed' if same else 'DIFFER'}, off {float(off):.1e}")
        else:
            print(f"// {file}, off {float(off):.1e}\nconst {name} = [{', '.join(map(repr, values))}];")
sys.exit(1 if wrong else 0)
