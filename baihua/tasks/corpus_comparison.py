"""What a comparison of two corpora found, and how to say it in plain words."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from baihua.language import say
from baihua.maths.permutation_test import PermutationTest
from baihua.tasks.driving_texts import DrivingText

LEVEL = 0.05  # at or below which a p-value counts as a difference
QUANTILE = 0.95
MANY_COPIES = 0.05  # of the texts, from which on they are warned of


@dataclass(frozen=True)
class ComparedCorpus:
    """One side of a comparison.

    Args:
        num_texts: texts that are not blank.
        num_blank: blank ones, which were left out.
        num_repeated: texts that repeat an identical earlier one; they count.
        rows: the positions of those compared: all, or a random sample.
        leaning: of each of these, how much farther it is on average from the other side's texts than from its own side's, its
            copies left out of both; shape ``(num_compared,)``.
        driving: the texts that lean most to their own side, no two much alike.
        keywords: terms that more of its texts have than of the other side's.
    """

    num_texts: int
    num_blank: int
    num_repeated: int
    rows: tuple[int, ...]
    leaning: npt.NDArray[np.float64] = field(repr=False, compare=False)
    driving: tuple[DrivingText, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class CorpusComparison:
    """How far apart two corpora are.

    Args:
        distance_name: ``"energy"``, ``"sliced"`` or ``"sinkhorn"``.
        test: the distance beside those of random splits of both corpora together.
        told_apart: for a text of each side at random, how often the distances to all others tell which is which: 1 where always,
            0.5 on average where nothing differs, below where the sides are closer than chance would have them.
        first: one corpus.
        second: the other.
        num_shared: different texts that stand on both sides.
        same: whether both hold the same texts, each as often.
    """

    distance_name: str
    test: PermutationTest = field(repr=False, compare=False)
    told_apart: float
    first: ComparedCorpus
    second: ComparedCorpus
    num_shared: int
    same: bool

    @property
    def distance(self) -> float:
        """The distance between the corpora."""
        return self.test.observed

    @property
    def chance_mean(self) -> float:
        """What it is on average between two halves of one corpus: of these texts, split at random in parts as large."""
        return self.test.mean

    @property
    def chance_high(self) -> float:
        """What 95 % of such splits stay below."""
        return self.test.quantile(QUANTILE)

    @property
    def p_value(self) -> float:
        """The share of such splits, the observed one among them, that are at least as far apart."""
        return self.test.p_value

    @property
    def differs(self) -> bool:
        """Whether the corpora differ more than chance explains, at the level of 5 %."""
        return self.p_value <= LEVEL

    @property
    def verdict(self) -> str:
        """Two sentences in plain words."""
        p = f"{self.p_value:.4g}"
        if self.same:
            return say(
                zh=f"两边的文本完全相同（p = {p}），没有任何差别。要看漂移，请给两批不同的文本。",
                en=f"Both hold the same texts (p = {p}), so nothing differs. To see a drift, give two different sets.",
            )
        if self.differs:
            share = f"{100 * self.told_apart:.0f}"
            return say(
                zh=f"两边的差别超出了偶然：p = {p}。两边各取一条，有 {share} % 的情形分得出哪条是哪边的（毫无差别时是 50 %）。",
                en=f"These differ more than chance explains: p = {p}. Of a text from each, it can be told which is which in "
                f"{share} % of cases (50 % where nothing differs).",
            )
        return say(
            zh=f"没有看出差别：p = {p}，随机打乱分成两半常有这么远。这不证明两边相同；文本更多时也许看得出。",
            en=f"No difference found: p = {p}, random halves are often as far apart. This does not prove them alike; more "
            "texts might show a difference.",
        )

    @property
    def notes(self) -> list[str]:
        """What to know when reading the numbers: samples, copies, and how the distance reads."""
        return [*self._about_samples(), *self._about_copies(), *self._about_power(), self._about_distance()]

    def _about_samples(self) -> list[str]:
        found = []
        for name, side in self._sides():
            if len(side.rows) < side.num_texts:
                found.append(
                    say(
                        zh=f"{name} 有 {side.num_texts} 条，随机取了 {len(side.rows)} 条来比。",
                        en=f"{name} has {side.num_texts} texts, of which {len(side.rows)} were drawn at random and compared.",
                    )
                )
            if side.num_blank:
                found.append(
                    say(
                        zh=f"{name} 有 {side.num_blank} 条空白，略去。",
                        en=f"{name}: blank texts left out: {side.num_blank}.",
                    )
                )
        return found

    def _about_copies(self) -> list[str]:
        found = []
        for name, side in self._sides():
            if side.num_repeated >= MANY_COPIES * side.num_texts:
                found.append(
                    say(
                        zh=f"{name} 的 {side.num_texts} 条里有 {side.num_repeated} 条与前面的一字不差。若它们是复制而非各自写的，"
                        "p 值会偏小；可先去重（baihua dedupe）。",
                        en=f"{name}: {side.num_repeated} of {side.num_texts} texts repeat an earlier one. If they are copies, not "
                        "written independently, the p-value is too small; remove them first (baihua dedupe).",
                    )
                )
        if self.num_shared and not self.same:
            found.append(
                say(
                    zh=f"两边都有的文本：{self.num_shared} 种。",
                    en=f"Different texts that stand on both sides: {self.num_shared}.",
                )
            )
        return found

    def _about_power(self) -> list[str]:
        num_splits = 1 + len(self.test.permuted)
        if self.same or not self.test.exact or 1 / num_splits <= LEVEL:
            return []
        return [
            say(
                zh=f"文本太少：只有 {num_splits} 种分法，p 值不会小于 1/{num_splits}，看不出任何差别。",
                en=f"Too few texts: they can be split in {num_splits} ways alone, so that no p-value is below 1/{num_splits} and no "
                "difference can be seen.",
            )
        ]

    def _about_distance(self) -> str:
        low, high = f"{self.chance_mean:.4g}", f"{self.chance_high:.4g}"
        if self.distance_name == "energy":
            return say(
                zh=f"能量距离（平方、无偏）：毫无差别时平均为 0（可以为负），95 % 的随机分法低于 {high}。",
                en=f"The energy distance (squared, unbiased) is 0 on average where nothing differs and may be negative; 95 % of "
                f"random splits stay below {high}.",
            )
        return say(
            zh=f"毫无差别时这个距离也不是 0：随机分成两半平均 {low}，95 % 低于 {high}；条数变了它也会变，要看 p 值。",
            en=f"This distance is not 0 where nothing differs: random splits have {low} on average and 95 % stay below {high}. It "
            "changes with the number of texts; read the p-value.",
        )

    def _sides(self) -> tuple[tuple[str, ComparedCorpus], tuple[str, ComparedCorpus]]:
        return ("A", self.first), ("B", self.second)
