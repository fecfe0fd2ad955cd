"""The tour itself: what whitening does to a few hundred everyday sentences, and what can be done with them then.

Everything runs offline on the two encoders in the package and comes out the same each time. The functions return
plain data; the command line prints it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.cells import cell_len, set_cell_size

from baihua.checks import MissingPackage
from baihua.language import say
from baihua.studies.plots import cosine_histograms, label
from baihua.studies.tour.clue_tasks import clue_part
from baihua.studies.tour.contrastive import simcse_part
from baihua.studies.tour.entities import entities_part
from baihua.studies.tour.examples import Query, Sentence, load_queries, load_sentences
from baihua.studies.tour.few_shot import few_shot_part
from baihua.studies.tour.library import dedupe_part, search_part
from baihua.studies.tour.part import TourPart
from baihua.studies.tour.scores import Scores, difference_interval, rank_answers, score
from baihua.studies.tour.sphere import codes_part, rotation_part
from baihua.studies.tour.transport import transport_part
from baihua.studies.tour.vectors import Vectors, embed_tour

ENCODERS = ("bundled", "static")
SHOWN = "scaling=0.5"  # the setting of the sentences shown and of the picture
NUM_SHOWN_QUERIES = 5
NUM_SHOWN_SENTENCES = 3
COLUMN_WIDTHS = (18, 10, 10, 12, 12, 12, 24)


def run_tour(plot_folder: str | Path) -> list[TourPart]:
    """Run the whole tour.

    Args:
        plot_folder: where ``whitening.png`` and ``entities.html`` are written; made if it is missing.

    Returns:
        The parts in order: nearest sentences, numbers of each encoder, how to read them, the picture; a few steps of training;
        a library searched by meaning and by words, repeated texts removed; entities found; a rotation, and codes on the
        sphere; reviews told apart by filling in a blank; blanks answered together and a submission looked through; distances
        between sets.

    Raises:
        FileProblem: when a file cannot be written.
    """
    vectors = {encoder: embed_tour(encoder) for encoder in ENCODERS}
    before, after = vectors["bundled"]["raw"], vectors["bundled"][SHOWN]
    scores = {encoder: {name: score(item) for name, item in settings.items()} for encoder, settings in vectors.items()}
    return [
        nearest_part(before, after),
        *(numbers_part(encoder, settings) for encoder, settings in scores.items()),
        reading_part([item for settings in scores.values() for item in settings.values()]),
        plot_part(before, after, Path(plot_folder) / "whitening.png"),
        simcse_part(scores["bundled"]["raw"], scores["bundled"][SHOWN]),
        search_part(),
        dedupe_part(),
        entities_part(Path(plot_folder)),
        rotation_part(),
        codes_part(),
        few_shot_part(),
        clue_part(),
        transport_part(),
    ]


def nearest_part(before: Vectors, after: Vectors) -> TourPart:
    """Show the nearest sentences of every ninth query, so that nobody picked them."""
    sentences, queries = load_sentences(), load_queries()
    step = len(queries) // NUM_SHOWN_QUERIES
    orders = [rank_answers(vectors.queries, vectors.sentences) for vectors in (before, after)]
    headings = [say(zh="白化前", en="before whitening"), say(zh="白化后", en="after whitening")]
    lines = [
        say(
            zh=f"共 {len(sentences)} 句；每 {step} 条查询取一条，* 为正确答案，数字是余弦。编码器：bundled，{SHOWN}。",
            en=f"{len(sentences)} sentences; every {step}th query; * marks a right answer, numbers are cosines. "
            f"Encoder: bundled, {SHOWN}.",
        )
    ]
    for number in range(0, step * NUM_SHOWN_QUERIES, step):
        lines += ["", say(zh=f"查询：{queries[number].text}", en=f"Query: {queries[number].text}")]
        for heading, vectors, order in zip(headings, (before, after), orders, strict=True):
            lines.append(f"  {heading}")
            lines += _nearest_lines(queries[number], vectors, order[number], number, sentences)
    return TourPart(say(zh="最相近的句子", en="Nearest sentences"), lines, {"num_sentences": float(len(sentences))})


def _nearest_lines(
    query: Query, vectors: Vectors, order: np.ndarray, number: int, sentences: list[Sentence]
) -> list[str]:
    lines = []
    for position in order[:NUM_SHOWN_SENTENCES]:
        cosine = float(vectors.queries[number] @ vectors.sentences[position])
        mark = "*" if sentences[position].id in query.answers else " "
        lines.append(f"  {mark} {cosine:5.2f}  {sentences[position].text}")
    return lines


def numbers_part(encoder: str, scores: Mapping[str, Scores]) -> TourPart:
    """Put the figures of one encoder in a table, and say of each setting whether it helps."""
    columns = (
        say(zh="设置", en="setting"),
        "MRR@10",
        say(zh="首位正确", en="top-1"),
        say(zh="同义>其他", en="same>other"),
        say(zh="同义>形近", en="same>alike"),
        say(zh="平均余弦", en="mean cosine"),
        say(zh="找另一半 [95%]", en="other half [95 %]"),
    )
    numbers = {f"{encoder}/{name}/{key}": value for name, item in scores.items() for key, value in item.numbers.items()}
    verdicts = []
    for name, item in scores.items():
        if name != "raw":
            gains = _gains(scores["raw"], item)
            numbers |= {f"{encoder}/{name}/{key}": value for key, value in gains.items()}
            verdicts.append(_verdict(name, gains))
    title = say(zh=f"白化前后的数字：编码器 {encoder}", en=f"Numbers before and after whitening: encoder {encoder}")
    table = [_row(columns), *(_row(_cells(name, item)) for name, item in scores.items())]
    return TourPart(title, [*table, "", *verdicts], numbers)


def _gains(raw: Scores, item: Scores) -> dict[str, float]:
    """What a setting adds to finding answers and to finding other halves, each with its 95 % interval."""
    queries = difference_interval(raw.reciprocal_ranks, item.reciprocal_ranks)
    halves = difference_interval(raw.other_half.reciprocal_ranks, item.other_half.reciprocal_ranks)
    ends = ("gain", "gain_low", "gain_high")
    return {
        **{f"mrr_{end}": value for end, value in zip(ends, queries, strict=True)},
        **{f"other_half_{end}": value for end, value in zip(ends, halves, strict=True)},
    }


def _cells(name: str, item: Scores) -> tuple[str, ...]:
    found, half = item.numbers, item.other_half
    return (
        name,
        f"{100 * found['mrr_at_10']:.1f}",
        f"{100 * found['top_1']:.1f}",
        f"{100 * found['auc_same_above_other']:.1f}",
        f"{100 * found['auc_same_above_contrast']:.1f}",
        f"{round(found['average_cosine'], 2) + 0.0:.2f}",
        f"{100 * half.mrr:.1f} [{100 * half.low:.1f}, {100 * half.high:.1f}]",
    )


def _row(cells: tuple[str, ...]) -> str:
    """Line up cells by the width they take on a screen, where a Chinese character takes two places."""
    first, *others = zip(cells, COLUMN_WIDTHS, strict=True)
    return set_cell_size(*first) + "".join(" " * (width - cell_len(cell)) + cell for cell, width in others)


def _verdict(name: str, gains: Mapping[str, float]) -> str:
    queries, halves = _judged(gains, "mrr"), _judged(gains, "other_half")
    return say(zh=f"{name}：查询{queries}；找另一半{halves}", en=f"{name}: queries {queries}; other halves {halves}")


def _judged(gains: Mapping[str, float], measure: str) -> str:
    gain, low, high = (gains[f"{measure}_{end}"] for end in ("gain", "gain_low", "gain_high"))
    interval = f"{100 * gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    if low > 0:
        return say(zh=f"变好 {interval}", en=f"better {interval}")
    if high < 0:
        return say(zh=f"变差 {interval}", en=f"worse {interval}")
    return say(zh=f"看不出差别 {interval}", en=f"no clear difference {interval}")


def reading_part(scores: Sequence[Scores]) -> TourPart:
    """Say what the columns of the tables mean, how they were measured, and what they do not show."""
    alike = max(item.same_above_contrast for item in scores)
    num_queries, num_documents = len(scores[0].reciprocal_ranks), scores[0].other_half.num_documents
    num_texts = len(load_sentences()) + num_queries + 2 * num_documents
    lines = [
        say(
            zh="MRR@10：正确句子排名倒数的均值，十名以外算 0。同义>其他：同义句对的余弦高于其他句对的机会；"
            "同义>形近：高于字面相近而意思不同的句对的机会。找另一半：短文切成两半，用前半找后半。",
            en="MRR@10: mean of 1/rank of the right sentence, 0 below the tenth place. same>other: the chance that a pair "
            "with the same meaning has a higher cosine than any other pair; same>alike: than a pair that looks alike and "
            "means something else. Other half: each short document is cut in two, and its first half has to find the "
            "second.",
        ),
        say(
            zh=f"除余弦外都乘了 100；方括号是 95% 区间，对 {num_queries} 条查询或 {num_documents} 篇短文重采样。"
            f"白化用全部 {num_texts} 条句子、查询和半篇短文拟合，不看标签。",
            en=f"All but cosines are times 100; brackets are 95 % intervals, resampled over {num_queries} queries or "
            f"{num_documents} short documents. Whitening is fitted on all {num_texts} sentences, queries and "
            "half documents, without labels.",
        ),
        say(
            zh=f"{num_texts} 条文本对几百维的向量太少，完整白化会放大噪声，所以并列了 scaling=0.5"
            "（只除以特征值的四次方根）和降维；自己的数据最好有维数四倍以上的文本。",
            en=f"{num_texts} texts are few for vectors this wide and full whitening amplifies noise, hence scaling=0.5 "
            "(which divides by the fourth root of the eigenvalues) and fewer dimensions beside it; with your own data, "
            "have four texts or more per dimension.",
        ),
    ]
    if alike < 0.5:
        lines.append(
            say(
                zh=f"“同义>形近”最高只有 {100 * alike:.1f}（瞎猜是 50）：“怎么开通”与“怎么关闭”字面太像，白化也分不开。",
                en=f"'same>alike' is {100 * alike:.1f} at best (guessing gives 50): 怎么开通 (how to open) and 怎么关闭 "
                "(how to close) look too much alike, and whitening does not tell them apart.",
            )
        )
    return TourPart(say(zh="怎么看这些数字", en="How to read the numbers"), lines, {"best_same_above_contrast": alike})


def plot_part(before: Vectors, after: Vectors, path: Path) -> TourPart:
    """Draw the cosines of all pairs of sentences before and after whitening, where matplotlib is installed."""
    title = say(zh="余弦的分布", en="How the cosines are spread")
    cosines = [_all_cosines(vectors.sentences) for vectors in (before, after)]
    spreads = {"mean_before": cosines[0].mean(), "mean_after": cosines[1].mean()}
    numbers = {name: float(value) for name, value in spreads.items()}
    try:
        heading = label(
            zh=f"全部句对的余弦（bundled，{SHOWN}）", en=f"Cosines of all pairs of sentences (bundled, {SHOWN})"
        )
        cosine_histograms(cosines[0], cosines[1], path, title=heading)
    except MissingPackage as missing:
        return TourPart(title, [str(missing)], numbers)
    return TourPart(title, [say(zh=f"图已写入 {path}", en=f"The plot is in {path}")], numbers)


def _all_cosines(vectors: np.ndarray) -> np.ndarray:
    return (vectors @ vectors.T)[np.triu_indices(len(vectors), k=1)]
