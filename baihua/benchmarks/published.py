"""The article's own STS figures for the encoders anyone can load today, to stand beside what is measured here."""

SOURCE = "https://kexue.fm/archives/8321 (whitening fitted on all splits; which split was scored is not said)"
SIMCSE_SOURCE = (
    "https://kexue.fm/archives/8348 (trained on sentences of all splits; which split was scored is not said)"
)
_SETS = ("ATEC", "BQ", "LCQMC", "PAWSX", "STS-B")
_WHITENINGS = ("raw", "full", "256")

# Spearman x 100: per pooling one row for each of raw, full and 256 components, columns as in _SETS.
_BERT = {
    "cls": (
        (16.59, 29.35, 41.71, 15.15, 34.65),
        (20.61, 25.76, 48.92, 17.03, 61.19),
        (25.58, 34.66, 49.18, 15.98, 60.07),
    ),
    "pooler": (
        (9.46, 16.97, 28.42, 13.93, 21.66),
        (22.16, 18.97, 49.61, 16.08, 60.75),
        (25.13, 33.99, 49.59, 16.19, 60.13),
    ),
    "mean": (
        (20.79, 33.08, 59.22, 16.68, 57.48),
        (18.27, 22.58, 60.12, 18.37, 63.97),
        (28.98, 38.62, 62.00, 17.38, 68.27),
    ),
    "first_last_mean": (
        (24.51, 38.81, 64.75, 15.12, 61.66),
        (27.00, 32.29, 64.75, 17.80, 69.45),
        (27.91, 37.67, 65.65, 15.34, 69.37),
    ),
}
_ROBERTA = {
    "cls": (
        (24.61, 40.54, 70.55, 16.23, 66.91),
        (29.59, 28.95, 70.82, 17.99, 69.19),
        (29.49, 38.35, 68.84, 16.87, 71.16),
    ),
    "pooler": (
        (20.61, 31.14, 65.43, 15.71, 59.50),
        (28.91, 27.48, 70.62, 17.30, 70.77),
        (29.49, 38.46, 68.76, 17.01, 71.16),
    ),
    "mean": (
        (26.94, 40.71, 66.80, 16.08, 61.67),
        (29.94, 30.95, 68.00, 19.01, 66.19),
        (30.57, 39.89, 67.30, 16.79, 69.36),
    ),
    "first_last_mean": (
        (27.94, 43.09, 68.43, 15.02, 64.09),
        (28.33, 33.49, 67.86, 17.91, 69.74),
        (29.06, 38.83, 68.36, 15.26, 70.09),
    ),
}
_ENCODERS = {"bert-base-chinese": _BERT, "chinese-roberta-wwm-ext": _ROBERTA}

# Spearman x 100 after SimCSE, unwhitened, columns as in _SETS.
_SIMCSE = {
    "bert-base-chinese": {
        "cls": (33.14, 50.67, 69.99, 12.95, 69.04),
        "pooler": (25.18, 41.19, 56.45, 12.46, 57.63),
        "mean": (32.89, 49.58, 71.83, 14.47, 70.08),
        "first_last_mean": (31.96, 48.40, 71.49, 16.01, 70.03),
    },
    "chinese-roberta-wwm-ext": {
        "cls": (32.23, 50.61, 74.22, 12.25, 71.13),
        "pooler": (20.07, 39.92, 62.65, 12.00, 61.49),
        "mean": (32.66, 51.03, 73.15, 16.47, 70.14),
        "first_last_mean": (32.40, 49.78, 72.74, 16.39, 70.11),
    },
}


def published_spearman(encoder: str, pooling: str, whitening: str, dataset: str) -> float | None:
    """Return the article's figure for an encoder, as a fraction, or None where it has none.

    Args:
        encoder: a Hugging Face name or a folder of that name; only its last part counts.
        pooling: ``"cls"``, ``"pooler"``, ``"mean"`` or ``"first_last_mean"`` (the article's P1 to P4).
        whitening: ``"raw"``, ``"full"`` or ``"256"``.
        dataset: one of the five STS sets.

    Source:
        https://kexue.fm/archives/8321.

    Example:
        >>> published_spearman("google-bert/bert-base-chinese", "first_last_mean", "full", "STS-B")
        0.6945
    """
    rows = _ENCODERS.get(_last_part(encoder), {}).get(pooling)
    if rows is None or whitening not in _WHITENINGS or dataset not in _SETS:
        return None
    return round(rows[_WHITENINGS.index(whitening)][_SETS.index(dataset)] / 100, 6)


def published_simcse(encoder: str, pooling: str, dataset: str) -> float | None:
    """Return the article's figure after SimCSE for an encoder, as a fraction, or None where it has none.

    Args:
        encoder: as for `published_spearman`.
        pooling: as there, of training and scoring alike.
        dataset: one of the five STS sets.

    Source:
        https://kexue.fm/archives/8348.

    Example:
        >>> published_simcse("google-bert/bert-base-chinese", "cls", "BQ")
        0.5067
    """
    row = _SIMCSE.get(_last_part(encoder), {}).get(pooling)
    return None if row is None or dataset not in _SETS else round(row[_SETS.index(dataset)] / 100, 6)


def _last_part(encoder: str) -> str:
    return encoder.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
