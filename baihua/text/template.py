"""Templates: where text, blanks, learned vectors and plain words stand in a prompt, written as it is read."""

import re
from dataclasses import dataclass

from baihua.checks import InvalidType, InvalidValue, check_choice

PAIR = ("text_a", "text_b")
TEXTS = ("text", *PAIR)
SLOTS = ("soft", "mask", *TEXTS)
_PIECE = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]")


@dataclass(frozen=True)
class Part:
    """A piece of a template.

    Args:
        kind: ``"words"`` or one of `SLOTS`.
        words: what stands there, where the kind is ``"words"``.
        num: how many soft tokens or masks.
    """

    kind: str
    words: str = ""
    num: int = 1

    def __str__(self) -> str:
        if self.kind == "words":
            return self.words.replace("{", "{{").replace("}", "}}")
        return f"{{{self.kind}}}" if self.num == 1 else f"{{{self.kind}:{self.num}}}"


@dataclass(frozen=True)
class Template:
    """Where text, blanks, learned vectors and plain words stand in a prompt; `parse` reads one as people write it.

    Args:
        parts: from left to right.

    Raises:
        InvalidValue: unless it has either ``{text}`` or both ``{text_a}`` and ``{text_b}``, each once.

    Example:
        >>> template = Template.parse("{soft:4}{mask}满意。{text}")
        >>> template.num_soft, template.num_masks, template.fields
        (4, 1, ('text',))
        >>> str(template.with_masks(2))
        '{soft:4}{mask:2}满意。{text}'
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        fields = self.fields
        if sorted(fields) not in (["text"], [*PAIR]):
            found = " ".join(f"{{{field}}}" for field in fields) or "∅"
            raise InvalidValue(
                zh=f"模板要有一个 {{text}}，或 {{text_a}}、{{text_b}} 各一个（半角花括号），而 {str(self)!r} 里有：{found}。",
                en=f"A template has one {{text}}, or one each of {{text_a}} and {{text_b}} (ASCII braces), but {str(self)!r} "
                f"has: {found}.",
            )

    @classmethod
    def parse(cls, written: str) -> "Template":
        """Read a template.

        Args:
            written: plain words with slots: ``{text}``, or ``{text_a}`` and ``{text_b}``, each once; ``{mask}`` or
                ``{mask:2}`` for blanks (a causal model needs none: its answer comes at the end); ``{soft}`` or
                ``{soft:4}`` for learned vectors. ``{{`` and ``}}`` stand for braces. A special token spelt in the words,
                such as ``[SEP]``, is that token.

        Raises:
            InvalidType: for what is no string.
            InvalidValue: for a missing or repeated text, an unknown slot, a count below 1 or a brace without its other.
        """
        if not isinstance(written, str):
            kind = type(written).__name__
            raise InvalidType(
                zh=f"模板应是字符串，例如 '{{soft:4}}{{mask}}{{text}}'，收到的是 {kind}。",
                en=f"A template is a string, such as '{{soft:4}}{{mask}}{{text}}', but received {kind}.",
            )
        parts: list[Part] = []
        for match in _PIECE.finditer(written):
            part = _read_piece(match.group(), match.start(), written)
            if part.kind == "words" and parts and parts[-1].kind == "words":
                part = Part("words", parts.pop().words + part.words)
            parts.append(part)
        return cls(tuple(parts))

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    @property
    def num_soft(self) -> int:
        """How many learned vectors it has places for."""
        return sum(part.num for part in self.parts if part.kind == "soft")

    @property
    def num_masks(self) -> int:
        """How many blanks it has."""
        return sum(part.num for part in self.parts if part.kind == "mask")

    @property
    def fields(self) -> tuple[str, ...]:
        """``("text",)``, or ``"text_a"`` and ``"text_b"`` as they stand."""
        return tuple(part.kind for part in self.parts if part.kind in TEXTS)

    def with_masks(self, num: int) -> "Template":
        """Return the same template with so many blanks where its blanks stand, for label words of so many tokens.

        Args:
            num: at least 1.

        Raises:
            InvalidValue: when there is no blank, or they stand at several places.
        """
        if num == self.num_masks:
            return self
        places = [place for place, part in enumerate(self.parts) if part.kind == "mask"]
        together = bool(places) and places[-1] - places[0] + 1 == len(places)
        if num < 1 or not together:
            raise InvalidValue(
                zh=f"模板 {str(self)!r} 的 {self.num_masks} 个空位变不成 {num} 个；请把 {{mask}} 连着写在一处，例如 '{{mask:{num}}}'。",
                en=f"The {self.num_masks} masks of the template {str(self)!r} cannot become {num}. Write them side by side "
                f"in one place, such as '{{mask:{num}}}'.",
            )
        return Template((*self.parts[: places[0]], Part("mask", num=num), *self.parts[places[-1] + 1 :]))


def _read_piece(piece: str, place: int, written: str) -> Part:
    if piece in ("{{", "}}"):
        return Part("words", piece[0])
    if piece in ("{", "}"):
        raise InvalidValue(
            zh=f"模板 {written!r} 第 {place} 个字符（从 0 数）{piece!r} 没有配对；要写花括号本身请用 {piece * 2!r}。",
            en=f"The {piece!r} at character {place} (from 0) of the template {written!r} lacks its other half. For a brace "
            f"itself write {piece * 2!r}.",
        )
    if not piece.startswith("{"):
        return Part("words", piece)
    name, colon, count = piece[1:-1].partition(":")
    kind = check_choice("slot", name, SLOTS)
    if not colon:
        return Part(kind)
    if kind in TEXTS or not re.fullmatch("0*[1-9][0-9]{0,4}", count):
        raise InvalidValue(
            zh=f"模板里的 {piece!r} 看不懂：只有 {{soft:n}} 与 {{mask:n}} 可带个数，n 为 1 到 99999 的整数。",
            en=f"Cannot read {piece!r} in the template: {{soft:n}} and {{mask:n}} alone take a number, n from 1 to 99999.",
        )
    return Part(kind, num=int(count))
