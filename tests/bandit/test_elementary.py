"""Elementary functions are accurate, and give the same last bit on every machine."""

import math
import random
from collections.abc import Callable
from hashlib import blake2b
from math import inf, nan

import pytest

from bandit.elementary import exp, exp2, log, log1p

Function = Callable[[float], float]
RNG = random.Random(4)
SOME: dict[Function, list[float]] = {
    exp: [spread * (2 * RNG.random() - 1) for spread in (1e-9, 1, 14, 700) for _ in range(2_000)],
    exp2: [spread * (2 * RNG.random() - 1) for spread in (1e-9, 1, 16, 1000) for _ in range(2_000)],
    log: [(0.5 + RNG.random()) * 2.0**power for power in (-1000, -20, -1, 0, 1, 60, 1000) for _ in range(1_000)],
    log1p: [sign * RNG.random() * 10.0**-size for size in range(1, 18) for sign in (1, -1) for _ in range(200)],
}
"""Inputs are made by random() and products alone, so that they are the same on every machine."""
KNOWN: dict[Function, Function] = {exp: math.exp, exp2: math.exp2, log: math.log, log1p: math.log1p}
GOLDEN: dict[Function, str] = {
    exp: "ca1ac6e3a855a1e7",
    exp2: "d383619924d4b8ef",
    log: "f3dad29a299b3dcf",
    log1p: "d585a8ab59951233",
}
each_function = pytest.mark.parametrize("function", SOME)


@each_function
def test_it_is_accurate(function: Function) -> None:
    for x in SOME[function]:
        known = KNOWN[function](x)
        assert abs(function(x) - known) <= 3 * math.ulp(known), x


@each_function
def test_the_last_bit_is_the_same_everywhere(function: Function) -> None:
    found = "".join(function(x).hex() for x in SOME[function])
    assert blake2b(found.encode(), digest_size=8).hexdigest() == GOLDEN[function]


def test_the_ends() -> None:
    assert [exp(0), exp2(0), exp2(10), exp2(-1), log(1), log1p(0)] == [1, 1, 1024, 0.5, 0, 0]
    assert [exp(-800), exp(-inf), exp2(-5000)] == [0, 0, 0]
    assert [exp(800), exp(inf), exp2(2000), log(inf), log1p(inf)] == [inf] * 5
    assert log(5e-324) == pytest.approx(math.log(5e-324), rel=1e-15)
    assert all(math.isnan(function(nan)) for function in SOME)
    for function, x in ((log, 0.0), (log, -1.0), (log1p, -1.0)):
        with pytest.raises(ValueError, match=r"domain|positive"):
            function(x)
