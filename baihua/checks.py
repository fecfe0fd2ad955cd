"""The one form of every mistake: what came, what was expected, what to do, in Chinese and in English.

The sentence stands where the value is used; this file only holds the exceptions that carry it and the few
checks that many places share. The command line prints any `Mistake` as one sentence with exit code 2.
"""

import difflib
import importlib
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from baihua.language import say


class Mistake(Exception):
    """Something the user can mend, said in both languages.

    Args:
        zh: the sentence in Chinese.
        en: the sentence in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return say(zh=self.zh, en=self.en)


class InvalidValue(Mistake, ValueError):
    """A value of the right kind that cannot be used."""


class InvalidType(Mistake, TypeError):
    """A value of the wrong kind."""


class FileProblem(Mistake, OSError):
    """A file or folder that is missing, unreadable or cannot be written."""


class MissingPackage(Mistake, ImportError):
    """An optional package that is not installed."""


def check_choice(argument: str, value: str, choices: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Return the choice that was meant, or raise naming the nearest one.

    Args:
        argument: the argument's name, for the message.
        value: what the user gave.
        choices: the words allowed.
        aliases: other spellings, each with the choice it stands for.

    Returns:
        One of ``choices``.

    Raises:
        InvalidValue: when ``value`` is neither a choice nor an alias.

    Example:
        >>> check_choice("pooling", "first-last-avg", ["cls", "first_last_mean"], {"first-last-avg": "first_last_mean"})
        'first_last_mean'
    """
    allowed = list(choices)
    others = dict(aliases or {})
    if value in allowed:
        return value
    if value in others:
        return others[value]
    listed = ", ".join(repr(choice) for choice in allowed)
    near = difflib.get_close_matches(str(value), [*allowed, *others], n=1, cutoff=0.5)
    hint = others.get(near[0], near[0]) if near else None
    raise InvalidValue(
        zh=f"{argument} 不认识 {value!r}，可选：{listed}。" + (f"您要的是 {hint!r} 吗？" if hint else ""),
        en=f"Unknown {argument} {value!r}. Expected one of {listed}." + (f" Did you mean {hint!r}?" if hint else ""),
    )


def check_texts(texts: Iterable[str], argument: str = "texts") -> list[str]:
    """Return any sequence of strings (list, tuple, array, Series, column) as a list.

    Args:
        texts: the sequence. A single string is refused, since going through it by character is never meant.
        argument: the argument's name, for the message.

    Raises:
        InvalidType: for a single string, for something that cannot be gone through, and for an item that is
            not a string, naming its position.
        InvalidValue: for an item with a lone surrogate, which no encoding of text can hold.

    Example:
        >>> check_texts(("你好", "再见"))
        ['你好', '再见']
    """
    if isinstance(texts, (str, bytes)):
        raise InvalidType(
            zh=f"{argument} 应是一列文本，收到的是单个字符串；请写成 [{texts[:20]!r}]。",
            en=f"{argument} must be a sequence of strings, but received a single string. Write [{texts[:20]!r}] instead.",
        )
    try:
        items: list[Any] = list(texts)
    except TypeError:
        kind = type(texts).__name__
        raise InvalidType(
            zh=f"{argument} 应是一列文本，收到的是 {kind}。请传入字符串列表。",
            en=f"{argument} must be a sequence of strings, but received {kind}. Pass a list of strings.",
        ) from None
    for position, item in enumerate(items):
        if not isinstance(item, str):
            kind = type(item).__name__
            raise InvalidType(
                zh=f"{argument} 的第 {position} 项（从 0 数）不是字符串而是 {kind}：{item!r:.40}。请先去掉或转成字符串。",
                en=f"Item {position} of {argument} is not a string but {kind}: {item!r:.40}. Remove it or convert it.",
            )
        if not item.isascii() and not _can_be_utf8(item):
            raise InvalidValue(
                zh=f"{argument} 的第 {position} 项（从 0 数）含有半个字符（孤立的代理项），不是合法文本：{item!r:.40}。",
                en=f"Item {position} of {argument} holds half a character (a lone surrogate) and is no valid text: "
                f"{item!r:.40}. Read the file again with its right encoding.",
            )
    return [str(item) for item in items]


def _can_be_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def need_package(module: str, extra: str) -> ModuleType:
    """Import an optional package, or say in one sentence how to install it.

    Args:
        module: the module to import, such as ``"matplotlib"``.
        extra: the extra of baihua that brings it, such as ``"plot"``.

    Raises:
        MissingPackage: when it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        command = f"pip install 'baihua[{extra}]'"
        raise MissingPackage(
            zh=f"这一步需要 {module}，但没有安装。请运行：{command}",
            en=f"This step needs {module}, which is not installed. Run: {command}",
        ) from None


def check_same_length(first: Sequence[object], second: Sequence[object], names: tuple[str, str]) -> None:
    """Refuse two sequences that should run in parallel but have different lengths.

    Raises:
        InvalidValue: naming both lengths.
    """
    if len(first) != len(second):
        raise InvalidValue(
            zh=f"{names[0]} 与 {names[1]} 应一样长，收到 {len(first)} 与 {len(second)}。",
            en=f"{names[0]} and {names[1]} must have the same length, but received {len(first)} and {len(second)}.",
        )
