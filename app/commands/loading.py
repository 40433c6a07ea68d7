"""The list of commands, of which each is loaded only when it is used."""

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

EXAMPLES = "Examples:"


class Listed(NamedTuple):
    """A command as the list has it."""

    name: str
    """The name of its module in this folder, and of the function there."""
    sentence: str
    """The first sentence of its docstring: `keyart --help` shows it without loading the command."""
    hidden: bool = False


class Command(TyperCommand):
    """A command whose docstring ends with examples; `--help` shows them last, each on a line as it was written."""

    def __init__(self, *args: Any, **options: Any):  # noqa: ANN401  passed on
        text, _, examples = inspect.cleandoc(options.get("help") or "").partition(f"\n{EXAMPLES}\n")
        lines = inspect.cleandoc(examples).splitlines()
        epilog = "\n".join(["\b", EXAMPLES, *(f"  {line}" for line in lines)]) if lines else None
        first = " ".join(text.partition("\n\n")[0].split())
        super().__init__(*args, **{**options, "help": text.strip(), "short_help": first, "epilog": epilog})


class Loaded(Mapping[str, Any]):
    """Commands by their names. Each is loaded when it is looked up."""

    def __init__(self, listed: Mapping[str, Listed]):
        self._listed = listed

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  typer's own class has no public name
        found = self._listed[name]
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        function = getattr(import_module(f"app.commands.{found.name}"), found.name)
        alone.command(name, cls=Command, hidden=found.hidden)(function)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


class Commands(TyperGroup):
    """A group of commands that shows its list without loading any of them."""

    listed: ClassVar[Mapping[str, Listed]]

    def __init__(self, **options: Any):  # noqa: ANN401  passed on
        super().__init__(**options)
        self.commands = Loaded(self.listed)  # type: ignore[assignment] # nothing is put into it

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002  as typer calls it
        return list(self.listed)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002  as typer calls it
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.sentence) for name, each in self.listed.items() if not each.hidden])
