"""What a training of a classifier did, as tables and sentences."""

from typing import TYPE_CHECKING, Any

from baihua.cli import console
from baihua.cli.label_table import accuracy_line, per_label_table, percent
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.any_classifier import AnyClassifier
    from baihua.tasks.classification.answer_threshold import AnswerThreshold
    from baihua.tasks.classify import TextClassifier
    from baihua.tasks.comparing.comparison import Comparison
    from baihua.tasks.prompt_classify import PromptClassifier
    from baihua.training.classification_scores import ClassificationScores

NEAREST = 5  # words of each soft token


def report(
    record: dict[str, Any],
    classifier: "AnyClassifier",
    scores: "ClassificationScores | None",
    threshold: "AnswerThreshold | None",
    comparison: "Comparison | None",
) -> None:
    """Answer with what was chosen and why, what was learned, how it does on dev, and where it is.

    Args:
        record: what the verb knows, for JSON; parts of it are said too.
        classifier: the trained classifier.
        scores: on dev; None without dev.
        threshold: chosen on dev; None without.
        comparison: of the methods; None unless asked for.
    """
    from baihua.tasks.prompt_classify import PromptClassifier

    done = classifier.report
    assert done is not None
    chosen = say(zh=f"方法：{_method(record)}。{record['reason']}", en=f"Method: {_method(record)}. {record['reason']}")
    blocks = [chosen] if comparison is None else [comparison_table(comparison), "", record["reason"], ""]
    facts: dict[str, Any] = {"labels": list(classifier.labels), "calibrated": done.calibrated}
    if isinstance(classifier, PromptClassifier):
        facts |= _facts_of_prompt(classifier)
        blocks += _prompt(facts)
    else:
        facts |= _facts_of_text(classifier)
    blocks += [_learned(record, classifier), *_looks(classifier), *_quality(classifier, scores), *_sure(threshold)]
    blocks.append(say(zh=f"写到 {record['output']}", en=f"Written to {record['output']}"))
    facts |= {
        "dev_scores": None if scores is None else scores.to_dict(),
        "threshold": None if threshold is None else vars(threshold),
        "comparison": None if comparison is None else comparison.to_dict(),
    }
    console.answer(record | facts, "\n".join(blocks))


def comparison_table(found: "Comparison") -> str:
    """Return the methods beside each other, the best first, and why others are not among them."""
    heads = say(
        zh="方法\t准确率\t95 % 区间\t与最好的差\t95 % 区间\t对数损失\t训练秒数\t",
        en="method\taccuracy\t95 % interval\tbehind the best\t95 % interval\tlog loss\tseconds\t",
    ).split("\t")
    chosen, rows = found.recommended.method, [heads]
    for place, row in enumerate(found.rows):
        ends = " … ".join(percent(end) for end in row.interval)
        behind = (
            ["–", "–"]
            if place == 0
            else [f"{100 * row.difference:+.1f}", f"{100 * row.low:+.1f} … {100 * row.high:+.1f}"]
        )
        mark = say(zh="← 推荐", en="← recommended") if row.method == chosen else ""
        rows.append(
            [row.method, percent(row.accuracy), ends, *behind, f"{row.log_loss:.3f}", f"{row.seconds:.1f}", mark]
        )
    lines = [console.align(rows, right=range(1, 7))]
    lines += [say(zh=f"{name} 没有成：{why}", en=f"{name} failed: {why}") for name, why in found.problems.items()]
    lines.append(
        say(
            zh=f"{len(found.gold)} 条文本分 {found.num_folds} 份，轮流留出一份；最好的一种是在同样的文本上挑出来的，分数略偏高。",
            en=f"{len(found.gold)} texts in {found.num_folds} folds, each held out in turn. The best was picked on these same texts, "
            "which flatters it a little.",
        )
    )
    return "\n".join(lines)


def _method(record: dict[str, Any]) -> str:
    tune = record["tune"]
    return str(record["method"]) + ("" if tune is None else f" (--tune {tune})")


def _facts_of_prompt(classifier: "PromptClassifier") -> dict[str, Any]:
    done = classifier.report
    assert done is not None
    learns = classifier.method in ("p_tuning", "prefix_tuning")
    return {
        "template": str(classifier.template),
        "words": {label: list(mine) for label, mine in classifier.words.items()},
        "nearest_words": classifier.nearest_words(NEAREST) if learns else [],
        "texts_cut": done.num_cut,
        "numbers_trained": done.num_trained,
    }


