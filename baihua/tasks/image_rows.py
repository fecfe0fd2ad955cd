"""Grey images of one size as rows of pixels, and rows of pixels as images."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from baihua.checks import InvalidType, InvalidValue
from baihua.maths.sphere import check_numbers
from baihua.nn.image_vae import ImageDecoder, ImageEncoder
from baihua.tasks.generate_settings import AutoencoderSettings


class ImageRows:
    """Images of one height and width.

    Args:
        height: in pixels.
        width: in pixels.
    """

    kind = "image"

    def __init__(self, height: int, width: int) -> None:
        self.shape = (height, width)

    @classmethod
    def fit(cls, images: Any, settings: AutoencoderSettings) -> Self:
        """Take the size of some images; there are no settings to it."""
        height, width = _checked(images).shape[1:]
        return cls(height, width)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any], tokenizer_json: str | None) -> Self:
        """Build it again from `facts`; there is no tokenizer."""
        return cls(int(facts["height"]), int(facts["width"]))

    @property
    def facts(self) -> dict[str, Any]:
        """What a JSON file needs to hold to build it again."""
        return {"height": self.shape[0], "width": self.shape[1]}

    def rows(self, images: Any) -> Tensor:
        """Return pixels as float32, shape ``(num, height * width)``.

        Args:
            images: array of shape ``(num, height, width)`` with pixels from 0 to 1.

        Raises:
            InvalidType: for what is no array of numbers.
            InvalidValue: for another shape, NaN, or pixels out of range.
        """
        found = _checked(images)
        if tuple(found.shape[1:]) != self.shape:
            raise InvalidValue(
                zh=f"图片应是 {self.shape[0]}×{self.shape[1]}（与 fit 时一样），收到 {found.shape[1]}×{found.shape[2]}。",
                en=f"Images must be {self.shape[0]} by {self.shape[1]}, as in fit, but received {found.shape[1]} by "
                f"{found.shape[2]}.",
            )
        return found.flatten(1)

    def modules(self, width: int, settings: AutoencoderSettings) -> tuple[ImageEncoder, ImageDecoder]:
        """Return a new encoder, and a new decoder of codes of a width."""
        num_pixels = self.shape[0] * self.shape[1]
        return ImageEncoder(num_pixels, settings.hidden_size), ImageDecoder(width, num_pixels, settings.hidden_size)

    def items(self, decoder: ImageDecoder, codes: Tensor, temperature: float) -> np.ndarray:
        """Return images of codes, shape ``(num, height, width)``; they have no temperature."""
        return decoder.pixels(codes).reshape(len(codes), *self.shape).numpy(force=True)

    def num_tokens(self, rows: Tensor) -> None:
        """Images have none."""
        return


def _checked(images: Any) -> Tensor:
    found = _numbers(images)
    if found.ndim != 3 or found.shape[1] == 0 or found.shape[2] == 0:
        raise InvalidValue(
            zh=f"图片数组的形状应为（张数, 高, 宽），收到 {tuple(found.shape)}；单张图片请写成 image[None]。",
            en=f"Images must have the shape (num, height, width), but received {tuple(found.shape)}. "
            "Write image[None] for a single one.",
        )
    if len(found) and not bool(torch.isfinite(found).all()):
        raise InvalidValue(
            zh="图片里有 NaN 或无穷大的像素；请先补上或去掉这些图片。",
            en="The images hold NaN or infinite pixels. Fill them in or leave those images out.",
        )
    if len(found) and not 0 <= float(found.min()) <= float(found.max()) <= 1:
        raise InvalidValue(
            zh=f"像素应在 0 与 1 之间，收到 {float(found.min()):g} 到 {float(found.max()):g}；请除以最大值（常为 16 或 255）。",
            en=f"Pixels must be from 0 to 1, but received {float(found.min()):g} to {float(found.max()):g}. Divide by "
            "the highest value there can be, often 16 or 255.",
        )
    return found


def _numbers(images: Any) -> Tensor:
    try:
        return check_numbers(images, "images").detach().cpu().float()
    except ValueError as error:  # lists of different lengths make no array
        raise InvalidType(
            zh=f"图片应是一个数组，形状（张数, 高, 宽）；收到的排不成数组：{error}",
            en=f"Images must be one array of shape (num, height, width), but what came makes none: {error}",
        ) from error
