"""Prompts: texts set into a template that has blanks to fill in and places for learned vectors.

Only the text is ever cut, never the template; and whatever the text spells, it is read as plain characters.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from baihua.checks import InvalidType, InvalidValue, check_texts
from baihua.text.plain_tokens import plain_ids, special_tokens
from baihua.text.template import PAIR, TEXTS, Template

__all__ = ["Prompt", "Template", "encode_prompts", "longest_first", "soft_places"]

CHUNK = 16384  # texts handed to the tokenizer at once
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Prompt:
    """The token ids of one text in its template. Token types are all 0, as in the article, also for two texts.

    Args:
        ids: of all tokens, special ones included, shape ``(length,)``. Where a soft token stands there is the mask's id (0
            where there is none): whoever embeds puts a vector in its place. No id says where padding begins.
        masks: places of the blanks, shape ``(num_masks,)``.
        soft: places of soft tokens 0, 1, …, shape ``(num_soft,)``.
        spans: where each text's tokens stand, half-open, in the order of the template.
        num_cut: tokens of the text that were left out.
    """

    ids: np.ndarray
    masks: np.ndarray
    soft: np.ndarray
    spans: tuple[tuple[int, int], ...]
    num_cut: int


def encode_prompts(
    template: Template,
    backend: Tokenizer,
    texts: Sequence[str] | Sequence[tuple[str, str]],
    max_length: int,
    num_masks: int | None = None,
    *,
    mask_id: int | None = None,
    ending: bool = True,
) -> list[Prompt]:
    """Set texts into a template.

    Args:
        template: where things stand.
        backend: the tokenizer. Special tokens before and after are those its post-processor gives a single text; its
            truncation and padding are switched off here.
        texts: any sequence of strings, or of pairs for a template of two texts. Half a character is read as U+FFFD.
        max_length: tokens of a prompt at most. Of two texts the longer one loses its end first.
        num_masks: how many blanks instead of the template's own, see `Template.with_masks`.
        mask_id: the token of a blank; None to find it by its name.
        ending: whether special tokens may follow; not for a causal model, whose answer comes next.

    Returns:
        One prompt per text.

    Raises:
        InvalidType: for what are no strings, or no pairs where pairs are needed.
        InvalidValue: when the template leaves no room for a token of each text, or the tokenizer has no mask.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> template = Template.parse("{soft:2}{mask}{soft}{text}")
        >>> (prompt,) = encode_prompts(template, load_encoder("bundled").backend(), ["屏幕很清晰"], max_length=9)
        >>> len(prompt.ids), prompt.masks.tolist(), prompt.soft.tolist(), prompt.spans, prompt.num_cut
        (9, [3], [1, 2, 4], ((5, 8),), 2)
    """
    template = template if num_masks is None else template.with_masks(num_masks)
    rows = _rows_of(template, texts)
    frame = _frame_of(template, backend, mask_id, ending)
    num_texts = len(template.fields)
    room = max_length - len(frame.ids)
    if room < num_texts:
        raise InvalidValue(
            zh=f"模板和特殊词元占 {len(frame.ids)} 个词元，还要放下至少 {num_texts} 个文本词元，max_length={max_length} 不够。",
            en=f"Template and special tokens take {len(frame.ids)} tokens and the text needs at least {num_texts}, more than "
            f"max_length={max_length}.",
        )
    prompts: list[Prompt] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        ids = plain_ids(backend, [text for row in chunk for text in row])
        prompts += _filled(frame, [ids[first : first + num_texts] for first in range(0, len(ids), num_texts)], room)
    return prompts


def soft_places(prompts: Sequence[Prompt]) -> np.ndarray:
    """Return where the soft tokens of a batch stand, as `baihua.nn.soft_prompt.embed_with_soft` wants them.

    Returns:
        Shape ``(num_soft, 3)``: which prompt, place, which soft token.
    """
    places = [(row, place, number) for row, one in enumerate(prompts) for number, place in enumerate(one.soft.tolist())]
    return np.array(places, dtype=np.int64).reshape(-1, 3)


def longest_first(first: int, second: int, room: int) -> tuple[int, int]:
    """Return how many tokens two texts keep when the longer one loses first, as transformers' fast tokenizers have it.

    Example:
        >>> longest_first(3, 20, room=10), longest_first(9, 8, room=9), longest_first(8, 8, room=9)
        ((3, 7), (5, 4), (4, 5))
    """
    if first + second <= room:
        return first, second
    shorter = min(first, second, room // 2)
    return (room - shorter, shorter) if first > second else (shorter, room - shorter)


def _rows_of(template: Template, texts: Any) -> list[tuple[str, ...]]:
    """Return the texts of each prompt in the order of the template."""
    fields = template.fields
    if fields == ("text",) or not _is_sequence(texts):
        return [(text,) for text in _readable(texts, "texts")]
    pairs = [tuple(item) if _is_sequence(item) else (item,) for item in texts]
    for number, pair in enumerate(pairs):
        if len(pair) != 2:
            raise InvalidType(
                zh=f"模板有 {{text_a}} 和 {{text_b}}，texts 的第 {number} 项（从 0 数）却不是一对文本：{pair!r:.60}。",
                en=f"The template has {{text_a}} and {{text_b}}, but item {number} of texts is no pair: {pair!r:.60}.",
            )
    columns = [_readable([pair[PAIR.index(field)] for pair in pairs], field) for field in fields]
    return list(zip(*columns, strict=True))


def _readable(texts: Any, argument: str) -> list[str]:
    if _is_sequence(texts):
        texts = [_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else text for text in texts]
    return check_texts(texts, argument)


def _is_sequence(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes))


@dataclass(frozen=True)
class _Frame:
    """The tokens of a template without its texts; ``cuts`` are where these belong, the other places count without them."""

    ids: list[int]
    cuts: list[int]
    masks: list[int]
    soft: list[int]


def _frame_of(template: Template, backend: Tokenizer, mask_id: int | None, ending: bool) -> _Frame:
    before, after = _ids_around(backend)
    blank = _blank_of(template, backend, mask_id)
    frame = _Frame(before, [], [], [])
    for part in template.parts:
        if part.kind in TEXTS:
            frame.cuts.append(len(frame.ids))
        elif part.kind == "words":
            frame.ids.extend(_ids_of_words(backend, part.words, blank))
        else:
            places = frame.masks if part.kind == "mask" else frame.soft
            places.extend(range(len(frame.ids), len(frame.ids) + part.num))
            frame.ids.extend([0 if blank is None else blank] * part.num)
    frame.ids.extend(after if ending else [])
    return frame


def _ids_around(backend: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the special tokens that the post-processor puts before and after a text."""
    backend.no_truncation()
    backend.no_padding()
    probe = backend.encode("a1的")  # of an empty text none could tell before from after
    real = [place for place, special in enumerate(probe.special_tokens_mask) if not special]
    first, last = (real[0], real[-1] + 1) if real else (len(probe.ids), len(probe.ids))
    return probe.ids[:first], probe.ids[last:]


