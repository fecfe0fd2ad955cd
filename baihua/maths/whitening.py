"""Whitening: the linear map after which the vectors have mean 0 and covariance I, so that cosine means something."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from baihua.checks import InvalidValue
from baihua.maths.moments import Moments
from baihua.maths.principal_axes import PrincipalAxes, check_settings, find_axes
from baihua.maths.vectors import check_vectors, map_rows
from baihua.maths.whitening_file import read_whitening, write_whitening


class NotFitted(InvalidValue, NotFittedError):  # type: ignore[misc]
    """Something was asked of a `Whitening` that has seen no vectors yet."""


class Whitening(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Whiten vectors, and keep only the first ``n_components`` directions if asked to.

    Use it before cosine similarity on sentence vectors of an encoder that was not trained for similarity. With β for
    ``centering`` and γ for ``scaling``, and UΛUᵀ the covariance about βμ:

        transform(x) = (x − βμ) U Λ^(−γ/2),   the k directions of largest eigenvalue kept

    The result is not unit length; a cosine normalises it. Vectors come as numpy arrays of any real type or as torch
    tensors, and go back as the same kind (float32 for float32 and half precision, else float64). Sums are float64,
    about a shifted origin, so a large common mean costs no accuracy; `partial_fit` and `merge` equal one `fit`.

    Su Jianlin, "BERT-whitening", https://kexue.fm/archives/8069 and 9079; Su et al., arXiv 2103.15316.

    Args:
        n_components: how many directions to keep, or None for all.
        centering: β, how much of the mean to take away: 1 all, 0 none.
        scaling: γ, how far to even out the variances: 1 wholly, 0 not at all (a rotation, cosines unchanged).
        floor: directions whose variance is below this fraction of the largest are divided as if they had it. What
            lies below the level of rounding, which depends on the type of the vectors, comes out as 0 in any case.

    Attributes:
        n_features_in_: width of the vectors.
        fitted_on_: free text saved along, such as the fingerprint of the encoder the vectors came from.

    Example:
        >>> vectors = np.random.default_rng(0).normal(size=(100, 4)) * [100, 10, 1, 0.1] + 7
        >>> white = Whitening(n_components=3).fit_transform(vectors)
        >>> bool(np.allclose(np.cov(white.T, ddof=0), np.eye(3)))
        True
    """

    moments_: Moments
    fitted_on_: str | None
    _axes: PrincipalAxes | None

    def __init__(
        self,
        n_components: int | None = None,
        *,
        centering: float = 1.0,
        scaling: float = 1.0,
        floor: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.centering = centering
        self.scaling = scaling
        self.floor = floor

    def fit(self, X: Any, y: object = None) -> Self:
        """Learn from these vectors alone.

        Args:
            X: vectors, shape ``(num, width)``, at least 2, better several times ``width``.
            y: ignored, as in every scikit-learn transformer.

        Raises:
            InvalidValue: for NaN or infinity, fewer than 2 vectors, equal vectors, more components than columns.

        Warns:
            EmptyDirections: when more directions are kept than the vectors span.
        """
        self._check_settings()
        x = check_vectors(X)
        moments = Moments.of(x)
        axes = self._find_axes(moments)
        self._check_columns(X, reset=True)
        self.moments_, self._axes, self.fitted_on_ = moments, axes, None
        return self

    def partial_fit(self, X: Any, y: object = None) -> Self:
        """Learn from these vectors and all earlier ones; the directions are worked out when next needed.

        Args:
            X: vectors, shape ``(num, width)``; one is enough.
            y: ignored.

        Raises:
            InvalidValue: for NaN or infinity, or another width than before.
        """
        self._check_settings()
        first = not hasattr(self, "moments_")
        x = check_vectors(X) if first else self._check_width(X)
        moments = Moments.of(x)
        self._check_columns(X, reset=first)
        self.moments_ = moments if first else self.moments_.merge(moments)
        self.fitted_on_ = None if first else self.fitted_on_
        self._axes = None
        return self

    def merge(self, other: "Whitening") -> Self:
        """Add what another whitening has seen, as if this one had seen it; the other one is unchanged.

        Workers fit shards, one of them merges the rest. An unfitted one takes over what the other has seen, which
        also gives the same vectors another ``n_components``, ``centering`` or ``scaling`` without a new pass.

        Args:
            other: a fitted whitening of the same width; its settings do not matter.

        Raises:
            NotFitted: when the other one is not fitted.
            InvalidValue: when the widths differ, or the two were fitted on vectors of different encoders.
        """
        self._check_settings()
        theirs = other._fitted()
        if hasattr(self, "moments_"):
            known = {self.fitted_on_, other.fitted_on_} - {None}
            if len(known) > 1:
                raise InvalidValue(
                    zh=f"两个白化来自不同编码器的向量，不能合并：{self.fitted_on_!r} 与 {other.fitted_on_!r}。请用同一个编码器重新拟合。",
                    en="Cannot merge whitenings fitted on vectors of different encoders: "
                    f"{self.fitted_on_!r} and {other.fitted_on_!r}. Fit both with one encoder.",
                )
            self.moments_ = self.moments_.merge(theirs)
            self.fitted_on_ = self.fitted_on_ if self.fitted_on_ == other.fitted_on_ else None
        else:
            self.moments_, self.fitted_on_, self.n_features_in_ = theirs, other.fitted_on_, theirs.width
        self._axes = None
        return self

    def transform(self, X: Any) -> Any:
        """Whiten vectors.

        Args:
            X: vectors, shape ``(num, width)``.

        Returns:
            Array or tensor, as ``X`` was, shape ``(num, n_components)``, not unit length.

        Raises:
            NotFitted: before `fit`.
            InvalidValue: for NaN or infinity, or another width than in `fit`.
        """
        kernel = self._solved().kernel(self.scaling)
        x = self._check_width(X)
        self._check_columns(X, reset=False)
        origin = self.centering * self.mean_
        return map_rows(x, lambda rows: (rows - origin) @ kernel, kernel.shape[1])

    def inverse_transform(self, Z: Any) -> Any:
        """Return the vectors that `transform` maps to these; with fewer components, the nearest ones it can.

        Args:
            Z: whitened vectors, shape ``(num, n_components)``.

        Returns:
            Array or tensor, as ``Z`` was, shape ``(num, width)``.

        Raises:
            NotFitted: before `fit`.
            InvalidValue: for NaN or infinity, or another width than ``n_components``.
        """
        kernel = self._solved().kernel(-self.scaling)
        z = check_vectors(Z, "Z")
        if z.shape[1] != kernel.shape[1]:
            raise InvalidValue(
                zh=f"白化后的向量应有 {kernel.shape[1]} 维，收到 {z.shape[1]} 维。请传入 transform 的结果。",
                en=f"Whitened vectors have {kernel.shape[1]} numbers each, but received {z.shape[1]}. "
                "Pass what transform returned.",
            )
        origin = self.centering * self.mean_
        return map_rows(z, lambda rows: rows @ kernel.T + origin, len(kernel))

    def affine(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return ``(kernel, bias)`` with ``transform(x) == x @ kernel + bias``, for use as a dense layer.

        Returns:
            ``kernel``, shape ``(width, n_components)``, and ``bias``, shape ``(n_components,)``, both float64.

        Raises:
            NotFitted: before `fit`.
        """
        kernel = self._solved().kernel(self.scaling)
        return kernel, -self.centering * self.mean_ @ kernel

    def save(self, path: str | Path) -> None:
        """Write everything to one safetensors file; what is loaded from it transforms, merges and goes on fitting.

        Raises:
            NotFitted: before `fit`.
            FileProblem: when the file cannot be written.
        """
        axes = self._solved()
        write_whitening(path, {**self.get_params(), "fitted_on_": self.fitted_on_}, self.moments_, axes)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; the directions are those saved, not worked out anew.

        Raises:
            FileProblem: when the file is missing or unreadable.
            InvalidValue: when it holds something else.
        """
        settings, moments, axes = read_whitening(path)
        fitted_on = settings.pop("fitted_on_")
        whitening = cls(**settings)
        whitening.moments_, whitening._axes, whitening.fitted_on_ = moments, axes, fitted_on
        whitening.n_features_in_ = moments.width
        return whitening

    @property
    def mean_(self) -> NDArray[np.float64]:
        """The mean μ of the vectors, shape ``(width,)``."""
        return self._fitted().mean

    @property
    def n_samples_seen_(self) -> int:
        """How many vectors were seen."""
        return self._fitted().count

    @property
    def components_(self) -> NDArray[np.float64]:
        """The unit directions kept, one per row, shape ``(n_components, width)``."""
        return self._solved().directions.T

    @property
    def explained_variance_(self) -> NDArray[np.float64]:
        """The variance (over num, not num − 1) along each direction kept, shape ``(n_components,)``."""
        return self._solved().variances

    @property
    def explained_variance_ratio_(self) -> NDArray[np.float64]:
        """The variance along each direction kept, as a share of the whole."""
        axes = self._solved()
        return axes.variances / axes.total

    @property
    def effective_rank_(self) -> int:
        """How many directions have a variance that can be told from rounding."""
        return self._solved().rank

    @property
    def _n_features_out(self) -> int:
        return len(self.explained_variance_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _fitted(self) -> Moments:
        if not hasattr(self, "moments_"):
            raise NotFitted(
                zh="这个 Whitening 还没有拟合。请先调用 fit(向量)。",
                en="This Whitening is not fitted yet. Call fit(vectors) first.",
            )
        return self.moments_

    def _solved(self) -> PrincipalAxes:
        moments = self._fitted()
        if self._axes is None:
            self._axes = self._find_axes(moments)
        return self._axes

    def _find_axes(self, moments: Moments) -> PrincipalAxes:
        return find_axes(moments, self.n_components, self.centering, self.floor)

    def _check_settings(self) -> None:
        check_settings(self.n_components, self.centering, self.scaling, self.floor)

    def _check_width(self, X: Any) -> Any:
        x = check_vectors(X)
        width = self._fitted().width
        if x.shape[1] != width:
            raise InvalidValue(
                zh=f"向量应有 {width} 维（与拟合时相同），收到 {x.shape[1]} 维。拟合与变换要用同一个编码器。",
                en=f"X has {x.shape[1]} features, but {type(self).__name__} is expecting {width} features as input. "
                "Use the same encoder for fit and transform.",
            )
        return x

    def _check_columns(self, X: Any, reset: bool) -> None:
        """Leave scikit-learn's own record of a data frame's column names, and compare later ones with it."""
        try:
            validate_data(self, X, reset=reset, skip_check_array=True)
        except ValueError as error:
            raise InvalidValue(zh=f"列名与拟合时不同：{error}", en=str(error)) from error
