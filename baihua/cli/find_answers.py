"""``baihua train | predict | evaluate answer``: questions answered with a stretch of a text."""

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
    from baihua.tasks.answer import AnswerFinder, FoundAnswer
    from baihua.text.question_files import ReadingFile

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=both(
            zh="表格（上下文、问题、答案各一列，没有答案的空着）、JSON Lines，或 SQuAD、CMRC2018 的 JSON。",
            en="A table (columns context, question, answer, empty where there is none), JSON Lines, or the JSON of SQuAD or CMRC2018.",
        ),
    ),
]
Finder = Annotated[
    str,
    typer.Argument(
        metavar="DIR", help=both(zh="baihua train answer 写出的文件夹。", en="What baihua train answer wrote.")
    ),
]
Asked = Annotated[
    list[str] | None,
    typer.Option(
        "--question",
        metavar="TEXT",
        help=both(
            zh="直接问：FILE 是一篇文章（纯文本），可以问几个。",
            en="Ask at once: FILE is a plain text. May be given several times.",
        ),
    ),
]


@verb(
    train.group,
    "answer",
    zh="学会在文章里找到问题的答案（抽取式阅读），写成一个文件夹。",
    en="Learn to find the answer to a question in a text (extractive reading); the result is a folder.",
)
def train_answer(
    file: File,
    output: Output,
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
    """Train an answer finder on a file."""
    from baihua.tasks.answer import AnswerFinder
    from baihua.tasks.answering.file import FINDER_FOLDER
    from baihua.tasks.answering.settings import AnswerSettings

    numbers = given(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, max_length=max_length)
    settings = AnswerSettings(**numbers, seed=seed, precision=dtype)
    FINDER_FOLDER.check_free(output)
    check_apart(output, checkpoints)
    found = _open(file, answers=True)
    finder = AnswerFinder(encoder, settings=settings, device=device)
    first = [answers[0] if answers else None for answers in found.answers]
    finder.fit(found.contexts, found.questions, first, folder=checkpoints)
    finder.save(output)
    record = {"output": output, "questions": len(found), "always": finder.always, "steps": _steps(finder)}
    without = sum(answer is None for answer in first)
    console.answer(
        record,
        say(
            zh=f"学了 {len(found)} 个问题（{without} 个没有答案），写到 {output}",
            en=f"Learned from {len(found)} questions ({without} without an answer). Written to {output}",
        ),
    )


@verb(
    predict.group,
    "answer",
    zh="用训练好的答案抽取器回答每个问题：答案、位置与分数。",
    en="Answer every question with a trained answer finder: the answer, where it stands, and its score.",
)
def predict_answer(
    folder: Finder, file: File, question: Asked = None, output: Answers = None, device: Device = None
) -> None:
    """Answer questions."""
    check_table_output(file, output)
    contexts, questions, ids = _asked(file, question)
    finder = _load(folder, device)
    found = finder.predict(contexts, questions)
    rows = [_row(*one) for one in zip(ids, questions, found, strict=True)]
    record: dict[str, Any] = {"finder": folder, "file": file, "questions": len(questions), "output": output}
    if output is not None:
        from baihua.text.tables import Table, write_table

        write_table(Table(tuple(rows[0]), tuple(tuple(row.values()) for row in rows)), output)
        console.answer(record, say(zh=f"写到 {output}", en=f"Written to {output}"))
        return
    heading = say(zh="问题|答案|分数", en="question|answer|score").split("|")
    shown = [[shorten(row["question"]), shorten(row["answer"] or "–"), _score(row["score"])] for row in rows[:SHOWN]]
    console.answer({**record, "answers": rows}, console.align([heading, *shown], right=[2]))


@verb(
    evaluate.group,
    "answer",
    zh="训练好的答案抽取器在有答案的文件上的 EM 与 F1（CMRC2018 的算法）。",
    en="Exact match and F1 of a trained answer finder on a file with answers, as CMRC2018 has them.",
)
def evaluate_answer(folder: Finder, file: File, device: Device = None) -> None:
    """Score an answer finder."""
    found = _open(file, answers=True)
    scores = _load(folder, device).evaluate(found.contexts, found.questions, found.answers)
    record = {
        "exact_match": scores.exact_match,
        "f1": scores.f1,
        "questions": len(found),
        "finder": folder,
        "file": file,
    }
    text = f"EM {100 * scores.exact_match:.2f}   F1 {100 * scores.f1:.2f}   ({len(found)})"
    console.answer(record, text)


def _open(file: str, *, answers: bool) -> "ReadingFile":
    from baihua.text.question_files import read_reading_file

    found = read_reading_file(file)
    console.note(say(zh=f"{file}：{len(found)} 个问题。", en=f"{file}: {len(found)} questions."))
    if answers and not any(found.answers):
        raise InvalidValue(
            zh=f"{file} 里没有一个问题有答案；请给出有答案的文件（列名如“答案”）。",
            en=f"No question of {file} has an answer. Give a file with answers, in a column such as answer.",
        )
    return found


def _asked(file: str, question: list[str] | None) -> tuple[list[str], list[str], list[str]]:
    if not question:
        found = _open(file, answers=False)
        return found.contexts, found.questions, found.ids
    from baihua.text.encodings import decode, read_bytes

    text = decode(read_bytes(file), file)[0]
    return [text] * len(question), question, [str(number) for number in range(1, len(question) + 1)]


def _load(folder: str, device: str | None) -> "AnswerFinder":
    from baihua.tasks.answer import AnswerFinder

    return AnswerFinder.load(folder, device=device)


def _row(name: str, question: str, found: "FoundAnswer | None") -> dict[str, Any]:
    if found is None:
        return {"id": name, "question": question, "answer": None, "start": None, "end": None, "score": None}
    place = {"answer": found.text, "start": found.start, "end": found.end, "score": round(found.score, 6)}
    return {"id": name, "question": question, **place}


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def _steps(finder: "AnswerFinder") -> int:
    return int(finder.log[-1]["step"]) if finder.log else 0
