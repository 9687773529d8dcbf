"""What scipy, statsmodels and mpmath say of experiments, as the figures that core's tests expect.

    pip install scipy statsmodels mpmath
    python xtask/peers/experiment_vectors.py

It writes core/src/experiment/vectors.json. The sample size is Fleiss' formula and not the answer of
statsmodels' NormalIndPower, whose effect size is the arcsine one.
"""

import json
import math
import os
import warnings

import mpmath
import scipy
import statsmodels
from mpmath import mp
from scipy import integrate, stats
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

VECTORS = os.path.join(os.path.dirname(__file__), "../../core/src/experiment/vectors.json")
LEVEL = 0.95
POWER = 0.8
# An arm is filled up to 2^52 users at most.
NEEDED_PER_ARM_MAX = 2**52

# (users, converted) of the control and of the variant.
ARMS = [
    # Nobody, and arms on the edge.
    [(0, 0), (0, 0)], [(0, 0), (10, 3)], [(10, 3), (0, 0)], [(0, 0), (1, 1)], [(1, 0), (1, 1)],
    [(1, 1), (1, 0)], [(1, 0), (1, 0)], [(1, 1), (1, 1)], [(10, 0), (10, 0)], [(10, 10), (10, 10)],
    [(10, 0), (10, 10)], [(10, 10), (10, 0)], [(10, 0), (10, 1)], [(10, 1), (10, 0)],
    [(10, 9), (10, 10)], [(10, 10), (10, 9)],
    # Few users.
    [(2, 1), (3, 1)], [(7, 2), (5, 4)], [(20, 5), (20, 9)], [(30, 15), (30, 15)], [(50, 3), (40, 8)],
    [(12, 11), (400, 280)], [(100, 1), (3, 1)],
    # As many as most experiments have.
    [(1000, 100), (1000, 130)], [(1000, 130), (1000, 100)], [(1000, 100), (1000, 100)],
    [(1000, 0), (1000, 7)], [(1000, 1000), (1000, 993)], [(1000, 400), (1000, 100)],
    [(1000, 900), (1000, 650)], [(5000, 250), (4900, 301)],
    [(12345, 2345), (12346, 2346)], [(20000, 20), (20000, 41)], [(30000, 29950), (30000, 29981)],
    [(100000, 5000), (100000, 5210)], [(99999, 33333), (50000, 17001)], [(250, 25), (200000, 24000)],
    # Many.
    [(10**6, 10**5), (10**6, 100900)], [(10**6, 500000), (10**6, 500000)], [(10**6, 0), (10**6, 3)],
    [(10**6, 10**6), (10**6, 999996)], [(10**6, 31), (10**6, 53)], [(10**6, 200000), (100, 31)],
    [(10**6, 100000), (10**6, 120000)], [(10**6, 120000), (10**6, 100000)],
    [(5 * 10**7, 25 * 10**6), (5 * 10**7, 25 * 10**6)],
    [(5 * 10**7, 25 * 10**6), (5 * 10**7, 25005000)],
    [(5 * 10**7, 2500000), (5 * 10**7, 2503210)], [(5 * 10**7, 12), (5 * 10**7, 17)],
    [(5 * 10**7, 49999990), (5 * 10**7, 49999979)], [(5 * 10**7, 5 * 10**6), (5 * 10**7, 5500000)],
    [(5 * 10**7, 0), (5 * 10**7, 0)], [(5 * 10**7, 5 * 10**7), (5 * 10**7, 5 * 10**7)],
    [(5 * 10**7, 10**7), (1000, 213)], [(7, 3), (5 * 10**7, 2 * 10**7)],
    [(5 * 10**7, 10**7), (49999999, 10**7)],
    # As many as an arm can have.
    [(2**32 - 1, 2**31), (2**32 - 1, 2**31 + 54321)], [(2**32 - 1, 77), (2**32 - 1, 2**32 - 78)],
    [(2**32 - 1, 2**31), (2**32 - 2, 2**31 - 1)],
]


def number(value):
    """What JSON has no word for is none."""
    return float(value) if math.isfinite(value) else None


def rate_interval(users, converted):
    if users == 0:
        return None
    # An end that rounding carries out of 0 to 1 is on its edge.
    ends = proportion_confint(converted, users, alpha=1 - LEVEL, method="wilson")
    return [min(max(float(end), 0.0), 1.0) for end in ends]


def uplift_interval(control, variant):
    if control[1] == 0 or variant[1] == 0:
        return None
    risk = stats.contingency.relative_risk(variant[1], variant[0], control[1], control[0])
    return [float(end) - 1 for end in risk.confidence_interval(LEVEL)]


