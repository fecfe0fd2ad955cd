"""What typer has to say about a command line it cannot read, said in both languages."""

import difflib
from typing import Any

import typer

from baihua.language import say


def usage_sentence(error: typer.TyperException) -> str:
    """Return one sentence: what came, what was expected, where to read on.

    The kinds of usage error are told apart by their names, since typer keeps the classes to itself.
    """
    context: Any = getattr(error, "ctx", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        sentence = _no_such_option(error, context)
    elif kind == "MissingParameter":
        sentence = _missing_parameter(error)
    elif kind == "BadOptionUsage":
        name = getattr(error, "option_name", "")
        sentence = say(
            zh=f"选项 {name} 用法不对：要么它后面缺一个值，要么它是不带值的开关。",
            en=f"Option {name} is used wrongly: it lacks its value, or it is a switch that takes none.",
        )
    else:
        reason = error.format_message()
        sentence = say(zh=f"这条命令读不懂：{reason}", en=f"Cannot read this command: {reason}")
    path = context.command_path if context is not None else "baihua"
    return sentence + say(zh=f"写法见：{path} --help", en=f" See: {path} --help")


def _no_such_option(error: Any, context: Any) -> str:
    known = [name for parameter in context.command.get_params(context) for name in parameter.opts] if context else []
    near = difflib.get_close_matches(error.option_name, known, n=1, cutoff=0.5)
    return say(
        zh=f"没有选项 {error.option_name!r}。" + (f"您要的是 {near[0]!r} 吗？" if near else ""),
        en=f"There is no option {error.option_name!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
    )


def _missing_parameter(error: Any) -> str:
    parameter = error.param
    name = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "option":
        name = f"{max(parameter.opts, key=len)} {name}"
    return say(zh=f"缺少 {name}。", en=f"{name} is missing.")