def _facts_of_text(classifier: "TextClassifier") -> dict[str, Any]:
    done = classifier.report
    assert done is not None
    crossed = done.cross_validated
    return {
        "inverse_penalty": done.inverse_penalty,
        "pairs_compared": done.num_pairs,
        "cross_validated": None if crossed is None else crossed.to_dict(),
    }


def _prompt(facts: dict[str, Any]) -> list[str]:
    """Say how the question reads, and what learned tokens are most like."""
    words = "; ".join(f"{label}: {' '.join(mine)}" for label, mine in facts["words"].items())
    lines = [
        say(zh=f"模板：{facts['template']}", en=f"template: {facts['template']}"),
        say(zh=f"标签的词：{words}", en=f"words of the labels: {words}"),
    ]
    if facts["nearest_words"]:
        lines.append(
            say(
                zh="软词元最近的词（余弦；随便一个向量也有 0.25 左右）：",
                en="words nearest to the soft tokens (cosine; a vector at random has some 0.25 too):",
            )
        )
        rows = [
            [f"  {number}", *(f"{word} {cosine:.2f}" for word, cosine in mine)]
            for number, mine in enumerate(facts["nearest_words"], start=1)
        ]
        lines.append(console.align(rows))
    return lines


def _learned(record: dict[str, Any], classifier: "AnyClassifier") -> str:
    done = classifier.report
    assert done is not None
    num_labels, seconds = len(classifier.labels), record["seconds"]
    calibrated = _calibrated(classifier, held=record["dev"] is not None)
    return say(
        zh=f"用 {done.num_texts} 条文本学了 {num_labels} 个标签，{seconds} 秒；概率{calibrated}。",
        en=f"Learned {num_labels} labels from {done.num_texts} texts in {seconds} seconds; probabilities are {calibrated}.",
    )


def _calibrated(classifier: "AnyClassifier", *, held: bool) -> str:
    done = classifier.report
    assert done is not None
    if not done.calibrated:
        return say(
            zh="没有校准，多半过于自信（给了 --dev 就能校准）",
            en="not calibrated and likely too sure (--dev calibrates them)",
        )
    if held:
        return say(zh="在 --dev 上校准过", en="calibrated on --dev")
    return say(zh="在轮流留出的训练文本上校准过", en="calibrated on training texts held out in turn")


def _looks(classifier: "AnyClassifier") -> list[str]:
    done = classifier.report
    assert done is not None
    if done.kept is None:
        return []
    last, kept = done.looks[-1].epoch, done.kept.epoch
    return [
        say(
            zh=f"训练了 {last} 遍，在验证文件上最好的是第 {kept} 遍，留下的是它。",
            en=f"Trained for {last} epochs; the one kept, best on dev, is number {kept}.",
        )
    ]


def _quality(classifier: "AnyClassifier", scores: "ClassificationScores | None") -> list[str]:
    """Say how good it is as far as that is known: on dev, else on training texts held out in turn, else not at all."""
    if scores is not None:
        head = say(zh=f"验证：{accuracy_line(scores)}。", en=f"On dev: {accuracy_line(scores)}.")
        return [head, per_label_table(scores), *_about_dev(classifier)]
    crossed = getattr(classifier.report, "cross_validated", None)
    if crossed is not None:
        line = accuracy_line(crossed)
        return [say(zh=f"轮流留出的训练文本上：{line}。", en=f"On training texts held out in turn: {line}.")]
    return [
        say(
            zh="没有给 --dev，所以没有留出文本上的分数，在别的文本上好不好还不知道。",
            en="No --dev was given, so there is no score on texts held aside, and how well it does on others is not known.",
        )
    ]


def _about_dev(classifier: "AnyClassifier") -> list[str]:
    """Say what was chosen on dev, if more than the temperature was, which changes no answer."""
    if classifier.report is None or classifier.report.kept is None:
        return []
    return [
        say(
            zh="留下哪一遍也是在验证文件上选的，分数略偏高；要公布的分数，请用第三个文件：baihua evaluate classify。",
            en="Which epoch to keep was chosen on dev too, so these scores are a little too high. For a score to publish use a third "
            "file with baihua evaluate classify.",
        )
    ]


def _sure(threshold: "AnswerThreshold | None") -> list[str]:
    if threshold is None:
        return []
    bar = f"{threshold.threshold:.3f}"
    share = percent(threshold.num_answered / threshold.num_texts)
    right = percent(threshold.num_right / threshold.num_answered)
    return [
        say(
            zh=f"predict 带 --other 时，概率不到 {bar} 的不作答：验证文件上作答 {share} %，其中对 {right} %。",
            en=f"With --other, predict leaves texts below a probability of {bar} aside: on dev {share} % are answered, {right} % of "
            "them rightly.",
        )
    ]
