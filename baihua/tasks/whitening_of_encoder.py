"""A whitening and the encoder whose vectors it was fitted on."""

import warnings
from collections.abc import Sequence

from baihua.checks import InvalidValue
from baihua.encoders.protocol import Encoder
from baihua.language import say
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import Whitening


def fit_on_texts(whitening: Whitening, encoder: Encoder, texts: Sequence[str]) -> Whitening:
    """Fit a whitening on the vectors of texts, and note in it whose they were."""
    vectors = encoder.encode(texts)
    with warnings.catch_warnings():
        if len(texts) > encoder.width:  # then only those are empty that a final layer norm takes away
            warnings.simplefilter("ignore", EmptyDirections)
        whitening.fit(vectors)
    whitening.fitted_on_ = encoder.fingerprint()
    return whitening


def say_dropped(whitening: Whitening | None) -> None:
    """Say that a whitening is dropped because its encoder is trained."""
    if whitening is not None:
        warnings.warn(
            say(
                zh="训练会改变向量，已去掉之前拟合的白化；训练后可以重新拟合。",
                en="Training changes the vectors, so the whitening fitted before is dropped; fit it again afterwards.",
            ),
            stacklevel=3,
        )


def check_whitening(whitening: Whitening, encoder: Encoder) -> None:
    """Refuse a whitening fitted on other vectors than an encoder's.

    Raises:
        InvalidValue: when it was fitted on another width, encoder or pooling.
    """
    width = whitening.n_features_in_
    if width != encoder.width:
        raise InvalidValue(
            zh=f"这个白化是在 {width} 维向量上拟合的，而编码器 {encoder.name} 是 {encoder.width} 维；请用同一个编码器。",
            en=f"This whitening was fitted on vectors of width {width}, but the encoder {encoder.name} has width "
            f"{encoder.width}. Use the encoder it was fitted with.",
        )
    if whitening.fitted_on_ not in (None, encoder.fingerprint()):
        raise InvalidValue(
            zh=f"这个白化是用另一个编码器或另一种池化拟合的，不能用于 {encoder.name}（{encoder.pooling}）；"
            "请用当时的编码器，或重新拟合。",
            en=f"This whitening was fitted with another encoder or pooling and does not fit {encoder.name} "
            f"({encoder.pooling}). Use the encoder of that time, or fit it again.",
        )
