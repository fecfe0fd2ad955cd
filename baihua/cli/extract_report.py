"""What a training of an extractor did, as tables and sentences."""

from typing import TYPE_CHECKING, Any

from baihua.cli import console
from baihua.cli.span_table import overview
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.extract import EntityExtractor
    from baihua.tasks.extraction.training import ExtractionReport
    from baihua.training.span_metrics import SpanScores


def report(record: dict[str, Any], extractor: "EntityExtractor", scores: "SpanScores | None", *, tuned: bool) -> None:
    """Answer with what was learned, how each epoch did on dev, how the kept one does on each type, and where it is.

    Args:
        record: what the verb knows, for JSON; ``"output"``, ``"seconds"`` and ``"checkpoints"`` are said too.
        extractor: the trained extractor.
        scores: on dev, with the usual thresholds; None without dev.
        tuned: whether thresholds were set on dev after that.
    """
    done = extractor.report
    assert done is not None
    blocks = [] if scores is None else [_epochs(done), overview(scores), _about_scores(tuned=tuned)]
    if tuned:
        listed = ", ".join(f"{name} {value:.3f}" for name, value in extractor.thresholds.items())
        blocks.append(say(zh=f"各类型的阈值：{listed}", en=f"thresholds: {listed}"))
    blocks += _ending(record, done, held=scores is not None)
    facts: dict[str, Any] = {
        "head": extractor.head,
        "entities_learned": done.num_entities,
        "entities_lost": done.num_lost,
        "entities_covered": done.num_covered,
        "epochs": [{"epoch": look.epoch, "f1": look.f1} for look in done.looks],
        "kept_epoch": None if done.kept is None else done.kept.epoch,
        "stopped_early": done.stopped_early,
        "dev_scores": None if scores is None else scores.to_dict(),
        "thresholds": extractor.thresholds,
    }
    console.answer(record | facts, "\n".join(blocks))


def _epochs(done: "ExtractionReport") -> str:
    rows = [[say(zh="遍", en="epoch"), say(zh="验证 F1", en="dev F1"), ""]]
    for look in done.looks:
        mark = say(zh="← 留下", en="← kept") if look is done.kept else ""
        rows.append([str(look.epoch), f"{100 * look.f1:.2f}", mark])
    early = say(zh="不再变好，训练提前停止。", en="It got no better, so training stopped early.")
    return console.align(rows, right=(0, 1)) + "\n" + (early + "\n" if done.stopped_early else "")


def _about_scores(*, tuned: bool) -> str:
    chosen = say(
        zh="留下哪一遍也是在验证文件上选的，分数略偏高；要公布的分数，请用第三个文件：baihua evaluate extract。",
        en="Which epoch to keep was chosen on dev too, so these scores are a little too high. For a score to publish use a third "
        "file with baihua evaluate extract.",
    )
    if not tuned:
        return chosen
    return chosen + say(
        zh="表中是调阈值之前的分数；之后的在同一个文件上不能作数。",
        en=" They are from before the thresholds were tuned; scores on the same file after that would mean nothing.",
    )


def _ending(record: dict[str, Any], done: "ExtractionReport", *, held: bool) -> list[str]:
    lines = [
        say(
            zh=f"学了 {done.num_texts} 条文本里的 {done.num_entities} 个实体，用了 {record['seconds']} 秒"
            + (f"；{done.num_lost} 个学不到（两端不在词元的边界，或太宽）" if done.num_lost else "")
            + (f"；{done.num_covered} 个在更宽的实体之内，没有学" if done.num_covered else "")
            + "。",
            en=f"Learned from {done.num_entities} entities in {done.num_texts} texts in {record['seconds']} seconds"
            + (f"; {done.num_lost} could not be learned (an edge inside a token, or too wide)" if done.num_lost else "")
            + (f"; {done.num_covered} inside wider ones were left out" if done.num_covered else "")
            + ".",
        )
    ]
    if not held:
        lines.append(
            say(
                zh="没有给 --dev，所以没有留出文本上的分数，在别的文本上好不好还不知道。",
                en="No --dev was given, so there is no score on texts held aside, and how well it does on others is not known.",
            )
        )
    if record["checkpoints"] is not None:
        stays = record["checkpoints"]
        lines.append(
            say(
                zh=f"检查点还留在 {stays}，不需要时可以删掉。",
                en=f"The checkpoints stay in {stays}; delete them when you need them no more.",
            )
        )
    lines.append(say(zh=f"写到 {record['output']}", en=f"Written to {record['output']}"))
    return lines
