"""Search over one's own texts, by meaning and by words, in one file."""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self, overload

from baihua.checks import check_texts
from baihua.tasks.calibration_file import Calibration
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index.calibration import LibraryCalibration, explain_hits, match_from_pairs
from baihua.tasks.index.changes import Added, add_documents, delete_documents
from baihua.tasks.index.documents import Metadata, Where, keep_kind_of_keys, make_documents, numbers_where
from baihua.tasks.index.embedder import EmbedderSeal, encode_checked, load_embedder, new_settings
from baihua.tasks.index.file import IndexFile
from baihua.tasks.index.hits import Hit, make_hits
from baihua.tasks.index.keywords import WordCounts
from baihua.tasks.index.passages import PassageCutter
from baihua.tasks.index.queries import check_queries, check_wanted
from baihua.tasks.index.ranking import Library, rank
from baihua.tasks.index.vectors import VectorsInMemory
from baihua.tasks.whitening_advice import Pairs
from baihua.text.grids import cell_text

__all__ = ["Added", "Hit", "SentenceIndex"]


class SentenceIndex:
    """A library of texts in one SQLite file, found by meaning (exact cosine), by words (BM25), or both.

    Make one with `create` or `open`. Every call to `add` and `delete` happens whole or not at all: after a crash the
    file holds exactly what was returned for. Others may search the file meanwhile and see each change when it is
    done. One object may be used from several threads, one at a time.

    Args:
        file: the open file.
        embedder: turns texts into vectors; has to be the one the library was made with.

    Example:
        >>> import tempfile
        >>> embedder = SentenceEmbedder("static")
        >>> index = SentenceIndex.create(Path(tempfile.mkdtemp()) / "library.db", embedder)
        >>> index.add(["怎么申请退款", "手机充不进电", "改收货地址"], [{"类别": "售后"}, {"类别": "故障"}, {"类别": "物流"}])
        Added(added=3, updated=0, unchanged=0, empty=0)
        >>> [hit.text for hit in index.search("退款多久到账", top_k=1)]
        ['怎么申请退款']
        >>> [hit.text for hit in index.search("退款", top_k=5, where={"类别": "故障"})]
        ['手机充不进电']
        >>> index.close()
    """

    def __init__(self, file: IndexFile, embedder: SentenceEmbedder) -> None:
        self.embedder = embedder
        self.settings = file.settings()
        self._file = file
        self._lock = threading.RLock()
        self._seal = EmbedderSeal(self.settings)
        self._seal.check(embedder)
        self._width = int(str(self.settings["width"]))
        self._vectors = VectorsInMemory(self._width, str(self.settings["dtype"]))
        self._calibration = LibraryCalibration(file, self._vectors, str(self.settings["fingerprint"]))
        self._counts = WordCounts()
        self._cutter: PassageCutter | None = None

    @classmethod
    def create(
        cls,
        path: str | Path,
        embedder: SentenceEmbedder,
        *,
        dtype: str = "float32",
        encoder_name: str | None = None,
    ) -> Self:
        """Make an empty library.

        Args:
            path: the file; there must be none yet.
            embedder: its fingerprint and its whitening are stored.
            dtype: how vectors are stored. ``"float32"``; ``"float16"`` for half the file; ``"int8"`` for a quarter of
                the memory: whole numbers pick the candidates, and their float16 vectors, read from the file, give the
                scores.
            encoder_name: name or folder that `open` without an embedder loads the encoder by; known by itself for
                ``"bundled"`` and ``"static"``.

        Raises:
            FileProblem: when the file is there already or cannot be written.
        """
        return cls._opened(IndexFile.create(path, new_settings(embedder, encoder_name, dtype)), embedder)

    @classmethod
    def open(
        cls,
        path: str | Path,
        embedder: SentenceEmbedder | None = None,
        *,
        device: str | None = None,
        dtype: str = "float32",
    ) -> Self:
        """Open a library.

        Args:
            path: the file.
            embedder: the one it was made with; None to load it by the name and with the whitening stored in the file.
            device: where to compute when it is loaded here, as in `SentenceEmbedder`.
            dtype: precision to compute in when it is loaded here.

        Raises:
            FileProblem: when the file is missing, damaged, or no library.
            InvalidValue: when the embedder is another.
        """
        file = IndexFile.open(path)
        try:
            used = load_embedder(file.settings(), device=device, dtype=dtype) if embedder is None else embedder
        except BaseException:
            file.close()
            raise
        return cls._opened(file, used)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def nbytes(self) -> int:
        """Bytes of the vectors held in memory since the last search."""
        return self._vectors.nbytes

    def __len__(self) -> int:
        with self._lock, self._file.reading() as connection:
            (number,) = connection.execute("SELECT count(*) FROM documents").fetchone()
        return int(number)

    def add(
        self,
        texts: Sequence[str],
        metadata: Sequence[Metadata] | None = None,
        keys: Sequence[str | int] | None = None,
    ) -> Added:
        """Add texts, or update those whose key is there; texts that have not changed are not encoded again.

        Texts of more than 64 tokens are stored whole and searched by overlapping passages.

        Args:
            texts: any sequence of strings. Blank ones are left out and counted.
            metadata: one mapping per text, of what JSON can hold; dates become text.
            keys: one per text, all different. None for a key made of text and metadata, so that adding the same rows
                again changes nothing. A library keeps to one or the other.

        Returns:
            How many were added, updated, unchanged, empty.

        Raises:
            InvalidValue: for another embedder than the library's, keys that are empty or stand for different rows, or
                keys where there were none before and the reverse.
            FileProblem: when the file cannot be written; it is then as it was.
        """
        items = check_texts(texts)
        rows = None if metadata is None else list(metadata)
        documents = make_documents(items, rows, None if keys is None else list(keys))
        num_empty = sum(not text.strip() for text in items)
        with self._lock:
            self._seal.check(self.embedder)
            self._cutter = self._cutter or PassageCutter(self.embedder.encoder)
            with self._file.writing() as connection:
                keep_kind_of_keys(connection, documents, given=keys is not None)
                added, updated = add_documents(connection, self.settings, self.embedder, self._cutter, documents)
        return Added(added, updated, len(items) - num_empty - added - updated, num_empty)

    def delete(self, keys: Iterable[str | int]) -> int:
        """Delete the texts with some keys, and return how many there were; keys that are not there are passed over.

        Raises:
            InvalidType: for a single string.
            FileProblem: when the file cannot be written; it is then as it was.
        """
        names = check_texts([cell_text(key) for key in keys] if not isinstance(keys, str) else keys, "keys")
        with self._lock, self._file.writing() as connection:
            return delete_documents(connection, self.settings, names)

    @overload
    def search(  # type: ignore[overload-overlap]  # noqa: D418 - a string is also a sequence; here it is one query
        self,
        text: str,
        top_k: int | None = 5,
        mode: str = "hybrid",
        threshold: float | None = None,
        where: Where | None = None,
    ) -> list[Hit]:
        """Answer one query."""
        ...

    @overload
    def search(  # noqa: D418 - the house asks for one
        self,
        text: Sequence[str],
        top_k: int | None = 5,
        mode: str = "hybrid",
        threshold: float | None = None,
        where: Where | None = None,
    ) -> list[list[Hit]]:
        """Answer each of several queries."""
        ...

    def search(
        self,
        text: str | Sequence[str],
        top_k: int | None = 5,
        mode: str = "hybrid",
        threshold: float | None = None,
        where: Where | None = None,
    ) -> list[Hit] | list[list[Hit]]:
        """Find the texts that answer a query, or each of several queries.

        Args:
            text: one query, or a sequence of them. A query is text: nothing in it is syntax, and no character is
                refused. A blank one finds nothing.
            top_k: at most so many texts; None for all at or above the threshold.
            mode: ``"vector"`` orders by cosine, ``"keyword"`` by words, ``"hybrid"`` by both ranks.
            threshold: the least cosine of a hit, in every mode; None for any.
            where: metadata a text must have, such as ``{"类别": "退款"}``; a set or list allows several values.

        Returns:
            The hits, the best first, with what their scores mean once the library is calibrated; one list of them per
            query when ``text`` is a sequence.

        Raises:
            InvalidValue: for another embedder than the library's, an unknown mode, or a number that makes no sense.
        """
        wanted = check_wanted(mode, top_k, threshold)
        one = isinstance(text, str)
        queries = check_queries([text] if isinstance(text, str) else text)
        with self._lock:
            self._seal.check(self.embedder)
            filled = [query for query in queries if query.strip()]
            vectors = encode_checked(self.embedder, filled, self._width) if filled else None
            answers: list[list[Hit]] = []
            if vectors is not None:
                with self._file.reading() as connection:
                    self._vectors.refresh(connection)
                    self._counts.refresh(connection)
                    allowed = None if where is None else numbers_where(connection, where)
                    state = Library(connection, self._vectors, self._counts, allowed)
                    found = make_hits(state, rank(state, filled, vectors, wanted))
                    answers = explain_hits(state, self._calibration.read(connection), found)
        in_turn = iter(answers)
        in_place = [next(in_turn) if query.strip() else [] for query in queries]
        return in_place[0] if one else in_place

    @property
    def calibration(self) -> Calibration | None:
        """What scores mean in this library, as its file has it now; None before `calibrate`."""
        with self._lock, self._file.reading() as connection:
            return self._calibration.read(connection)

    def calibrate(self, pairs: Pairs | None = None, prior: float | None = None) -> Calibration:
        """Learn what scores mean here, from random pairs of the library's texts, and keep it in the file.

        Args:
            pairs: ``(first_texts, second_texts, labels)``, 50 or more, for the probability of the same meaning; None to
                keep what such pairs said before.
            prior: the share of matches among the pairs asked about later; None for that of ``pairs``.

        Raises:
            InvalidValue: for another embedder than the library's, fewer than 15 different texts, texts that all get one
                score, or pairs that cannot be learned from.
            FileProblem: when the file cannot be written; it is then as it was.
        """
        with self._lock:
            self._seal.check(self.embedder)
            return self._calibration.fit(match_from_pairs(self.embedder, pairs, prior))

    def calibrate_if_due(self) -> Calibration | None:
        """Calibrate a library of 100 different texts or more that is not yet calibrated, or was at half or twice the size.

        Returns:
            The new calibration, or None when none was due.
        """
        with self._lock:
            return self._calibration.fit_if_due()

    def close(self) -> None:
        """Close the file; what was added is in it already."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def _opened(cls, file: IndexFile, embedder: SentenceEmbedder) -> Self:
        try:
            return cls(file, embedder)
        except BaseException:
            file.close()
            raise
