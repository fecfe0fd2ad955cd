"""Does a whitening belong to the vectors of an encoder?"""

from baihua.checks import InvalidValue
from baihua.encoders.protocol import Encoder
from baihua.maths.whitening import Whitening


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
