"""What scores mean in a library: learned from its own vectors, kept in its file, and told with every hit."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from baihua.checks import InvalidValue
from baihua.tasks.calibrate import MOST_TEXTS, calibrate_on_pairs, calibrate_on_vectors
from baihua.tasks.calibration_file import Calibration
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index.documents import chunks, marks
from baihua.tasks.index.file import IndexFile
from baihua.tasks.index.hits import Hit
from baihua.tasks.index.ranking import Library
from baihua.tasks.index.vectors import Numbers, Vectors, VectorsInMemory
from baihua.tasks.whitening_advice import Pairs
from baihua.training.calibration import MatchCalibration

FEWEST_TEXTS = 100  # from the tail of fewer than their 4 950 pairs a rare score is a guess
MOST_GROWTH = 2  # a library that has grown or shrunk by more holds other texts than those it was calibrated on


class LibraryCalibration:
    """The calibration kept in a library's file; `SentenceIndex.calibrate` makes it and `SentenceIndex.calibration` reads it.

    Args:
        file: of the library.
        vectors: of the library, as they are searched.
        fingerprint: of the library's embedder.

    Example:
        >>> import tempfile
        >>> from baihua import SentenceIndex
        >>> folder = tempfile.TemporaryDirectory()
        >>> with SentenceIndex.create(f"{folder.name}/library.db", SentenceEmbedder("static")) as index:
        ...     _ = index.add([f"{a}{b}" for a in "手脚头眼" for b in ("疼怎么办", "痒是什么原因", "要看哪一科", "肿了")])
        ...     calibration = index.calibrate()
        ...     hits = index.search("手疼怎么办", top_k=2)
        >>> calibration.num_documents, calibration.background.num_scores
        (16, 120)
        >>> hits[0].expected_false < hits[1].expected_false
        True
        >>> folder.cleanup()
    """

    def __init__(self, file: IndexFile, vectors: VectorsInMemory, fingerprint: str) -> None:
        self._file = file
        self._vectors = vectors
        self._fingerprint = fingerprint
        self._text: str | None = None
        self._found: Calibration | None = None

    def read(self, connection: sqlite3.Connection) -> Calibration | None:
        """Return the calibration in the file, None when there is none; its text is read again once it has changed.

        Raises:
            InvalidValue: when it is damaged, or of another embedder.
        """
        row = connection.execute("SELECT value FROM settings WHERE name = 'calibration'").fetchone()
        text = None if row is None else row[0]
        if text != self._text:
            found = None if text is None else Calibration.from_json(text)
            if found is not None:
                found.check(self._fingerprint)
            self._text, self._found = text, found
        return self._found

    def fit(self, match: MatchCalibration | None, seed: int = 0) -> Calibration:
        """Learn the background from the stored vectors, and write the calibration to the file.

        Args:
            match: learned from labelled pairs; None to keep what the file has.
            seed: of the sample of texts and of their pairs.

        Raises:
            InvalidValue: for fewer than 15 different texts, or texts that all get the same score.
            FileProblem: when the file cannot be written.
        """
        with self._file.reading() as connection:
            (num_documents,) = connection.execute("SELECT count(*) FROM documents").fetchone()
            vectors = self._sample(connection, seed)
            kept = self._match_kept(connection) if match is None else match
        background = calibrate_on_vectors(vectors, seed=seed)
        found = Calibration(background, kept, num_documents, self._fingerprint)
        with self._file.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES ('calibration', ?)", (found.to_json(),))
        return found

    def fit_if_due(self) -> Calibration | None:
        """Calibrate where there is no calibration, or one of a library half or twice the size; None when not needed.

        Libraries with fewer than 100 different texts are left alone.

        Raises:
            InvalidValue, FileProblem: see `fit`.
        """
        with self._file.reading() as connection:
            known = self.read(connection)
            (size,) = connection.execute("SELECT count(*) FROM documents").fetchone()
            if known is not None and size <= MOST_GROWTH * known.num_documents <= MOST_GROWTH**2 * size:
                return None
            query = "SELECT count(*) FROM (SELECT DISTINCT text FROM documents LIMIT ?)"
            (num_texts,) = connection.execute(query, (FEWEST_TEXTS,)).fetchone()
        return self.fit(None) if num_texts >= FEWEST_TEXTS else None

    def _match_kept(self, connection: sqlite3.Connection) -> MatchCalibration | None:
        """Return what labelled pairs said before; a calibration that cannot be read is about to be replaced."""
        try:
            known = self.read(connection)
        except InvalidValue:
            return None
        return None if known is None else known.match

    def _sample(self, connection: sqlite3.Connection, seed: int) -> Vectors:
        """Return the vectors of up to 20 000 different texts, of a long one the vector of a passage taken at random."""
        self._vectors.refresh(connection)
        rng = np.random.default_rng(seed)
        documents = _different(connection, rng.permutation(np.unique(self._vectors.documents)))
        rows = rng.permutation(self._vectors.rows_of(documents))
        _, one_each = np.unique(self._vectors.documents[rows], return_index=True)
        return self._vectors.fetch(connection, np.sort(rows[one_each]))


def match_from_pairs(embedder: SentenceEmbedder, pairs: Pairs | None, prior: float | None) -> MatchCalibration | None:
    """Return the probability of the same meaning learned from labelled pairs, None without any.

    Raises:
        InvalidValue: for a prior without pairs, and see `calibrate_on_pairs`.
    """
    if pairs is not None:
        return calibrate_on_pairs(embedder, *pairs, prior)
    if prior is not None:
        raise InvalidValue(
            zh=f"prior 只用于标好的句对，收到 {prior} 而没有句对；请去掉它，或给出 pairs。",
            en=f"A prior goes with labelled pairs, but received {prior} and no pairs. Leave it out, or give pairs.",
        )
    return None


def explain_hits(library: Library, calibration: Calibration | None, answers: list[list[Hit]]) -> list[list[Hit]]:
    """Return the hits with what their scores mean, or as they are without a calibration.

    The number searched is that of passages, those of the documents allowed: each has its chance of a high score.
    """
    if calibration is None:
        return answers
    documents = library.vectors.documents
    size = len(documents) if library.allowed is None else int(np.isin(documents, library.allowed).sum())

    def explained(hit: Hit) -> Hit:
        values: dict[str, Any] = dict(calibration.explain(hit.score, size))
        return replace(hit, **values)

    return [[explained(hit) for hit in hits] for hits in answers]


def no_better_than_chance(hits: Sequence[Hit]) -> bool:
    """Say whether there are hits and a query meets, on average, one unrelated text or more at the score of the best.

    The best is the one with the highest score, wherever it stands; a hit may be right all the same for its words.

    Example:
        >>> near = Hit("1", "怎么退款", 0.91, {}, "怎么退款", rank=1, expected_false=0.02)
        >>> far = Hit("2", "天气很好", 0.38, {}, "天气很好", rank=2, expected_false=71.0)
        >>> no_better_than_chance([near, far]), no_better_than_chance([far])
        (False, True)
    """
    expected = [hit.expected_false for hit in hits if hit.expected_false is not None]
    return bool(expected) and min(expected) >= 1


def _different(connection: sqlite3.Connection, numbers: Numbers) -> Numbers:
    """Return the first 20 000 documents of different text among those numbered, rising."""
    found: dict[str, int] = {}
    for some in chunks(numbers.tolist()):
        query = f"SELECT text, id FROM documents WHERE id IN ({marks(some)})"
        for text, number in connection.execute(query, some):
            found.setdefault(text, number)
        if len(found) >= MOST_TEXTS:
            break
    return np.sort(np.array(list(found.values())[:MOST_TEXTS], dtype=np.int64))
