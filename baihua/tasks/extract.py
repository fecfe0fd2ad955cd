"""Finding entities in texts: names, places, symptoms, whatever has been marked, nested or not."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np

from baihua.checks import InvalidValue, check_choice
from baihua.encoders.load import load_encoder
from baihua.encoders.protocol import Encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.language import say
from baihua.progress import progress
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.extraction.checked import Given, check_dev, check_entities_of, readable_texts
from baihua.tasks.extraction.dev_watch import DevWatch
from baihua.tasks.extraction.file import damaged, read_extractor, write_extractor
from baihua.tasks.extraction.model import ExtractionModel, make_head
from baihua.tasks.extraction.predicting import (
    entities_of,
    find_spans,
    probability,
    score_matrices,
    threshold_scores,
)
from baihua.tasks.extraction.rows import check_something_marked, make_rows, window_overlap
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings
from baihua.tasks.extraction.training import ExtractionReport, report_of, train_model
from baihua.tasks.extraction.tuning import least_scores, tuned_thresholds
from baihua.tasks.extraction.windows import Window, make_windows
from baihua.tasks.model_folder import rebuilding
from baihua.tasks.seeded import seeded
from baihua.text.entities import OVERLAPS, Entity, outermost
from baihua.training.span_metrics import SpanScores, score_entities


class EntityExtractor:
    """Learn from marked texts, and mark others.

    Args:
        encoder: a name for `baihua.load_encoder` (``"bundled"``, a folder, a hub name), or a transformer encoder, which is
            trained in place.
        head: ``"efficient_global_pointer"`` or ``"global_pointer"``, for entities that may nest; ``"crf"`` for entities side
            by side: of nested ones it learns the outermost.
        overlap: ``"nested"`` gives all entities found, ``"no_crossing"`` those that lie within each other or apart,
            ``"flat"`` those that share no character; see `baihua.text.entities.choose_overlaps`.
        settings: numbers of the head and of the training.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Raises:
        InvalidValue: for an unknown head or overlap, or an encoder that is no transformer.

    Source:
        https://kexue.fm/archives/8373 and 8877.

    Example:
        >>> settings = ExtractionSettings(epochs=20, batch_size=2)
        >>> extractor = EntityExtractor("bundled", settings=settings)
        >>> _ = extractor.fit(["小王在北京", "我去上海"], [[Entity(0, 2, "人"), Entity(3, 5, "地")], [Entity(2, 4, "地")]])
        >>> [(found.start, found.end, found.type) for found in extractor.predict(["小王在北京"])[0]]
        [(0, 2, '人'), (3, 5, '地')]
    """

    def __init__(
        self,
        encoder: str | Encoder = "bundled",
        head: str = "efficient_global_pointer",
        *,
        overlap: str = "nested",
        settings: ExtractionSettings | None = None,
        device: str | None = None,
    ) -> None:
        aliases = {"egp": "efficient_global_pointer", "gp": "global_pointer"}
        self.head = check_choice("head", head, HEADS, aliases)
        self.overlap = check_choice("overlap", overlap, OVERLAPS)
        self.settings = settings or ExtractionSettings()
        loaded = load_encoder(str(encoder), device=device) if isinstance(encoder, (str, Path)) else encoder
        self.encoder: TransformerEncoder = trainable(loaded)
        self.entity_types: list[str] = []
        self.thresholds: dict[str, float] = {}
        self.report: ExtractionReport | None = None
        self._model: ExtractionModel | None = None

    def fit(
        self,
        texts: Sequence[str],
        entities: Given,
        *,
        dev: tuple[Sequence[str], Given] | None = None,
        folder: str | Path | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Learn from texts whose entities are marked; what was done is in ``extractor.report``.

        Args:
            texts: the texts; one longer than the encoder takes is cut into windows.
            entities: the entities of each text, `Entity` or ``(start, end, type)``; none is an answer too.
            dev: texts and entities held aside: after each epoch they are marked and scored, the best weights are kept, and
                training stops when it gets no better.
            folder: for checkpoints; a training that was cut off there goes on where it stopped.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            The extractor itself.

        Raises:
            InvalidType: for texts that are not strings, or entities that are none; the extractor stays as it was.
            InvalidValue: when lengths differ, an entity reaches beyond its text, or there is nothing to learn or to measure on
                dev; the extractor stays as it was.
        """
        given = readable_texts(texts)
        marked = check_entities_of(given, entities)
        held = check_dev(dev)
        types = sorted({entity.type for mine in marked for entity in mine})
        if not types:
            raise InvalidValue(
                zh=f"{len(given)} 条训练文本里没有一个实体，没有什么可学；请给出标注了实体的文本。",
                en=f"None of the {len(given)} training texts has an entity, so there is nothing to learn. Give marked ones.",
            )
        learned = [outermost(mine) for mine in marked] if self.head == "crf" else marked
        rows = make_rows(self._windows(given, self.settings.max_length), learned, types, self._max_width())
        check_something_marked(rows)
        self.entity_types = types
        with seeded(self.settings.seed):
            self._model = self._new_model()
            self.thresholds = dict.fromkeys(self.entity_types, probability(self._model.head.default_threshold))
            watch = DevWatch(self._model, self._scorer(*held), self.settings.patience, folder) if held else None
            log = train_model(self._model, rows, self.settings, watch, folder=folder, show_progress=show_progress)
        num_learned = sum(map(len, learned))
        counts = (len(given), num_learned, sum(map(len, marked)) - num_learned)
        self.report = report_of(rows, self.settings, watch, log, counts)
        return self

    def predict(self, texts: Sequence[str], *, show_progress: bool | None = None) -> list[list[Entity]]:
        """Return the entities of each text, in order, with ``text[entity.start:entity.end]`` what each says.

        Args:
            texts: any sequence of strings; long ones are read in windows.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            One list per text. A ``score`` is σ(2s) of the head's score s (the CRF's: of its least probable tag).

        Raises:
            InvalidType: for what is no sequence of strings.
            InvalidValue: before `fit`.
        """
        given = readable_texts(texts)
        self._fitted()
        return self._find(given, self._windows(given), show_progress)

    def evaluate(self, texts: Sequence[str], entities: Given, *, show_progress: bool | None = None) -> SpanScores:
        """Mark texts and compare with what is right.

        Args:
            texts: the texts.
            entities: those that are right. One that cannot be found, being too wide or having an edge inside a token, counts
                as missed, and in ``num_lost``.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            Strict F1 and more, see `baihua.training.span_metrics`.
        """
        given = readable_texts(texts)
        gold = check_entities_of(given, entities)
        self._fitted()
        windows = self._windows(given)
        found = self._find(given, windows, show_progress)
        lost = make_rows(windows, gold, self.entity_types, self._max_width()).lost
        # where tokens share a character, a span too wide from its first token on may be found from another
        never = [sorted(set(mine) - set(there)) for mine, there in zip(lost, found, strict=True)]
        return score_entities(found, gold, never)

    def span_scores(self, text: str) -> tuple[list[tuple[int, int]], dict[str, np.ndarray]]:
        """Return the scores of all spans of a text, to look at.

        Args:
            text: a text that fits into one window; of a longer one its first window is used.

        Returns:
            Where each token begins and ends in the text; and for each type the scores, shape ``(num_tokens, num_tokens)``, first
            token by last token, −∞ where there is no span.

        Raises:
            InvalidValue: before `fit`, for a CRF, and for a text without a token.
        """
        model = self._fitted()
        windows = self._windows(readable_texts([text]))
        if not windows:
            raise InvalidValue(
                zh=f"文本 {text!r} 里没有词元，没有片段可看。",
                en=f"The text {text!r} has no token, so there is no span to see.",
            )
        places = [(int(start), int(end)) for start, end in windows[0].offsets]
        return places, dict(zip(self.entity_types, score_matrices(model, windows[0]), strict=True))

    def tune_thresholds(self, texts: Sequence[str], entities: Given) -> Self:
        """Set for each type the probability above which a span is an entity, so that its F1 on these texts is highest.

        They stay as they were where F1 over all types would fall.

        Use texts held aside from training, and do not report a score on the same ones afterwards.

        Args:
            texts: the texts.
            entities: those that are right.

        Returns:
            The extractor itself; see ``extractor.thresholds``.
        """
        given = readable_texts(texts)
        gold = check_entities_of(given, entities)
        model = self._fitted()
        current = {name: self.thresholds[name] for name in self.entity_types}
        usual = probability(model.head.default_threshold)
        least = least_scores(self.entity_types, current, usual)
        found = list(find_spans(model, self._windows(given), least, precision=self.settings.precision))
        self.thresholds = tuned_thresholds(found, gold, current, usual, self.overlap)
        return self

    def save(self, folder: str | Path) -> Path:
        """Save encoder, head and settings as a folder; its encoder is one that `load_encoder` reads too.

        Raises:
            InvalidValue: before `fit`.
            FileProblem: when it cannot be written; what was there is left as it was.
        """
        model = self._fitted()
        facts = {
            "head": self.head,
            "overlap": self.overlap,
            "entity_types": self.entity_types,
            "thresholds": self.thresholds,
            "settings": asdict(self.settings),
            "max_length": self.encoder.max_length,
        }
        write_extractor(folder, self.encoder, model.head.state_dict(), facts)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> Self:
        """Load what `save` saved.

        Raises:
            FileProblem: when there is no such folder or it cannot be read.
            InvalidValue: when it is damaged.
        """
        facts, head = read_extractor(folder)
        with rebuilding(folder, damaged):
            settings = ExtractionSettings(**facts["settings"])
            encoder = load_encoder(str(folder), device=device, max_length=facts.get("max_length"))
            made = cls(encoder, facts["head"], overlap=facts["overlap"], settings=settings)
            made.entity_types = [str(name) for name in facts["entity_types"]]
            made.thresholds = {name: float(facts["thresholds"][name]) for name in made.entity_types}
            threshold_scores(list(made.thresholds.values()))  # refuses what is no probability
            with seeded(settings.seed):
                made._model = made._new_model()
            made._model.head.load_state_dict(head)
        made._model.eval()
        return made

    def _new_model(self) -> ExtractionModel:
        model: Any = self.encoder.model
        head = make_head(self.head, int(model.config.hidden_size), len(self.entity_types), self.settings)
        return ExtractionModel(model, head.to(self.encoder.device))

    def _fitted(self) -> ExtractionModel:
        if self._model is None:
            raise InvalidValue(
                zh="这个抽取器还没有训练；请先调用 fit，或用 EntityExtractor.load 读入训练好的。",
                en="This extractor has not been trained. Call fit first, or read a trained one with EntityExtractor.load.",
            )
        return self._model

    def _max_width(self) -> int | None:
        return None if self.head == "crf" else self.settings.max_width

    def _windows(self, texts: list[str], most: int | None = None) -> list[Window]:
        backend, max_length = self.encoder.backend(), min(most or self.encoder.max_length, self.encoder.max_length)
        return make_windows(backend, texts, max_length, window_overlap(backend, max_length, self.settings.max_width))

    def _find(self, texts: list[str], windows: list[Window], show_progress: bool | None) -> list[list[Entity]]:
        thresholds = threshold_scores([self.thresholds[name] for name in self.entity_types])
        with progress(say(zh="抽取", en="Extracting"), len(windows), show_progress) as advance:
            found = find_spans(self._fitted(), windows, thresholds, precision=self.settings.precision, advance=advance)
            return entities_of(found, len(texts), self.entity_types, self.overlap)

    def _scorer(self, texts: list[str], gold: list[list[Entity]]) -> Callable[[], float]:
        windows = self._windows(texts)
        return lambda: score_entities(self._find(texts, windows, False), gold).f1
