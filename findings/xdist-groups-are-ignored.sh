#!/usr/bin/env bash
# With pytest 9.2.0, pytest-xdist 3.8.0 no longer keeps the tests of one group in one process.
#
# A good engineer would have guessed: `--dist loadgroup` works with every pytest that pytest-xdist accepts, or says
# that it does not. Its documentation promises that tests of one `xdist_group` run in one process, and its package
# asks for pytest 7 or newer.
#
# What it does: pytest-xdist adds the name of the group to the private `_nodeid` of each test, and the scheduler reads
# it from there. Since 9.2.0 pytest makes the id of a test from another attribute, so the name never arrives. Every
# test is a group of its own. There is no warning, and every test still passes.
#
# Whom it hurts: suites whose tests share an expensive fixture of their module, which each process now makes again (in
# Keyart's suite a simulated world of a minute). Worse, suites that use a group so that two tests of one database or
# one port do not run at the same time: they fail now and then. Keyart asks for pytest below 9.2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > test_group.py <<'PYTHON'
import os

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(40))
def test_of_one_group(number, record_property):
    with open("processes.txt", "a") as file:
        file.write(f"{os.environ['PYTEST_XDIST_WORKER']}\n")
PYTHON
processes_with() {
    python3 -m venv "$work/venv-$1"
    "$work/venv-$1/bin/pip" install --quiet --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0
    rm -f processes.txt
    "$work/venv-$1/bin/python" -m pytest -q -p no:cacheprovider --numprocesses 2 --dist loadgroup > "said-$1.txt"
    grep -q "40 passed" "said-$1.txt"
    ! grep -qi "warning" "said-$1.txt"
    sort -u processes.txt | wc -l
}
before=$(processes_with 9.1.1)
after=$(processes_with 9.2.0)
echo "pytest-xdist 3.8.0, 40 tests of one group, two processes"
echo "pytest 9.1.1: they ran in $before process"
echo "pytest 9.2.0: they ran in $after processes, and nothing was said"
[ "$before" = 1 ] && [ "$after" = 2 ] && exit 0
echo "The behaviour has changed: this finding is out of date."
exit 1
