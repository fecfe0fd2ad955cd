"""The help page of a verb, in either language, aligned whatever the width of its characters.

Help is written where an option is declared, as ``both(zh="…", en="…")``, and the half that is wanted is taken when
the page is printed: the language is known only once the command line has been read.
"""

import re
import shutil
from typing import Any

import typer.core
from rich.cells import cell_len

from baihua.checks import InvalidValue, check_choice
from baihua.language import say

_BETWEEN = "\x1f"  # ASCII's own "unit separator"; no help text holds it
# A word of Latin letters stays whole, any other character may end a line, and closing punctuation never begins one.
_PIECE = re.compile(r"\s*(?:[!-~]+|\S)[，。、；：）！？”》]*")


def both(*, zh: str, en: str) -> str:
    """Return one string that holds a help text in both languages."""
    return zh + _BETWEEN + en


def spoken(text: str | None) -> str:
    """Return the half of a `both` text that is in the current language."""
    zh, _, en = (text or "").partition(_BETWEEN)
    return say(zh=zh, en=en or zh)


def wrap(text: str, width: int) -> list[str]:
    """Break text into lines of at most ``width`` cells, where a Chinese character takes two.

    Example:
        >>> wrap("白话 baihua 读作 bái huà", width=12)
        ['白话 baihua', '读作 bái huà']
    """
    lines = [""]
    for piece in _PIECE.findall(text):
        if cell_len(lines[-1] + piece) <= width or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return lines


class Verb(typer.core.TyperCommand):
    """A verb whose help page and mistakes are in the user's language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help page."""
        formatter.write(_page(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse words left over, in one sentence."""
        rest = super().parse_args(ctx, args)
        if rest:
            words = " ".join(rest)
            raise InvalidValue(
                zh=f"多出了 {words!r}；含空格的文本请加引号。写法见：{ctx.command_path} --help",
                en=f"Unexpected {words!r}. Put quotes around text with spaces. See: {ctx.command_path} --help",
            )
        return rest


class VerbGroup(typer.core.TyperGroup):
    """A group of verbs whose help page and mistakes are in the user's language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help page."""
        formatter.write(_page(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``--help`` for no words at all, which shows the help page.

        typer's own help option would import pydantic each time it is not given, a tenth of a second.
        """
        return super().parse_args(ctx, [] if args[:1] == ["--help"] else args)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the verbs in the order of the alphabet."""
        return sorted(super().list_commands(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb, or name the nearest one."""
        check_choice(say(zh="动词", en="verb"), args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _page(command: Any, ctx: Any) -> str:
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for parameter in command.params:
        is_argument = parameter.param_type_name == "argument"
        (arguments if is_argument else options).append(_parameter_row(parameter, is_argument))
    verbs = [(name, spoken(verb.help)) for name, verb in sorted(getattr(command, "commands", {}).items())]
    usage = " ".join(
        [say(zh="用法：", en="Usage:"), ctx.command_path, say(zh="[选项]", en="[OPTIONS]")]
        + [_argument_in_usage(parameter) for parameter in command.params if parameter.param_type_name == "argument"]
        + ([say(zh="动词 …", en="VERB …")] if verbs else [])
    )
    width = min(shutil.get_terminal_size().columns, 110)
    blocks = [usage, "\n".join(wrap(spoken(command.help), width))]
    for heading, rows in (
        (say(zh="动词：", en="Verbs:"), verbs),
        (say(zh="参数：", en="Arguments:"), arguments),
        (say(zh="选项：", en="Options:"), options + _options_everywhere()),
    ):
        if rows:
            blocks.append("\n".join([heading, *_definitions(rows, width)]))
    return "\n\n".join(blocks)


def _options_everywhere() -> list[tuple[str, str]]:
    """The options that hold wherever they stand; the first is taken off the command line before typer reads it."""
    language = say(
        zh="用中文还是英文说话；不给时看 BAIHUA_LANG，再看系统语言。",
        en="Speak Chinese or English; otherwise BAIHUA_LANG decides, then the locale.",
    )
    return [("--lang zh|en", language), ("--help", say(zh="显示这一页。", en="Show this page."))]


def _parameter_row(parameter: Any, is_argument: bool) -> tuple[str, str]:
    if is_argument:
        return _argument_in_usage(parameter).strip("[]"), spoken(parameter.help)
    left = ", ".join(sorted(parameter.opts, key=len))
    if not parameter.is_flag:
        left += f" {parameter.metavar or parameter.name.upper()}"
    words = spoken(parameter.help)
    if parameter.required:
        words += say(zh=" （必填）", en=" (required)")
    elif parameter.default and not parameter.is_flag:
        words += say(zh=f" 〔默认 {parameter.default}〕", en=f" [default: {parameter.default}]")
    return left, words


def _argument_in_usage(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.upper()) + ("…" if parameter.nargs != 1 else "")
    return name if parameter.required else f"[{name}]"


def _definitions(rows: list[tuple[str, str]], width: int) -> list[str]:
    """Lay out names on the left and what they mean on the right."""
    left = min(max(cell_len(name) for name, _ in rows), 34) + 4
    lines = []
    for name, words in rows:
        first, *others = wrap(words, max(width - left, 20)) or [""]
        start = f"  {name}"
        if cell_len(start) + 2 > left:
            lines.append(start)
            start = ""
        lines.append((start + " " * (left - cell_len(start)) + first).rstrip())
        lines += [" " * left + line for line in others]
    return lines
