"""Answering questions with a stretch of a text: extractive reading, long contexts in windows."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Self

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.encoders.protocol import Encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.language import say
from baihua.progress import progress
from baihua.tasks.answering.file import FINDER_FOLDER, damaged
from baihua.tasks.answering.model import AnswerModel, Found, find_answers, window_batches
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import NOTHING, Window, make_windows
from baihua.tasks.classification.sound_weights import restored_on_failure
from baihua.tasks.classification.training import Lessons, train_model
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.model_folder import rebuilding, transformer_writer
from baihua.tasks.seeded import seeded
from baihua.text.reading import check_contexts, check_found_answers
from baihua.training.answer_metrics import AnswerScores, score_answers

Contexts = str | Sequence[str]
NO_ANSWER = "∅"  # stands for it where texts are compared, so that none found is right where there is none


@dataclass(frozen=True)
class FoundAnswer:
    """An answer that was found: ``context[start:end] == text``.

    Args:
        text: what it says.
        start: its first character.
        end: one past its last.
        score: its share among all stretches of all windows and "not here", from 0 to 1. It is not calibrated.
    """

    text: str
    start: int
    end: int
    score: float


class AnswerFinder:
    """Learn where in a text the answer to a question stands, and find it in others.

    Args:
        encoder: a name for `baihua.load_encoder`, or an encoder, which is trained in place.
        settings: the numbers of the training and of the windows.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        InvalidValue: for an encoder without layers to train.

    Source:
        https://kexue.fm/archives/8739 (CMRC2018, by one GlobalPointer softmax).

    Example:
        >>> contexts, questions = ["小王去了北京。", "小李去了上海。"], ["小王去了哪里？", "小李去了哪里？"]
        >>> settings = AnswerSettings(least_steps=30, max_length=64)
        >>> finder = AnswerFinder(settings=settings).fit(contexts, questions, ["北京", "上海"], show_progress=False)
        >>> [found.text for found in finder.predict(contexts, questions)]
        ['北京', '上海']
    """

    def __init__(
        self,
        encoder: str | Encoder = "bundled",
        *,
        settings: AnswerSettings | None = None,
        device: str | None = None,
    ) -> None:
        self.settings = settings or AnswerSettings()
        loaded = load_encoder(str(encoder), device=device) if isinstance(encoder, (str, Path)) else encoder
        self.encoder: TransformerEncoder = trainable(loaded)
        self.always = True
        self.log: list[dict[str, float]] = []
        self._model: AnswerModel | None = None

    def fit(
        self,
        contexts: Contexts,
        questions: Sequence[str],
        answers: Sequence[Any],
        *,
        folder: str | Path | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Learn from questions whose answers are known.

        Args:
            contexts: a text for each question, or one for all.
            questions: the questions.
            answers: of each, a text that stands in its context, ``(start, text)``, an `Answer`, or None where the context has no
                answer. If some have none, ``predict`` may find none; ``finder.always`` says so.
            folder: for checkpoints; a training that was cut off there goes on where it stopped.
            show_progress: show bars; None to show them on a terminal.

        Returns:
            The finder itself.

        Raises:
            InvalidType, InvalidValue: for what are no texts, questions or answers, when no answer begins and ends at edges of
                tokens, or when the training diverges; the finder stays as it was.
        """
        pairs = check_contexts(contexts, questions)
        known = check_found_answers(answers, pairs)
        windows = make_windows(self.encoder, pairs, self.settings, known)
        if all(window.span == NOTHING for window in windows):
            raise InvalidValue(
                zh="没有一个窗口里有完整的答案，没有什么可学；请检查答案，或增大 max_length。",
                en="No window holds a whole answer, so there is nothing to learn. Check the answers, or raise max_length.",
            )
        with restored_on_failure(self.encoder), seeded(self.settings.seed):
            model = self._new_model()
            batches_of = partial(window_batches, windows, self.settings.batch_size, self.settings.seed)
            self.log = train_model(
                model,
                Lessons(len(windows), batches_of),
                self.settings,
                None,
                folder=folder,
                show_progress=show_progress,
            )
        self.always = all(answer is not None for answer in known)
        self._model = model
        return self

    def predict(
        self, contexts: Contexts, questions: Sequence[str], *, show_progress: bool | None = None
    ) -> list[FoundAnswer | None]:
        """Return the answer to each question, None where there is none.

        Args:
            contexts: a text for each question, or one for all; long ones are read in windows, of which the one with the
                highest score answers.
            questions: the questions.
            show_progress: show a bar; None to show it on a terminal.

        Raises:
            InvalidType, InvalidValue: for what are no texts or questions, or before `fit`.
        """
        pairs = check_contexts(contexts, questions)
        model = self._fitted()
        windows = make_windows(self.encoder, pairs, self.settings)
        with progress(say(zh="找答案", en="Finding answers"), len(windows), show_progress) as advance:
            found = find_answers(
                model,
                windows,
                max_answer=self.settings.max_answer,
                precision=self.settings.precision,
                advance=advance,
            )
        answers: list[FoundAnswer | None] = [None] * len(pairs)
        both = zip(windows, found, strict=True)
        for question, mine in groupby(both, key=lambda one: one[0].question):
            answers[question] = self._chosen(pairs[question][0], list(mine))
        return answers

    def evaluate(
        self,
        contexts: Contexts,
        questions: Sequence[str],
        answers: Sequence[Sequence[Any]],
        *,
        show_progress: bool | None = None,
    ) -> AnswerScores:
        """Find answers, and compare with those that are right.

        Args:
            contexts: as in `predict`.
            questions: as in `predict`.
            answers: of each question all that are right, each as in `fit`; none where the context has no answer, which counts as
                right if none is found.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            Exact match and F1 as CMRC2018 has them, see `baihua.training.answer_metrics`.
        """
        pairs = check_contexts(contexts, questions)
        known = [check_found_answers(list(mine), [pair] * len(mine)) for mine, pair in zip(answers, pairs, strict=True)]
        found = self.predict(contexts, questions, show_progress=show_progress)
        texts = [
            [pair[0][one.start : one.end] for one in mine if one is not None]
            for mine, pair in zip(known, pairs, strict=True)
        ]
        return score_answers(
            {str(number): NO_ANSWER if one is None else one.text for number, one in enumerate(found)},
            {str(number): mine or [NO_ANSWER] for number, mine in enumerate(texts)},
        )

    def save(self, folder: str | Path) -> Path:
        """Save encoder, head and settings as a folder; its encoder is one that `load_encoder` reads too.

        Raises:
            InvalidValue: before `fit`.
            FileProblem: when it cannot be written; what was there is left as it was.
        """
        model = self._fitted()
        facts = {
            "always": self.always,
            "settings": asdict(self.settings),
            "max_length": self.encoder.max_length,
        }
        FINDER_FOLDER.write(folder, transformer_writer(self.encoder), model.head.state_dict(), facts)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> Self:
        """Load what `save` saved.

        Raises:
            FileProblem: when there is no such folder or it cannot be read.
            InvalidValue: when it is damaged.
        """
        facts, head = FINDER_FOLDER.read(folder)
        with rebuilding(folder, damaged):
            settings = AnswerSettings(**facts["settings"])
            encoder = load_encoder(str(folder), device=device, max_length=facts["max_length"])
            made = cls(encoder, settings=settings)
            made.always = bool(facts["always"])
            with seeded(settings.seed):
                made._model = made._new_model()
            made._model.head.load_state_dict(head)
        made._model.eval()
        return made

    @classmethod
    def of(cls, encoder: TransformerEncoder, model: AnswerModel, settings: AnswerSettings) -> Self:
        """Return a finder around a model that is trained elsewhere; it always finds an answer.

        Args:
            encoder: whose tokenizer reads.
            model: of the same encoder.
            settings: of the windows.
        """
        made = cls(encoder, settings=settings)
        made._model = model
        return made

    def _new_model(self) -> AnswerModel:
        return AnswerModel(self.encoder.model, self.settings.head_size).to(self.encoder.device)

    def _fitted(self) -> AnswerModel:
        if self._model is None:
            raise InvalidValue(
                zh="这个答案抽取器还没有训练；请先调用 fit，或用 AnswerFinder.load 读入训练好的。",
                en="This answer finder has not been trained. Call fit first, or read a trained one with AnswerFinder.load.",
            )
        return self._model

    def _chosen(self, context: str, found: list[tuple[Window, Found]]) -> FoundAnswer | None:
        """Return the best stretch of all windows, or None where "not here" is better in every one of them."""
        window, best = max(found, key=lambda one: one[1].score)
        if not math.isfinite(best.score):
            return None
        if not self.always and all(one.nothing > best.score for _, one in found):
            return None
        most = max(one.total for _, one in found)
        total = most + math.log(sum(math.exp(one.total - most) for _, one in found))
        start, end = int(window.offsets[best.first, 0]), int(window.offsets[best.last, 1])
        return FoundAnswer(context[start:end], start, end, math.exp(best.score - total))
