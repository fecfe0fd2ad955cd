"""Which candidate fills each of several blanks, when no candidate fills two.

Blanks of one text that share their candidates are answered together: the assignment without repetition whose scores add up to the
most. Where scores are log-probabilities of independent answers, that is the most probable assignment of all.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from baihua.checks import InvalidValue


def assign(scores: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the candidate of each blank such that none is taken twice and the scores add up to the most.

    Args:
        scores: of each blank and candidate, shape ``(num_blanks, num_candidates)``, with no more blanks than candidates; −∞ for
            a candidate that is out of the question. A constant added to a blank's row changes nothing.

    Returns:
        The candidate of each blank, shape ``(num_blanks,)``, all different.

    Raises:
        InvalidValue: for another shape, more blanks than candidates, NaN or +∞, or so many −∞ that no assignment is left.

    Source:
        Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace and Electronic Systems 52,
        2016, through `scipy.optimize.linear_sum_assignment`; for the idioms of ChID, https://kexue.fm/archives/8739.

    Example:
        >>> scores = [[3.0, 2.9, 0.0], [2.0, 0.0, 0.5]]
        >>> assign(scores).tolist(), independent(scores).tolist()
        ([1, 0], [0, 0])
    """
    table = _check(scores)
    num_blanks, num_candidates = table.shape
    if num_blanks > num_candidates:
        raise InvalidValue(
            zh=f"{num_blanks} 个空只有 {num_candidates} 个候选，不可能各不相同；请增加候选，或改用 independent。",
            en=f"{num_blanks} blanks cannot all take different ones of {num_candidates} candidates. Give more candidates, "
            "or use independent.",
        )
    try:
        return linear_sum_assignment(table, maximize=True)[1]
    except ValueError:  # all that scipy can still complain of
        raise InvalidValue(
            zh="分数中的 −∞ 太多，排不出各不相同的候选；请放开一些。",
            en="With so many scores of −inf no assignment to different candidates is left. Allow some more.",
        ) from None


def independent(scores: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the best candidate of each blank, whatever the others take; of equals the first.

    Args:
        scores: of each blank and candidate, shape ``(num_blanks, num_candidates)``.

    Returns:
        The candidate of each blank, shape ``(num_blanks,)``.

    Raises:
        InvalidValue: for another shape, NaN or +∞, or a blank without any candidate.
    """
    table = _check(scores)
    if table.shape[0] and not np.isfinite(table).any(axis=1).all():
        raise InvalidValue(
            zh="有的空没有一个可选的候选；请给每个空至少一个有限的分数。",
            en="A blank has no candidate to take. Give each at least one finite score.",
        )
    return table.argmax(axis=1) if table.size else np.zeros(0, dtype=np.intp)


@dataclass(frozen=True)
class AssignmentAccuracy:
    """What `accuracy_of_assignment` returns; fractions of all blanks.

    Args:
        independent: right where each blank takes its best candidate.
        assigned: right where the blanks of a trial are answered together.
        standard_error: of `gain`, from its spread over the trials.
    """

    independent: float
    assigned: float
    standard_error: float

    @property
    def gain(self) -> float:
        """How much larger the second is."""
        return self.assigned - self.independent


def accuracy_of_assignment(
    num_blanks: int, num_candidates: int = 10, margin: float = 2.5, num_trials: int = 20_000, seed: int = 0
) -> AssignmentAccuracy:
    """Simulate how much answering blanks together gains over answering each alone.

    In each trial the blanks have different right candidates; every score is standard normal noise, with ``margin`` added where
    the candidate is right. The gain grows with the share of candidates that are taken: with one blank there is none.

    Args:
        num_blanks: blanks of a trial.
        num_candidates: candidates they share.
        margin: how much higher right scores are on average, in standard deviations of the noise.
        num_trials: trials.
        seed: of the noise.

    Returns:
        Both accuracies and the standard error of their difference.

    Raises:
        InvalidValue: for no blanks, more of them than candidates, or fewer than two trials.

    Example:
        >>> few, many = (accuracy_of_assignment(num, num_trials=500) for num in (2, 10))
        >>> few.gain < 0.03 < 0.09 < many.gain
        True
    """
    if not 1 <= num_blanks <= num_candidates or num_trials < 2:
        raise InvalidValue(
            zh=f"空数应在 1 与候选数之间，试验至少两次，收到 {num_blanks} 个空、{num_candidates} 个候选、{num_trials} 次。",
            en="Of at least two trials each has from 1 blank to as many as candidates, but received "
            f"{num_blanks} blanks, {num_candidates} candidates and {num_trials} trials.",
        )
    generator = np.random.default_rng(seed)
    right = np.arange(num_blanks)  # which of the candidates are right makes no difference to the noise
    hits = np.empty((num_trials, 2))
    for trial in range(num_trials):
        scores = generator.standard_normal((num_blanks, num_candidates))
        scores[right, right] += margin
        hits[trial] = (scores.argmax(axis=1) == right).sum(), (assign(scores) == right).sum()
    alone, together = (hits.sum(axis=0) / (num_trials * num_blanks)).tolist()
    error = (hits[:, 1] - hits[:, 0]).std(ddof=1) / (num_blanks * np.sqrt(num_trials))
    return AssignmentAccuracy(alone, together, standard_error=float(error))


def _check(scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2:
        raise InvalidValue(
            zh=f"scores 的形状应为（空数, 候选数），收到 {table.shape}。",
            en=f"scores must have shape (num_blanks, num_candidates), but received {table.shape}.",
        )
    if np.isnan(table).any() or (table == np.inf).any():
        raise InvalidValue(
            zh="分数中有 NaN 或 +∞，比不出高低；请检查模型的输出。",
            en="Among the scores there is a NaN or +inf, which cannot be compared. Check what the model gave.",
        )
    return table
