"""``baihua train | predict | evaluate choose``: questions with choices."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console, evaluate, predict, train
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName
from baihua.cli.questions import (
    SHOWN,
    Answers,
    BatchSize,
    Checkpoints,
    Epochs,
    LearningRate,
    MaxLength,
    Output,
    Precision,
    Seed,
    check_apart,
    given,
)
from baihua.cli.table_output import check_table_output, shorten
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.choose import ChoiceRanker
    from baihua.text.question_files import ChoiceFile

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="表格（问题，可有文章；选项 A、B、C…… 各一列或用 | 隔开；答案），或 JSON Lines（choices 是列表）。",
            en="A table (question, perhaps a context; choices in columns A, B, C, … or one column with | between; answer), or JSON "
            "Lines with choices as a list.",
        ),
    ),
]
Dev = Annotated[
    str | None,
    typer.Option(
        "--dev",
        metavar="FILE",
        help=both(
            zh="留作验证的文件：留下最好的一遍，不再变好就停。",
            en="A file held aside: the best epoch is kept, and training stops when it gets no better.",
        ),
    ),
]
Ranker = Annotated[
    str,
    typer.Argument(
        metavar="DIR", help=both(zh="baihua train choose 写出的文件夹。", en="What baihua train choose wrote.")
    ),
]


@verb(
    train.group,
    "choose",
    zh="学会做选择题（有没有文章都行，选项数可以不同），写成一个文件夹。",
    en="Learn to answer questions with choices, with a text or without, whatever their numbers; the result is a folder.",
)
def train_choose(
    file: File,
    output: Output,
    dev: Dev = None,
    encoder: EncoderName = "bundled",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    max_length: MaxLength = None,
    checkpoints: Checkpoints = None,
    seed: Seed = 0,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Train a ranker on a file."""
    from dataclasses import replace

    from baihua.tasks.choose import SETTINGS, ChoiceRanker
    from baihua.tasks.choosing.file import RANKER_FOLDER

    numbers = given(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, max_length=max_length)
    settings = replace(SETTINGS, **numbers, seed=seed, precision=dtype)
    RANKER_FOLDER.check_free(output)
    check_apart(output, checkpoints)
    found = _open(file, answers=True)
    held = None if dev is None else _open(dev, answers=True)
    ranker = ChoiceRanker(encoder, settings=settings, device=device)
    watched = None if held is None else (held.questions, held.answers)
    ranker.fit(found.questions, found.answers, dev=watched, folder=checkpoints)
    ranker.save(output)
    record: dict[str, Any] = {"output": output, "questions": len(found.questions), "dev": dev}
    accuracy = None if watched is None else ranker.evaluate(*watched).accuracy
    console.answer({**record, "accuracy": accuracy}, _learned(len(found.questions), output, accuracy))


def _learned(num: int, output: str, accuracy: float | None) -> str:
    if accuracy is None:
        return say(zh=f"学了 {num} 题，写到 {output}", en=f"Learned from {num} questions. Written to {output}")
    return say(
        zh=f"学了 {num} 题；验证集正确率 {100 * accuracy:.2f}，写到 {output}",
        en=f"Learned from {num} questions; accuracy on dev {100 * accuracy:.2f}. Written to {output}",
    )


@verb(
    predict.group,
    "choose",
    zh="用训练好的选项排序器做每道选择题：选了哪个，概率多少。",
    en="Choose an answer to every question with a trained ranker, and say how probable it is.",
)
def predict_choose(folder: Ranker, file: File, output: Answers = None, device: Device = None) -> None:
    """Choose answers."""
    check_table_output(file, output)
    found = _open(file, answers=False)
    chances = _load(folder, device).predict_proba(found.questions)
    rows = []
    for name, question, mine in zip(found.ids, found.questions, chances, strict=True):
        place = int(mine.argmax())
        asked = str(question.parts[-1])
        chosen = {"answer": question.choices[place], "place": place, "probability": round(float(mine[place]), 6)}
        rows.append({"id": name, "question": asked, **chosen})
    record: dict[str, Any] = {"ranker": folder, "file": file, "questions": len(rows), "output": output}
    if output is not None:
        from baihua.text.tables import Table, write_table

        write_table(Table(tuple(rows[0]), tuple(tuple(row.values()) for row in rows)), output)
        console.answer(record, say(zh=f"写到 {output}", en=f"Written to {output}"))
        return
    heading = say(zh="问题|选择|概率", en="question|chosen|probability").split("|")
    shown = [
        [shorten(str(row["question"])), shorten(str(row["answer"])), f"{row['probability']:.2f}"]
        for row in rows[:SHOWN]
    ]
    console.answer({**record, "answers": rows}, console.align([heading, *shown], right=[2]))


@verb(
    evaluate.group,
    "choose",
    zh="训练好的选项排序器在有答案的文件上的正确率，与瞎猜的比。",
    en="Accuracy of a trained ranker on a file with answers, beside that of guessing.",
)
def evaluate_choose(folder: Ranker, file: File, device: Device = None) -> None:
    """Score a ranker."""
    found = _open(file, answers=True)
    scores = _load(folder, device).evaluate(found.questions, found.answers)
    low, high = scores.interval
    record = {
        "accuracy": scores.accuracy,
        "interval": [low, high],
        "chance": scores.chance,
        "questions": scores.num_questions,
    }
    figures = f"{100 * scores.accuracy:.2f} [{100 * low:.2f}, {100 * high:.2f}]"
    console.answer(
        {**record, "ranker": folder, "file": file},
        say(
            zh=f"正确率 {figures}（瞎猜 {100 * scores.chance:.2f}），{scores.num_questions} 题",
            en=f"Accuracy {figures} (guessing: {100 * scores.chance:.2f}), {scores.num_questions} questions",
        ),
    )


def _open(file: str, *, answers: bool) -> "ChoiceFile":
    from baihua.text.question_files import read_choice_file

    found = read_choice_file(file)
    console.note(say(zh=f"{file}：{len(found.questions)} 题。", en=f"{file}: {len(found.questions)} questions."))
    if answers and not found.answers:
        raise InvalidValue(
            zh=f"{file} 里没有答案；请给出有答案的文件（列名如“答案”）。",
            en=f"{file} has no answers. Give a file with answers, in a column such as answer.",
        )
    return found


def _load(folder: str, device: str | None) -> "ChoiceRanker":
    from baihua.tasks.choose import ChoiceRanker

    return ChoiceRanker.load(folder, device=device)
