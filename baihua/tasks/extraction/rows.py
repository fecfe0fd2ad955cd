"""Texts with marked entities as rows to learn from, and which of the entities no row can hold."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.batching import shuffled_batches
from baihua.tasks.extraction.model import Batch, Marked, batch_of
from baihua.tasks.extraction.windows import Window
from baihua.text.entities import Entity


@dataclass(frozen=True)
class Rows:
    """Windows of texts with their entities in tokens.

    Args:
        windows: the windows.
        marked: the entities of each window, all that it holds whole.
        lost: the entities of each text that cannot be found in the window their middle belongs to: an edge inside a token,
            or wider than allowed.
    """

    windows: list[Window]
    marked: list[list[Marked]]
    lost: list[list[Entity]]


def make_rows(
    windows: list[Window],
    entities: Sequence[Sequence[Entity]],
    types: Sequence[str],
    max_width: int | None,
) -> Rows:
    """Find each entity's tokens.

    Args:
        windows: of some texts, in order.
        entities: of each text; those of types that are not among ``types`` are passed over.
        types: names of the types, in order.
        max_width: tokens of the widest entity; None for any.
    """
    numbers = {name: number for number, name in enumerate(types)}
    marked: list[list[Marked]] = [[] for _ in windows]
    edges = [(window.text, int(window.offsets[0, 0]), int(window.offsets[-1, 1])) for window in windows]
    starts, ends = [(text, start) for text, start, _ in edges], [(text, end) for text, _, end in edges]
    lost: list[list[Entity]] = []
    for text, mine in enumerate(entities):
        lost.append([])
        for entity in mine:
            found = False
            for place in range(bisect_left(ends, (text, entity.end)), bisect_right(starts, (text, entity.start))):
                tokens = windows[place].tokens_of(entity)
                if tokens is not None and (max_width is None or tokens[1] - tokens[0] < max_width):
                    found = found or windows[place].owns(entity.start, entity.end)
                    if entity.type in numbers:
                        marked[place].append((numbers[entity.type], *tokens))
            if not found:
                lost[-1].append(entity)
    return Rows(windows, marked, lost)


def check_something_marked(rows: Rows) -> None:
    """Refuse rows in which no entity is left.

    Raises:
        InvalidValue: when there is nothing to learn.
    """
    if not any(rows.marked):
        raise InvalidValue(
            zh="没有一个实体的两端恰好落在词元的边界上，没有什么可学；请检查位置是否按字符数、不含结尾。",
            en="No entity begins and ends at edges of tokens, so there is nothing to learn. Check that places are counted in "
            "characters with exclusive ends.",
        )


def window_overlap(backend: Tokenizer, max_length: int, max_width: int | None) -> int:
    """Return how many tokens neighbouring windows share: the widest entity, so that each lies whole in some window."""
    room = max_length - backend.num_special_tokens_to_add(False)
    return max(min(room if max_width is None else max_width, room // 2), 0)


def row_batches(rows: Rows, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """Yield the batches of one epoch, every window once, texts of like length together, in an order of the epoch's own."""
    for places in shuffled_batches([len(window.ids) for window in rows.windows], batch_size, seed, epoch):
        yield batch_of([rows.windows[place] for place in places], [rows.marked[place] for place in places])


def num_batches(rows: Rows, batch_size: int) -> int:
    """Return how many batches `row_batches` yields."""
    return -(-len(rows.windows) // batch_size)
