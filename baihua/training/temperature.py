"""One number that makes the probabilities of a classifier mean what they say: the temperature its logits are divided by.

It changes how sure the classifier is and never what it answers (Guo et al. 2017, "On Calibration of Modern Neural Networks").
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from baihua.checks import InvalidValue, check_same_length

FARTHEST = 1000.0  # the temperature lies so many times above or below the spread of the logits at most

Floats = npt.NDArray[np.float64]


def probabilities(logits: npt.ArrayLike, temperature: float = 1.0) -> Floats:
    """Return the softmax of logits divided by a temperature; each row adds up to 1.

    Args:
        logits: shape ``(num_texts, num_labels)``.
        temperature: above 0; from 1 up less sure, below 1 surer.

    Returns:
        Same shape.

    Raises:
        InvalidValue: for a temperature that is not above 0, or is infinite.

    Example:
        >>> probabilities([[0.0, np.log(3.0)]]).round(3), probabilities([[0.0, np.log(9.0)]], temperature=2.0).round(3)
        (array([[0.25, 0.75]]), array([[0.25, 0.75]]))
    """
    if not 0 < temperature < np.inf:
        raise InvalidValue(
            zh=f"温度 temperature 应大于 0 且有限，收到 {temperature}。",
            en=f"temperature must be above 0 and finite, but received {temperature}.",
        )
    divided: Floats = softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1)
    return divided


def fit_temperature(logits: npt.ArrayLike, answers: npt.ArrayLike) -> float:
    """Return the temperature with the least log loss on texts that the classifier has not learned from.

    As in `baihua.training.calibration.MatchCalibration`, the right label of n texts counts (n + 1) / (n + 2), and the others
    share the rest (Platt 1999): one text more that is right and one that is wrong. So a classifier that is right on a handful
    of texts does not become infinitely sure. The loss is convex in the inverse of the temperature, so there is one minimum.

    Args:
        logits: shape ``(num_texts, num_labels)``.
        answers: the column of the right label of each text, shape ``(num_texts,)``.

    Returns:
        The temperature, 1 where it makes no difference. Of logits c times as large it is c times as large.

    Raises:
        InvalidValue: for no texts, shapes that do not fit, a column that is not there, or logits that are not finite.

    Example:
        >>> fit_temperature([[0.0, 8.0]] * 9 + [[8.0, 0.0]], [1] * 10) > 2  # 90 % right, but 99.97 % sure
        True
    """
    scores, columns = _check(logits, answers)
    spread = float(np.ptp(scores, axis=1).max())
    if spread == 0:
        return 1.0
    num_texts, num_labels = scores.shape
    scaled = (scores - scores.max(axis=1, keepdims=True)) / spread  # from −1 to 0
    rest = 1 / (num_texts + 2)
    targets = np.full(scores.shape, rest / (num_labels - 1))
    targets[np.arange(num_texts), columns] = 1 - rest
    met = float((targets * scaled).sum())

    def loss(log_inverse: float) -> float:
        inverse = np.exp(log_inverse)
        return float(logsumexp(inverse * scaled, axis=1).sum()) - inverse * met

    bounds = (-np.log(FARTHEST), np.log(FARTHEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    return spread / float(np.exp(found.x))


def _check(logits: npt.ArrayLike, answers: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.int64]]:
    scores, columns = np.asarray(logits, dtype=np.float64), np.asarray(answers)
    if scores.ndim != 2 or not scores.size:
        raise InvalidValue(
            zh=f"logits 的形状应为（文本数, 标签数），至少各一，收到 {scores.shape}。",
            en=f"logits must have shape (num_texts, num_labels), at least one each, but received {scores.shape}.",
        )
    check_same_length(range(len(scores)), columns.tolist(), ("logits", "answers"))
    if not np.isfinite(scores).all():
        raise InvalidValue(
            zh="logits 里有无穷或 NaN，定不出温度；多半是训练发散了，请降低学习率重新训练。",
            en="Some logits are infinite or NaN, so there is no temperature to find. Training has probably diverged; train again "
            "with a lower learning rate.",
        )
    whole = np.issubdtype(columns.dtype, np.integer)
    if columns.ndim != 1 or not whole or columns.min() < 0 or columns.max() >= scores.shape[1]:
        raise InvalidValue(
            zh=f"answers 应是每条文本正确标签的列号，从 0 到 {scores.shape[1] - 1}。",
            en=f"answers must be the column of each text's right label, from 0 to {scores.shape[1] - 1}.",
        )
    return scores, columns.astype(np.int64)
