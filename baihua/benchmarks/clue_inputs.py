"""What a record of CLUE looks like to a model: spans marked, keywords joined, a passage in one text, four choices.

Each function is one transformation of https://kexue.fm/archives/8739 and its code; CHID's blanks are in
`baihua.benchmarks.idiom_blanks`, CMRC2018's windows in `baihua.tasks.answering.windows`.
"""

from collections.abc import Sequence

Span = tuple[int, int]  # half-open, in characters

NUM_CHOICES = 4
NO_CHOICE = "无效答案"  # the article's filling, where a question has less than four choices


def mark_spans(text: str, noun: Span, pronoun: Span) -> tuple[str, tuple[Span, Span]]:
    """Write a noun as ``_noun_`` and a pronoun as ``[pronoun]``, whichever comes first (WSC).

    Args:
        text: the passage as it stands in its file.
        noun: where the noun stands.
        pronoun: where the pronoun stands; the two share no character.

    Returns:
        The marked text, and where noun and pronoun stand in it, marks left out.

    Example:
        >>> mark_spans("小明见到老王，他很高兴。", (0, 2), (7, 8))
        ('_小明_见到老王，[他]很高兴。', ((1, 3), (10, 11)))
        >>> mark_spans("他笑了，小明哭了。", (4, 6), (0, 1))[0]
        '[他]笑了，_小明_哭了。'
    """
    for (start, end), left, right in sorted([(noun, "_", "_"), (pronoun, "[", "]")], reverse=True):
        text = (
            f"{text[:start]}{left}{text[start:end]}{right}{text[end:]}"  # the last one first: what is left of it stays
        )
    moved_noun, moved_pronoun = (
        (start + 1 + 2 * (start > other), end + 1 + 2 * (start > other))
        for (start, end), (other, _) in ((noun, pronoun), (pronoun, noun))
    )
    return text, (moved_noun, moved_pronoun)


def join_keywords(keywords: Sequence[str]) -> str:
    """Return keywords as one text (CSL).

    Example:
        >>> join_keywords(["水稻", "产量"])
        '水稻；产量'
    """
    return "；".join(keywords)


def join_passage(utterances: Sequence[str]) -> str:
    """Return what was said one after the other, or the paragraphs of a text, as one text (C3).

    Example:
        >>> join_passage(["男：去吗？", "女：不去。"])
        '男：去吗？||女：不去。'
    """
    return "||".join(utterances)


def pad_choices(choices: Sequence[str], num_choices: int = NUM_CHOICES) -> tuple[str, ...]:
    """Return just so many choices: missing ones are filled up, ones too many cut off (C3, whose newer test has questions of more).

    Example:
        >>> pad_choices(["正确", "错误"])
        ('正确', '错误', '无效答案', '无效答案')
    """
    filling = [NO_CHOICE] * (num_choices - len(choices))
    return tuple([*choices, *filling][:num_choices])
