"""The tour's sentences as a library: searched by meaning and by words, and freed of repeats where that is safe."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baihua.language import say
from baihua.studies.tour.examples import Query, load_queries, load_sentences
from baihua.studies.tour.part import TourPart
from baihua.tasks.dedupe import deduplicate
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index.calibration import no_better_than_chance
from baihua.tasks.index.ranking import MODES
from baihua.tasks.search import SentenceIndex
from baihua.training.false_matches import FalseMatchRate

ENCODER = "static"
TOP = 10
ASKED = (0, 16, 32)  # places of the queries shown, evenly spread
UNRELATED = "量子色动力学的重整化群方程"  # nothing in the library is about this
# Written as people repeat themselves: width and case, a full stop, a space; and two that only look like repeats.
REPEATS = (
    "退货的运费由谁承担？",
    "退货的运费由谁承担",
    "退货的运费由谁承担? ",
    "ＡＰＰ闪退怎么办",
    "app闪退怎么办！",
    "新用户充100送10",
    "新用户充1000送10",
    "这个订单能开发票",
    "这个订单不能开发票",
)


def search_part() -> TourPart:
    """Search the sentences in every mode: three queries shown, all of them scored, and one that has no answer."""
    sentences, queries = load_sentences(), load_queries()
    embedder = SentenceEmbedder(ENCODER)
    with tempfile.TemporaryDirectory() as folder, SentenceIndex.create(Path(folder) / "tour.db", embedder) as index:
        index.add([sentence.text for sentence in sentences], keys=[sentence.id for sentence in sentences])
        background = index.calibrate().background
        lines = [
            say(
                zh=f"{len(index)} 句存在一个文件里；编码器 {ENCODER}。得分是余弦，旁边是它说明什么：",
                en=f"{len(index)} sentences in one file; encoder {ENCODER}. A score is a cosine; beside it what it means:",
            )
        ]
        for text in [*(queries[place].text for place in ASKED), UNRELATED]:
            lines += _answer(index, text, background)
        numbers = {mode: _reciprocal_rank(index, queries, mode) for mode in MODES}
    shown = "  ".join(f"{mode} {100 * value:.1f}" for mode, value in numbers.items())
    lines += ["", say(zh=f"{len(queries)} 条查询的 MRR@10：{shown}", en=f"MRR@10 of {len(queries)} queries: {shown}")]
    title = say(zh="搜索：按意思、按字词、合起来", en="Search: by meaning, by words, by both")
    return TourPart(title, lines, {f"mrr_at_10/{mode}": value for mode, value in numbers.items()})


def _answer(index: SentenceIndex, text: str, background: FalseMatchRate) -> list[str]:
    (best,) = index.search(text, top_k=1)
    lines = [
        "",
        say(zh=f"查询：{text}", en=f"Query: {text}"),
        f"    {best.score:.2f}  {best.text}",
        f"          {background.sentence(best.score, size=len(index))}",
    ]
    if no_better_than_chance([best]):
        lines.append(say(zh="          这个得分不比碰巧好。", en="          This score is no better than chance."))
    return lines


def _reciprocal_rank(index: SentenceIndex, queries: Sequence[Query], mode: str) -> float:
    """Return the mean of 1/rank of the first right answer, 0 below the tenth place."""
    answers = index.search([query.text for query in queries], top_k=TOP, mode=mode)
    ranks = [
        next((1 / hit.rank for hit in hits if hit.key in query.answers), 0.0)
        for query, hits in zip(queries, answers, strict=True)
    ]
    return float(np.mean(ranks))


def dedupe_part() -> TourPart:
    """Remove repeats that were planted among the sentences, and show what is left for a person to decide."""
    texts = [sentence.text for sentence in load_sentences()]
    planted = [*texts, *REPEATS, texts[0]]
    done = deduplicate(planted, SentenceEmbedder(ENCODER))
    lines = [
        say(
            zh=f"{len(planted)} 条里删去 {len(done.removed)} 条，留下 {len(done.kept)} 条：",
            en=f"Of {len(planted)} texts {len(done.removed)} are removed and {len(done.kept)} kept:",
        )
    ]
    lines += [f"  {one.reason:10}  {planted[one.row]}  →  {planted[one.kept_row]}" for one in done.removed]
    lines.append(
        say(
            zh="只差一个数或一个“不”的不删：充100送10 与 充1000送10，能开发票 与 不能开发票。",
            en="What differs by a number or a negation stays: 充100送10 and 充1000送10, 能开发票 and 不能开发票.",
        )
    )
    return TourPart(say(zh="去重", en="Removing repeats"), lines, {"removed": float(len(done.removed))})
