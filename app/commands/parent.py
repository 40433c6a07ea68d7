"""An option of the processes that `keyart serve` starts."""

from typing import Annotated

import typer

Parent = Annotated[int | None, typer.Option(hidden=True, help="End when this process is no longer the parent.")]