def _blank_of(template: Template, backend: Tokenizer, mask_id: int | None) -> int | None:
    if mask_id is not None:
        return mask_id
    alike = [spelled for spelled in special_tokens(backend).values() if "mask" in spelled.lower()]
    named = (backend.token_to_id(name) for name in ("[MASK]", "<mask>", *alike))
    found = [number for number in named if number is not None]
    if not found and template.num_masks:
        raise InvalidValue(
            zh=f"模板 {str(template)!r} 有 {{mask}}，分词器却没有掩码词元；请换一个掩码语言模型，或去掉 {{mask}}（答案在末尾）。",
            en=f"The template {str(template)!r} has a {{mask}}, but the tokenizer has no mask token. Use a masked language "
            "model, or leave {mask} out (the answer then comes at the end).",
        )
    return found[0] if found else None


def _ids_of_words(backend: Tokenizer, words: str, blank: int | None) -> list[int]:
    ids: list[int] = backend.encode(_SURROGATE.sub("\ufffd", words), add_special_tokens=False).ids
    if blank in ids:
        raise InvalidValue(
            zh=f"模板里的 {words!r} 含有掩码词元；空位请写成 {{mask}}。",
            en=f"The words {words!r} of the template hold the mask token. Write {{mask}} for a blank.",
        )
    return ids


def _filled(frame: _Frame, rows: list[list[list[int]]], room: int) -> list[Prompt]:
    """Set the texts of many prompts into the frame."""
    kept = [_kept(row, room) for row in rows]
    shifts = np.pad(np.cumsum(kept, axis=1), ((0, 0), (1, 0)))  # (batch, num_texts + 1): tokens of the texts before
    masks, soft = (
        np.array(places, dtype=np.int64) + shifts[:, np.searchsorted(frame.cuts, places, side="right")]
        for places in (frame.masks, frame.soft)
    )  # (batch, num_masks), (batch, num_soft)
    bounds = [0, *frame.cuts, len(frame.ids)]
    fixed = [frame.ids[start:stop] for start, stop in pairwise(bounds)]
    prompts = []
    for number, (row, lengths) in enumerate(zip(rows, kept, strict=True)):
        ids, spans = list(fixed[0]), []
        for mine, length, after in zip(row, lengths, fixed[1:], strict=True):
            spans.append((len(ids), len(ids) + length))
            ids += mine[:length]
            ids += after
        num_cut = sum(map(len, row)) - sum(lengths)
        prompts.append(Prompt(np.array(ids, dtype=np.int64), masks[number], soft[number], tuple(spans), num_cut))
    return prompts


def _kept(row: list[list[int]], room: int) -> tuple[int, ...]:
    lengths = [len(ids) for ids in row]
    return (min(lengths[0], room),) if len(lengths) == 1 else longest_first(lengths[0], lengths[1], room)
