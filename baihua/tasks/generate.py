"""Texts or images to codes and back: a variational autoencoder whose codes lie on a sphere, or in the plain space.

On the sphere (kexue.fm 8404) the divergence is a constant above 0 that no training can bring down, which a Gaussian's
can be: a decoder of text that predicts each token from those before it does well enough without the code.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from baihua.checks import InvalidValue, check_choice
from baihua.encoders.checkpoint import default_device
from baihua.maths.rotation import slerp
from baihua.maths.whitening import NotFitted
from baihua.nn.latents import LATENTS, make_latent
from baihua.nn.vae import VariationalLoss
from baihua.tasks.generate_evaluation import ROWS_AT_ONCE, Evaluation, evaluate_rows
from baihua.tasks.generate_file import damaged, read_autoencoder, write_autoencoder
from baihua.tasks.generate_settings import AutoencoderSettings
from baihua.tasks.image_rows import ImageRows
from baihua.tasks.seeded import seeded
from baihua.tasks.text_rows import TextRows
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule
from baihua.training.shuffled import shuffled_places

__all__ = ["AutoencoderSettings", "Evaluation", "VariationalAutoencoder"]

KINDS: dict[str, type[ImageRows] | type[TextRows]] = {"image": ImageRows, "text": TextRows}


class VariationalAutoencoder:
    """Learn codes of texts or of images, and write new ones from codes.

    Args:
        latent: ``"von_mises_fisher"``, ``"power_spherical"`` (codes on the unit sphere), ``"gaussian"`` or
            ``"gaussian_batch_norm"``.
        width: of a code; at least 2 on the sphere, which has width − 1 degrees of freedom.
        concentration: κ of the spherical ones, higher for codes that keep more
            (`baihua.maths.concentration.concentration_for_kl` gives it for a wished number of nats); None to learn it.
        settings: see `AutoencoderSettings`.

    Attributes:
        loss_: the trained `baihua.nn.vae.VariationalLoss`, after `fit`.
        log_: the log of `baihua.training.fit.fit`.

    Raises:
        InvalidValue: for an unknown latent, or a width or concentration that makes none.

    Example:
        >>> images = np.random.default_rng(0).random((20, 4, 4))
        >>> small = AutoencoderSettings(steps=5, hidden_size=8)
        >>> model = VariationalAutoencoder(width=3, concentration=10, settings=small).fit(images)
        >>> model.sample(2).shape, round(model.evaluate(images).divergence, 4)
        ((2, 4, 4), 1.9957)
    """

    def __init__(
        self,
        latent: str = "von_mises_fisher",
        width: int = 16,
        concentration: float | None = 20.0,
        *,
        settings: AutoencoderSettings | None = None,
    ) -> None:
        self.latent = check_choice("latent", latent, LATENTS)
        least = 1 if latent.startswith("gaussian") else 2
        if not isinstance(width, int) or width < least:
            raise InvalidValue(
                zh=f"{latent} 的 width 应是不小于 {least} 的整数，收到 {width!r}。",
                en=f"width of {latent} must be a whole number of at least {least}, but received {width!r}.",
            )
        if concentration is not None and not 0 < concentration < math.inf:
            raise InvalidValue(
                zh=f"集中度 concentration 应大于 0（None 表示学出来），收到 {concentration}。",
                en=f"concentration must be above 0, or None to learn it, but received {concentration}.",
            )
        self.width = width
        self.concentration = concentration
        self.settings = settings if settings is not None else AutoencoderSettings()
        self.loss_: VariationalLoss
        self.log_: list[dict[str, float]]
        self._rows: Any = None

    def fit(self, x: Any, *, folder: str | Path | None = None, show_progress: bool | None = None) -> Self:
        """Train on texts or images; what was learned before is forgotten.

        Args:
            x: a sequence of texts, or an array of images of shape ``(num, height, width)`` with pixels from 0 to 1.
            folder: where the log and checkpoints of the training go; one broken off there is gone on with.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            The model itself.

        Raises:
            InvalidType: for what is neither.
            InvalidValue: for fewer than two items, texts without a token, or images of another shape or range.
        """
        rows = KINDS[kind_of(x)].fit(x, self.settings)
        data = rows.rows(x)
        _check_enough(rows, data)
        with seeded(self.settings.seed):
            loss = self._new_loss(rows)
            schedule = Schedule(steps=self.settings.steps)
            settings = FitSettings(schedule, learning_rate=self.settings.learning_rate)
            size = min(self.settings.batch_size, len(data))

            def batches(start: int) -> Iterator[Tensor]:
                places = shuffled_places(len(data), size, self.settings.seed, start)
                return (data[torch.from_numpy(some)] for some in places)

            log = fit(loss, batches, settings, folder=folder, show_progress=show_progress)
        self.loss_, self.log_, self._rows = loss.eval(), log, rows
        return self

    def rows(self, x: Any) -> Tensor:
        """Return texts or images as `loss_` takes them: token numbers or pixels, one row each."""
        self._fitted()
        found: Tensor = self._rows.rows(x)
        return found

    def encode(self, x: Any) -> np.ndarray:
        """Return the code of each item, the likeliest of its posterior; float32, shape ``(num, width)``."""
        return self._codes(x).numpy(force=True)

    def decode(self, codes: Any, *, temperature: float = 0.0, seed: int = 0) -> Any:
        """Return the texts or images of some codes.

        Args:
            codes: shape ``(num, width)``; of length 1 on the sphere.
            temperature: of the tokens of a text: 0 takes the likeliest, 1 draws from the model's probabilities.
            seed: of those draws.

        Returns:
            A list of texts, or an array of images ``(num, height, width)``.

        Raises:
            InvalidValue: for another shape, NaN or a negative temperature.
        """
        loss = self._fitted()
        found = torch.as_tensor(np.asarray(codes), dtype=torch.float32)
        finite = bool(torch.isfinite(found).all()) and 0 <= temperature < math.inf
        if found.ndim != 2 or found.shape[1] != self.width or not finite:
            raise InvalidValue(
                zh=f"编码的形状应为（个数, {self.width}），没有 NaN，temperature 不小于 0；收到 {tuple(found.shape)}，"
                f"temperature={temperature}。",
                en=f"Codes must be finite and have the shape (num, {self.width}), and temperature be 0 or more; received "
                f"{tuple(found.shape)}, temperature={temperature}.",
            )
        with torch.no_grad(), seeded(seed):
            return self._rows.items(loss.decoder, found.to(loss.num_batches.device), temperature)

    def reconstruct(self, x: Any) -> Any:
        """Return what the codes of some texts or images are decoded to."""
        return self.decode(self.encode(x))

    def sample(self, num: int, *, temperature: float = 0.0, seed: int = 0) -> Any:
        """Return new texts or images, of codes drawn from the prior.

        Args:
            num: how many.
            temperature: as for `decode`.
            seed: the same one gives the same.
        """
        loss = self._fitted()
        if num < 0:
            raise InvalidValue(zh=f"num 应不小于 0，收到 {num}。", en=f"num must be 0 or more, but received {num}.")
        with torch.no_grad(), seeded(seed):
            codes = loss.latent.prior_sample(num)
        return self.decode(codes.numpy(force=True), temperature=temperature, seed=seed)

    def interpolate(self, first: Any, second: Any, steps: int = 7) -> Any:
        """Go from one text or image to another: along the great circle of their codes, or a straight line for Gaussians.

        Args:
            first: one text, or one image ``(height, width)``.
            second: another.
            steps: how many to return, at least 2, evenly spaced; the ends are what both are reconstructed to.

        Returns:
            A list of texts, or an array of images ``(steps, height, width)``.
        """
        if not isinstance(steps, int) or steps < 2:
            raise InvalidValue(
                zh=f"steps 含两端，至少为 2，收到 {steps!r}。",
                en=f"steps counts both ends and must be at least 2, but received {steps!r}.",
            )
        self._fitted()
        as_one = (lambda item: [item]) if self._rows.kind == "text" else (lambda item: np.asarray(item)[None])
        start, end = (self._codes(as_one(item))[0].double().cpu() for item in (first, second))  # each (width,)
        between = torch.arange(1, steps - 1, dtype=torch.float64) / (steps - 1)
        straight = self.latent.startswith("gaussian")
        path = start + between.unsqueeze(1) * (end - start) if straight else slerp(start, end, between)
        return self.decode(torch.cat([start[None], path, end[None]]).numpy())

    def evaluate(self, x: Any, *, num_samples: int = 0, seed: int = 0) -> Evaluation:
        """Measure how well the model fits some texts or images.

        Args:
            x: as for `fit`.
            num_samples: draws of each item for the log-likelihood by importance sampling; 0 to leave it out.
            seed: of the codes drawn.

        Raises:
            InvalidValue: for no item.
        """
        loss, rows = self._fitted(), self.rows(x)
        return evaluate_rows(loss, rows, self._rows.num_tokens(rows), num_samples=num_samples, seed=seed)

    def save(self, folder: str | Path) -> Path:
        """Save the model as a folder and return it.

        Raises:
            FileProblem: when it cannot be written, or the folder holds something else.
        """
        weights = self._fitted().state_dict()
        facts = {"latent": self.latent, "width": self.width, "concentration": self.concentration}
        facts |= {"settings": asdict(self.settings), "data": self._rows.kind, "rows": self._rows.facts}
        write_autoencoder(folder, facts, weights, getattr(self._rows, "tokenizer_json", None))
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> Self:
        """Load what `save` saved.

        Args:
            folder: the folder.
            device: such as ``"cpu"``; None for the GPU when there is one.

        Raises:
            FileProblem: when it is missing or no such folder.
            InvalidValue: when it is damaged.
        """
        facts, weights, tokenizer_json = read_autoencoder(folder)
        try:
            settings = AutoencoderSettings(**facts["settings"])
            model = cls(facts["latent"], facts["width"], facts["concentration"], settings=settings)
            model._rows = KINDS[facts["data"]].from_facts(facts["rows"], tokenizer_json)
            with seeded(0):  # for the weights about to be replaced, so that nobody's stream is moved on
                model.loss_ = model._new_loss(model._rows)
            model.loss_.load_state_dict(weights)
        except Exception as error:  # tokenizers and torch raise what they like for what a file may hold
            raise damaged(folder, str(error)) from error
        model.log_ = []
        model.loss_.to(device or default_device()).eval()
        return model

    def _new_loss(self, rows: ImageRows | TextRows) -> VariationalLoss:
        encoder, decoder = rows.modules(self.width, self.settings)
        return VariationalLoss(
            encoder,
            make_latent(self.latent, encoder.num_features, self.width, self.concentration),
            decoder,
            weight=self.settings.weight,
            free_nats=self.settings.free_nats,
            annealing_batches=self.settings.annealing_batches,
        )

    def _codes(self, x: Any) -> Tensor:
        loss = self._fitted()
        with torch.no_grad():
            parts = [loss.posterior(part).mode for part in self.rows(x).split(ROWS_AT_ONCE) if len(part)]
        return torch.cat(parts) if parts else torch.empty(0, self.width)

    def _fitted(self) -> VariationalLoss:
        if self._rows is None:
            raise NotFitted(
                zh="这个 VariationalAutoencoder 还没有拟合，请先调用 fit(x)。",
                en="This VariationalAutoencoder is not fitted yet. Call fit(x) first.",
            )
        return self.loss_


def kind_of(x: Any) -> str:
    """Return ``"image"`` for an array, tensor or list of arrays of numbers, else ``"text"``."""
    first = x[0] if isinstance(x, list | tuple) and len(x) else x
    if isinstance(first, Tensor) or (isinstance(first, np.ndarray) and first.dtype.kind in "fiub"):
        return "image"
    return "image" if isinstance(first, list | tuple) and first is not x else "text"


def _check_enough(rows: ImageRows | TextRows, data: Tensor) -> None:
    if len(data) < 2:
        raise InvalidValue(
            zh=f"拟合至少需要 2 条，收到 {len(data)} 条；请给出更多文本或图片。",
            en=f"fit needs at least 2 texts or images, but received {len(data)}. Give it more.",
        )
    if isinstance(rows, TextRows) and not rows.kept:
        raise InvalidValue(
            zh=f"收到的 {len(data)} 条文本里没有一个可用的词元；请检查它们是不是空的。",
            en=f"The {len(data)} texts hold no token at all. Check that they are not empty.",
        )
