"""Choosing among answers: reading comprehension with choices, idioms for a blank, whatever has a list to choose from."""

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.encoders.protocol import Encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.language import say
from baihua.maths.proportion import wilson_interval
from baihua.progress import progress
from baihua.tasks.choosing.exclusive import choose_exclusively
from baihua.tasks.choosing.file import RANKER_FOLDER, damaged
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.choosing.model import ChoiceModel, Questions, question_batches
from baihua.tasks.classification.dev_watch import DevWatch
from baihua.tasks.classification.model import logits_of
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classification.sound_weights import restored_on_failure
from baihua.tasks.classification.training import Lessons, train_model
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.model_folder import rebuilding, transformer_writer
from baihua.tasks.seeded import seeded
from baihua.text.choices import ChoiceQuestion, check_answers, check_questions
from baihua.training.temperature import probabilities

Floats = npt.NDArray[np.float64]
Given = Sequence[Any]  # `ChoiceQuestion`, or pairs of parts and choices
SETTINGS = ClassificationSettings(batch_size=4, max_length=512)


@dataclass(frozen=True)
class ChoiceScores:
    """How often the right choice was chosen.

    Args:
        num_right: questions answered rightly.
        num_questions: questions in all.
        chance: what guessing would come to, a fraction.
    """

    num_right: int
    num_questions: int
    chance: float

    @property
    def accuracy(self) -> float:
        """The share of questions answered rightly."""
        return self.num_right / self.num_questions

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson), questions taken as independent."""
        return wilson_interval(self.num_right, self.num_questions)


class ChoiceRanker:
    """Learn which of some choices is right, and choose.

    Each choice is read together with its question, [CLS] passage [SEP] question [SEP] choice [SEP], and gets one logit.

    Args:
        encoder: a name for `baihua.load_encoder`, or an encoder, which is trained in place.
        choice_first: read the choice before the question instead of after it.
        settings: the numbers of the training; a batch is of so many questions.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        InvalidValue: for an encoder without layers to train.

    Source:
        https://kexue.fm/archives/8739 (C3 and ChID).

    Example:
        >>> questions = [("小王去了北京。他去了哪里？", ["北京", "上海"]), ("小李吃了面条。他吃了什么？", ["米饭", "面条"])]
        >>> settings = ClassificationSettings(least_steps=30, max_length=64)
        >>> ranker = ChoiceRanker(settings=settings).fit(questions, [0, 1], show_progress=False)
        >>> ranker.predict(questions)
        [0, 1]
    """

    def __init__(
        self,
        encoder: str | Encoder = "bundled",
        *,
        choice_first: bool = False,
        settings: ClassificationSettings | None = None,
        device: str | None = None,
    ) -> None:
        self.settings, self.choice_first = settings or SETTINGS, choice_first
        loaded = load_encoder(str(encoder), device=device) if isinstance(encoder, (str, Path)) else encoder
        self.encoder: TransformerEncoder = trainable(loaded)
        self.log: list[dict[str, float]] = []
        self._model: ChoiceModel | None = None

    def fit(
        self,
        questions: Given,
        answers: Sequence[int],
        *,
        dev: tuple[Given, Sequence[int]] | None = None,
        folder: str | Path | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Learn from questions whose right choice is known.

        Args:
            questions: `ChoiceQuestion`, or pairs of what is read with each choice (a text, or several) and the choices.
            answers: the place of the right choice of each, from 0.
            dev: questions and answers held aside: the best weights on them are kept, and training stops when it gets no better.
            folder: for checkpoints; a training that was cut off there goes on where it stopped.
            show_progress: show bars; None to show them on a terminal.

        Returns:
            The ranker itself.

        Raises:
            InvalidType, InvalidValue: for what are no questions and answers, or when the training diverges; the ranker stays
                as it was.
        """
        given = _some(check_questions(questions))
        places = np.array(check_answers(answers, given), dtype=np.int64)
        held = None
        if dev is not None:
            asked = _some(check_questions(dev[0]))
            held = asked, check_answers(dev[1], asked)
        with restored_on_failure(self.encoder), seeded(self.settings.seed):
            model = self._new_model()
            made = self._questions(given, self.settings.max_length)
            batches_of = partial(question_batches, made, places, self.settings.batch_size, self.settings.seed)
            watch = self._watch(model, held, folder)
            self.log = train_model(
                model, Lessons(len(made), batches_of), self.settings, watch, folder=folder, show_progress=show_progress
            )
        self._model = model
        return self

    def predict(
        self, questions: Given, *, exclusive: Sequence[Hashable] | None = None, show_progress: bool | None = None
    ) -> list[int]:
        """Return the place of the best choice of each question, of equals the first.

        Args:
            questions: as in `fit`.
            exclusive: for each question the name of its group; questions of one group have the same choices, and no two of them
                the same answer: together they choose so that the total is highest (Hungarian assignment).
            show_progress: show a bar; None to show it on a terminal.

        Raises:
            InvalidType, InvalidValue: for what are no questions, groups that cannot be, or before `fit`.
        """
        scores = self._scores(check_questions(questions), show_progress)
        if exclusive is None:
            return [int(mine.argmax()) for mine in scores]
        return choose_exclusively(scores, exclusive)

    def predict_proba(self, questions: Given, *, show_progress: bool | None = None) -> list[Floats]:
        """Return the probability of each choice, one array per question. They are not calibrated."""
        return [probabilities(mine[None])[0] for mine in self._scores(check_questions(questions), show_progress)]

    def evaluate(
        self,
        questions: Given,
        answers: Sequence[int],
        *,
        exclusive: Sequence[Hashable] | None = None,
        show_progress: bool | None = None,
    ) -> ChoiceScores:
        """Choose, and compare with what is right; arguments as for `predict` and `fit`."""
        given = _some(check_questions(questions))
        places = check_answers(answers, given)
        chosen = self.predict(given, exclusive=exclusive, show_progress=show_progress)
        num_right = sum(one == other for one, other in zip(chosen, places, strict=True))
        chance = sum(1 / len(question.choices) for question in given) / len(given)
        return ChoiceScores(num_right, len(given), chance)

    def save(self, folder: str | Path) -> Path:
        """Save encoder, head and settings as a folder; its encoder is one that `load_encoder` reads too.

        Raises:
            InvalidValue: before `fit`.
            FileProblem: when it cannot be written; what was there is left as it was.
        """
        model = self._fitted()
        facts = {
            "choice_first": self.choice_first,
            "settings": asdict(self.settings),
            "max_length": self.encoder.max_length,
        }
        RANKER_FOLDER.write(folder, transformer_writer(self.encoder), model.head.state_dict(), facts)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> Self:
        """Load what `save` saved.

        Raises:
            FileProblem: when there is no such folder or it cannot be read.
            InvalidValue: when it is damaged.
        """
        facts, head = RANKER_FOLDER.read(folder)
        with rebuilding(folder, damaged):
            settings = ClassificationSettings(**facts["settings"])
            encoder = load_encoder(str(folder), device=device, max_length=facts["max_length"])
            made = cls(encoder, choice_first=bool(facts["choice_first"]), settings=settings)
            with seeded(settings.seed):
                made._model = made._new_model()
            made._model.head.load_state_dict(head)
        made._model.eval()
        return made

    def _new_model(self) -> ChoiceModel:
        model = ChoiceModel(self.encoder.model, self.settings.pooling, self.settings.dropout)
        return model.to(self.encoder.device)

    def _fitted(self) -> ChoiceModel:
        if self._model is None:
            raise InvalidValue(
                zh="这个选项排序器还没有训练；请先调用 fit，或用 ChoiceRanker.load 读入训练好的。",
                en="This ranker has not been trained. Call fit first, or read a trained one with ChoiceRanker.load.",
            )
        return self._model

    def _questions(self, given: Sequence[ChoiceQuestion], max_length: int | None) -> Questions:
        texts = [
            (choice, *question.parts) if self.choice_first else (*question.parts, choice)
            for question in given
            for choice in question.choices
        ]
        rows = joined_rows(self.encoder, texts, max_length)
        if rows.num_cut:
            warnings.warn(
                say(
                    zh=f"{len(rows)} 行（题与选项）中有 {rows.num_cut} 行太长，最长的一段去掉了末尾。",
                    en=f"{rows.num_cut} of {len(rows)} rows of question and choice are too long; their longest text lost its end.",
                ),
                stacklevel=3,
            )
        return Questions(rows, [len(question.choices) for question in given])

    def _scores(self, given: Sequence[ChoiceQuestion], show_progress: bool | None) -> list[Floats]:
        model = self._fitted()
        if not given:
            return []
        made = self._questions(given, self.settings.max_length)
        with progress(say(zh="选择", en="Choosing"), len(made.rows), show_progress) as advance:
            logits = logits_of(model, made.rows, precision=self.settings.precision, advance=advance)
        return np.split(logits[:, 0], made.starts[1:-1])

    def _watch(
        self, model: ChoiceModel, held: tuple[list[ChoiceQuestion], list[int]] | None, folder: str | Path | None
    ) -> DevWatch | None:
        if held is None:
            return None
        made = self._questions(held[0], self.settings.max_length)

        def score() -> tuple[float, float]:
            logits = logits_of(model, made.rows, precision=self.settings.precision)[:, 0]
            chances = [probabilities(mine[None])[0] for mine in np.split(logits, made.starts[1:-1])]
            right = [float(mine.argmax() == answer) for mine, answer in zip(chances, held[1], strict=True)]
            losses = [-np.log(max(mine[answer], 1e-300)) for mine, answer in zip(chances, held[1], strict=True)]
            return float(np.mean(right)), float(np.mean(losses))

        return DevWatch(model, score, self.settings.patience, folder)


def _some(questions: list[ChoiceQuestion]) -> list[ChoiceQuestion]:
    if not questions:
        raise InvalidValue(zh="一道题也没有；请给出选择题。", en="There are no questions. Give some.")
    return questions
