"""Elementary functions that give the same last bit on every machine.

The C library's `exp`, `log` and `pow` end with other bits on other libraries and processors, for example where a
processor cannot multiply and add in one step. These are made of + − × ÷, which IEEE 754 rounds in one way only,
and of changes of the exponent, which are exact. Python rounds after each operation. The error is at most three
units in the last place (tested).
"""

import math
from math import factorial, frexp, inf, ldexp

_LN2, _LN2_REST = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
"""The logarithm of 2 in two parts. The first has 32 bits, so that its product with an exponent is exact."""
_HALVES = 1 / (_LN2 + _LN2_REST)
_ROOT = float.fromhex("0x1.6a09e667f3bcdp-1")
"""The square root of 1/2."""
_LEAST, _MOST = -708.0, 709.0
_LEAST_POWER, _MOST_POWER = -1021, 1023
"""Below these bounds results have fewer bits, so they count as 0; above them they are too great for a float."""
_LEAST_NEAR, _MOST_NEAR = -0.29, 0.41
"""Between them x / (2 + x) is so small that the series of the logarithm ends soon."""
_FACTORS = tuple(1 / factorial(n) for n in range(2, 14))
_ODD = tuple(2 / n for n in range(3, 25, 2))


def exp(x: float) -> float:
    """Return e to the power of x; below -708 it is 0, and above 709 infinity."""
    if not _LEAST <= x <= _MOST:
        return _beyond(x)
    halves = round(x * _HALVES)
    rest = (x - halves * _LN2) - halves * _LN2_REST  # at most ln 2 / 2
    return ldexp(_exp_near_0(rest), halves)


def exp2(x: float) -> float:
    """Return 2 to the power of x; below -1021 it is 0, and above 1023 infinity."""
    if not _LEAST_POWER <= x <= _MOST_POWER:
        return _beyond(x)
    whole = round(x)
    part = x - whole
    return ldexp(_exp_near_0(part * _LN2 + part * _LN2_REST), whole)


def log(x: float) -> float:
    """Return the natural logarithm of x. Raises `ValueError` if x is not above 0."""
    if not 0 < x < inf:
        return math.log(x)
    part, doubles = frexp(x)
    if part < _ROOT:
        part, doubles = 2 * part, doubles - 1
    near = _twice_artanh((part - 1) / (part + 1))
    return doubles * _LN2 + (doubles * _LN2_REST + near)


def log1p(x: float) -> float:
    """Return the natural logarithm of 1 + x, also for the smallest x. Raises `ValueError` if x is not above -1."""
    return _twice_artanh(x / (2 + x)) if _LEAST_NEAR < x < _MOST_NEAR else log(1 + x)


def _beyond(x: float) -> float:
    return 0.0 if x < 0 else x + inf  # the sum keeps NaN


def _exp_near_0(x: float) -> float:
    """Add up the power series, to the term with x to the power of 13: for |x| < 0.35 the next is below 1e-17."""
    a, b, c, d, e, f, g, h, i, j, k, m = _FACTORS
    square = x * x
    fourth = square * square
    low = a + b * x + square * (c + d * x)
    high = e + f * x + square * (g + h * x) + fourth * (i + j * x + square * (k + m * x))
    return 1 + (x + square * (low + fourth * high))


def _twice_artanh(x: float) -> float:
    """Add up the power series of 2 artanh x, which is log((1 + x) / (1 - x)): |x| < 0.172."""
    a, b, c, d, e, f, g, h, i, j, k = _ODD
    s = x * x
    fourth = s * s
    low = a + b * s + fourth * (c + d * s)
    high = e + f * s + fourth * (g + h * s) + fourth * fourth * (i + j * s + fourth * k)
    return 2 * x + x * s * (low + fourth * fourth * high)
