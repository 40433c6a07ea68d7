"""Every budget, each in a file of its own, in the order in which they are measured."""

from tests.bench.budget import Budget
from tests.bench.budgets import artwork, decoding, memory, page, picture, samples, snapshot, trainer

BUDGETS: dict[str, Budget] = {
    module.BUDGET.name: module.BUDGET
    for module in (artwork, page, trainer, memory, snapshot, samples, decoding, picture)
}
