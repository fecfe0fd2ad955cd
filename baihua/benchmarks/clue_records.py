"""One question of each kind that CLUE has, as what a model is given and what is right.

=====================================  =====================================  ==========================================
tasks                                  example                                right
=====================================  =====================================  ==========================================
AFQMC, TNEWS, IFLYTEK, CMNLI, OCNLI,   `ClueExample`: a text or two           ``label``
WSC, CSL
CMRC2018                               `ReadingExample`: a passage with       ``answers``: texts, and where they stand
                                       questions
C3                                     `ChoiceExample`: a passage, one        ``answer``: place of the choice
                                       question, choices
CHID                                   `IdiomExample`: sentences with blanks  ``answers``: place of the idiom for each blank
CLUENER                                `EntityExample`: a text                ``entities``
=====================================  =====================================  ==========================================

What is right is None in a test. Ids are strings everywhere, as they are handed in.
"""

from dataclasses import dataclass

from baihua.benchmarks.clue_inputs import Span
from baihua.text.entities import Entity


@dataclass(frozen=True)
class ClueExample:
    """A text or a pair to be classified.

    Args:
        id: as in its file, else the number of its line from 0.
        text_a: the first text; of WSC with both spans marked, of CSL the keywords joined.
        text_b: the second text; None for a task on single texts.
        label: one of the task's labels; None where it is not known.
        spans: of WSC, where noun and pronoun stand in the text, half-open, marks left out.
    """

    id: str
    text_a: str
    text_b: str | None
    label: str | None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class ReadingAnswer:
    """An answer that people gave.

    Args:
        text: what it says.
        start: where it stands in the passage, in characters; None for one that does not stand there word for word, which
            counts when an answer is scored but cannot be learned from.
    """

    text: str
    start: int | None

    @property
    def span(self) -> Span | None:
        """Where it stands, half-open."""
        return None if self.start is None else (self.start, self.start + len(self.text))


@dataclass(frozen=True)
class ReadingQuestion:
    """A question on a passage.

    Args:
        id: as it is handed in.
        text: the question.
        answers: in training one, in development three; none in a test.
    """

    id: str
    text: str
    answers: tuple[ReadingAnswer, ...] = ()


@dataclass(frozen=True)
class ReadingExample:
    """A passage and the questions on it.

    Args:
        id: of the passage.
        context: the passage, untouched, so that places in it hold.
        questions: the questions.
    """

    id: str
    context: str
    questions: tuple[ReadingQuestion, ...]


@dataclass(frozen=True)
class ChoiceExample:
    """A question with choices on a passage.

    Args:
        id: as it is handed in; where the file has none, that of the passage and the number of the question from 0.
        passage: what was said, or the paragraphs.
        question: the question.
        choices: two to four; questions of the newer test have more.
        answer: place of the right choice from 0, of equal choices the first; None where it is not known.
    """

    id: str
    passage: tuple[str, ...]
    question: str
    choices: tuple[str, ...]
    answer: int | None


@dataclass(frozen=True)
class IdiomExample:
    """Sentences with blanks that share a list of idioms, none of which is right twice.

    Args:
        id: the number of the line from 0.
        sentences: with blanks ``#idiomNNNNNN#``.
        candidates: ten idioms; in FewCLUE seven.
        blanks: the names of the blanks, in the order of the text.
        answers: for each blank the place of its idiom from 0; None where they are not known.
    """

    id: str
    sentences: tuple[str, ...]
    candidates: tuple[str, ...]
    blanks: tuple[str, ...]
    answers: tuple[int, ...] | None


@dataclass(frozen=True)
class EntityExample:
    """A text and what is named in it.

    Args:
        id: as in its file, else the number of its line from 0.
        text: the text, untouched, so that places in it hold.
        entities: in order, ends exclusive; None where they are not known.
    """

    id: str
    text: str
    entities: tuple[Entity, ...] | None