def p_value(control, variant):
    if control[0] == 0 or variant[0] == 0:
        return None
    with warnings.catch_warnings():
        # A pooled rate of 0 or 1 divides by zero: that is the answer "none".
        warnings.simplefilter("ignore")
        _, p = proportions_ztest([variant[1], control[1]], [variant[0], control[0]])
    return number(p)


def users_needed(control, variant):
    if control[0] == 0 or variant[0] == 0:
        return None
    p, q = (mp.mpf(converted) / users for users, converted in (control, variant))
    if p == q:
        return None
    mean = (p + q) / 2
    # The quantiles are those of scipy, as floats.
    equal = float(stats.norm.ppf((1 + LEVEL) / 2)) * mp.sqrt(2 * mean * (1 - mean))
    observed = float(stats.norm.ppf(POWER)) * mp.sqrt(p * (1 - p) + q * (1 - q))
    needed = int(mp.ceil(((equal + observed) / (p - q)) ** 2))
    if needed > NEEDED_PER_ARM_MAX:
        return None
    return sum(max(0, needed - users) for users, _ in (control, variant))


def beat_by_contour(control, variant):
    """P(variant > control) by the moments of the difference D of the log-odds, which are products of
    gamma functions: the integral of E[exp(s D)] / s over a vertical line right of 0, by the trapezoid
    rule, which converges exponentially. With 40 digits it is exact for any number of users."""
    a, b = variant[1] + 1, variant[0] - variant[1] + 1
    c, d = control[1] + 1, control[0] - control[1] + 1
    if mp.digamma(a) - mp.digamma(b) > mp.digamma(c) - mp.digamma(d):
        # The other tail is the small one, and its moments do not cancel.
        return 1 - beat_by_contour(variant, control)
    deviation = mp.sqrt(sum(mp.polygamma(1, x) for x in (a, b, c, d)))
    line = 1 / (2 * deviation)
    step = line / 8
    base = sum(mp.loggamma(x) for x in (a, b, c, d))
    total, place, largest = mp.mpf(0), 0, mp.mpf(0)
    while True:
        s = mp.mpc(line, (place + mp.mpf(1) / 2) * step)
        log_moments = sum(mp.loggamma(x) for x in (a + s, b - s, c - s, d + s))
        term = mp.exp(log_moments - base) / s
        total += term.real
        largest = max(largest, abs(term))
        if abs(term) < largest * mp.mpf(10) ** -25:
            return max(total * step / mp.pi, mp.mpf(0))
        place += 1


def beat_by_quadrature(control, variant):
    """The same by scipy: the variant's density times the control's distribution, over the range where
    the density matters. Rates near 1 are taken from the other end, where floats lie closer."""
    mirrored = 2 * variant[1] > variant[0]
    shapes = [(arm[1] + 1.0, arm[0] - arm[1] + 1.0) for arm in (variant, control)]
    mine, other = (stats.beta(*(reversed(shape) if mirrored else shape)) for shape in shapes)
    below = other.sf if mirrored else other.cdf
    low, high = mine.ppf(1e-14), mine.isf(1e-14)
    near = [arm.mean() + k * arm.std() for arm in (mine, other) for k in range(-8, 9, 2)]
    points = sorted({min(max(x, low), high) for x in near})
    product = lambda x: mine.pdf(x) * below(x)
    return integrate.quad(product, low, high, points=points, epsabs=1e-12, limit=400)[0]


def vector(control, variant):
    beat = float(beat_by_contour(control, variant))
    again = beat_by_quadrature(control, variant)
    assert abs(beat - again) < 1e-9, (control, variant, beat, again)
    defined = control[1] > 0 and variant[0] > 0
    ratio = mp.mpf(variant[1]) * control[0] / (mp.mpf(variant[0]) * control[1]) if defined else None
    return {
        "control": control,
        "variant": variant,
        "rate": variant[1] / variant[0] if variant[0] else None,
        "rate_interval": rate_interval(*variant),
        "probability_to_beat_control": beat,
        "uplift": float(ratio - 1) if defined else None,
        "uplift_interval": uplift_interval(control, variant),
        "p_value": p_value(control, variant),
        "users_needed": users_needed(control, variant),
    }


def main():
    mp.dps = 40
    made_with = {module.__name__: module.__version__ for module in (scipy, statsmodels, mpmath)}
    lines = ",\n".join("    " + json.dumps(vector(*arms)) for arms in ARMS)
    with open(VECTORS, "w") as file:
        file.write(f'{{\n  "made_with": {json.dumps(made_with)},\n  "vectors": [\n{lines}\n  ]\n}}\n')
    print(f"{len(ARMS)} vectors")


main()
