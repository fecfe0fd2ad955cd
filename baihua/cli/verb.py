"""Registering a function as a verb, with the options that every verb has."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from baihua import __version__
from baihua.cli import console
from baihua.cli.help import Verb, VerbGroup, both

AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help=both(
            zh="在标准输出上只写一个 JSON 对象。",
            en="Write one JSON object on standard output and nothing else.",
        ),
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", help=both(zh="不显示进度、说明与提醒。", en="No progress bar, notes or warnings.")),
]
Version = Annotated[bool, typer.Option("--version", help=both(zh="显示版本。", en="Show the version."))]


def verb(group: typer.Typer, name: str, *, zh: str, en: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a verb of a group, and give it ``--json`` and ``--quiet``.

    Args:
        group: the app or group of verbs.
        name: the verb.
        zh: what it does, in Chinese.
        en: what it does, in English.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*, as_json: bool, quiet: bool, **values: Any) -> None:
            console.configure(as_json=as_json, quiet=quiet)
            function(**values)

        signature = inspect.signature(function)
        shared = inspect.signature(_options_of_every_verb).parameters.values()
        vars(run)["__signature__"] = signature.replace(parameters=[*signature.parameters.values(), *shared])
        group.command(name, cls=Verb, help=both(zh=zh, en=en), context_settings={"allow_extra_args": True})(run)
        return function

    return register


def verb_group(*, zh: str, en: str) -> typer.Typer:
    """Return an empty group of verbs; alone on the command line it shows its help page."""
    group = typer.Typer(
        cls=VerbGroup,
        help=both(zh=zh, en=en),
        add_help_option=False,
        add_completion=False,
        invoke_without_command=True,
        rich_markup_mode=None,
    )

    @group.callback()
    def show_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            console.answer({"help": context.get_help()}, context.get_help())

    return group


def root_group(*, zh: str, en: str) -> typer.Typer:
    """Return the group that is ``baihua`` itself."""
    group = verb_group(zh=zh, en=en)

    @group.callback()
    def show_version_or_help(context: typer.Context, version: Version = False) -> None:
        if version:
            console.answer({"version": __version__}, f"baihua {__version__}")
        elif context.invoked_subcommand is None:
            console.answer({"help": context.get_help()}, context.get_help())

    return group


def _options_of_every_verb(*, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Only its signature is used."""
