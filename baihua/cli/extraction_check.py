"""What is said about marked texts before an extractor learns from them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from baihua.cli import console
from baihua.cli.help import both, spoken
from baihua.language import say

if TYPE_CHECKING:
    from baihua.encoders.transformer import TransformerEncoder
    from baihua.tasks.extract import EntityExtractor
    from baihua.text.entities import EntityTexts
    from baihua.text.entity_check import Offsets

WORDS = {
    "out_of_range": both(zh="超出文本的实体", en="entities beyond their text"),
    "duplicate": both(zh="重复标注的实体，只算一次", en="entities marked more than once, which count once"),
    "crossing": both(zh="互相交叉的实体", en="pairs of entities that cross"),
    "nested": both(zh="一个套一个的实体", en="pairs of entities of which one lies within the other"),
    "whitespace_edge": both(zh="首尾有空白的实体", en="entities with white space at an edge"),
    "unalignable": both(zh="两端不在词元边界的实体，学不到", en="entities with an edge inside a token, not learned"),
    "too_wide": both(zh="比 --max-width 宽的实体，学不到", en="entities wider than --max-width, not learned"),
    "conflict": both(zh="与前面文本相同、标注却不同的文本", en="texts that came before with other entities"),
}


def check_training_file(path: str, texts: "EntityTexts", extractor: "EntityExtractor") -> dict[str, int]:
    """Look for what the training would stumble over, and say how much there is of each kind, with the first of it.

    Args:
        path: the file's name, for the notes.
        texts: what is to be learned.
        extractor: what is to learn it.

    Returns:
        How many problems there are of each kind; ``"covered"`` are the entities that a CRF cannot hold.
    """
    from baihua.text.entities import outermost
    from baihua.text.entity_check import check_entities, count_problems

    is_flat = extractor.head == "crf"
    most = None if is_flat else extractor.settings.max_width
    problems = check_entities(texts, lambda given: _offsets(extractor.encoder, given), most)
    counts = count_problems(problems)
    for kind, count in counts.items():
        first = next(problem for problem in problems if problem.kind == kind)
        words = spoken(WORDS[kind])
        console.note(
            say(
                zh=f"{path}：{words}：{count}。如第 {first.line} 行：{first.detail}",
                en=f"{path}: {words}: {count}. The first is in line {first.line}: {first.detail}",
            )
        )
    if not counts:
        console.note(say(zh=f"{path}：检查过，没有问题。", en=f"{path}: checked, and nothing is wrong."))
    if not is_flat:
        return counts
    covered = sum(len(set(mine)) - len(outermost(sorted(set(mine)))) for mine in texts.entities)
    if covered:
        console.note(
            say(
                zh=f"{path}：在更宽的实体之内或与之重叠、crf 装不下、不学的实体：{covered}。要学请用 --head egp。",
                en=f"{path}: entities inside wider ones or overlapping them, which crf cannot hold and does not learn: {covered}. "
                "To learn them use --head egp.",
            )
        )
    return {**counts, "covered": covered}


def check_overlap_of_files(train: "EntityTexts", dev: "EntityTexts", path: str) -> None:
    """Say how many of the texts held aside are also learned from, which makes their score too high."""
    learned = set(train.texts)
    leaked = sum(text in learned for text in dev.texts)
    if leaked:
        total = len(dev.texts)
        console.note(
            say(
                zh=f"{path} 的 {total} 条文本里有 {leaked} 条训练集里也有，在它上面的分数会偏高；请先去掉。",
                en=f"{leaked} of the {total} texts of {path} are also learned from, so that scores on it are too high. Remove "
                "them first.",
            )
        )


def _offsets(encoder: "TransformerEncoder", texts: Sequence[str]) -> "Offsets":
    """Return where the tokens of whole texts begin and end, however long the texts are."""
    from baihua.encoders.tokens import text_chunks

    backend = encoder.backend()
    backend.no_truncation()
    offsets: list[list[tuple[int, int]]] = []
    for start, stop in text_chunks(texts):
        encodings = backend.encode_batch(list(texts[start:stop]), add_special_tokens=False)
        offsets += [encoding.offsets for encoding in encodings]
    return offsets
