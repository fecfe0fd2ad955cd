"""Reading the pairs, Spearman's correlation, and the scores of a small real encoder against independent oracles."""

import hashlib
import json
import math
import os
import warnings

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import paired_cosine_distances

from baihua.benchmarks.agreement import pair_cosines
from baihua.benchmarks.published import published_spearman
from baihua.benchmarks.sts import default_components, evaluate_sts, read_pairs, spearman, sts_table
from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.protocol import Encoder
from baihua.language import set_language
from baihua.results import Result

CHARACTERS = "天气真好今明后雨雪晴阴冷热快递到没取退换货款花呗借还手机充电屏幕"
WIDTH = 12


class CharacterEncoder:
    """A small honest encoder: fixed random vectors for characters, averaged or maximised, after an affine map."""

    name = "characters"
    pooling = "mean"
    poolings = ("mean", "max")
    width = WIDTH
    max_length = 64

    def __init__(self, matrix=None, shift=0.0):
        rng = np.random.default_rng(3)
        self.table = {character: rng.normal(size=WIDTH) * np.geomspace(3, 0.3, WIDTH) + 2 for character in CHARACTERS}
        self.matrix = np.eye(WIDTH) if matrix is None else matrix
        self.shift = shift
        self.seen = []

    def fingerprint(self):
        return hashlib.sha256(self.matrix.tobytes()).hexdigest()

    def encode(self, texts, *, show_progress=None):
        return self.encode_poolings(texts, [self.pooling])[self.pooling]

    def encode_poolings(self, texts, poolings, *, show_progress=None):
        self.seen.extend(texts)
        characters = [np.array([self.table[character] for character in text]) for text in texts]
        pooled = {"mean": [rows.mean(0) for rows in characters], "max": [rows.max(0) for rows in characters]}
        return {name: (np.array(pooled[name]) @ self.matrix + self.shift).astype(np.float32) for name in poolings}


def write_pairs(path, num_pairs, seed):
    """Write pairs whose label is how many characters the second sentence keeps of the first."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for _ in range(num_pairs):
        first = rng.choice(list(CHARACTERS), size=rng.integers(4, 9))
        second = first.copy()
        changed = rng.random(len(first)) < rng.random()
        second[changed] = rng.choice(list(CHARACTERS), size=changed.sum())
        lines.append(f"{''.join(first)}\t{''.join(second)}\t{5 - round(5 * changed.mean())}")
    lines += lines[: num_pairs // 5]  # repeats, as the real sets have
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A data folder with an STS-B of our own; each read of it warns that it is not the pinned one."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "sets"))
    write_pairs(tmp_path / "sets" / "STS-B" / "STS-B.valid.data", 150, seed=0)
    write_pairs(tmp_path / "sets" / "STS-B" / "STS-B.train.data", 200, seed=1)
    write_pairs(tmp_path / "sets" / "LCQMC" / "LCQMC.valid.data", 100, seed=2)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path / "sets"


def by_whitening(results):
    return {result.settings["whitening"]: result.mean for result in results}


def oracle(encoder, pairs, pooling="mean", n_components=None):
    """The score by scikit-learn and scipy alone; n_components 0 means raw."""
    vectors = encoder.encode_poolings([*pairs.first, *pairs.second], [pooling])[pooling].astype(np.float64)
    if n_components != 0:
        vectors = PCA(n_components, whiten=True, svd_solver="full").fit_transform(vectors)
    half = len(pairs.first)
    similarities = 1 - paired_cosine_distances(vectors[:half], vectors[half:])
    return spearmanr(np.round(similarities, 9), pairs.labels).statistic


# Reading


def test_lines_without_three_fields_are_skipped_and_counted(folder):
    path = folder / "BQ" / "BQ.valid.data"
    path.parent.mkdir()
    path.write_text(
        "\ufeff借款\t还款\t0\n只有两栏\t1\n\n花呗\t花呗怎么用\t1\na\tb\tc\t1\n换货\t退货\t0.5", encoding="utf-8"
    )
    pairs = read_pairs("bq")
    assert (pairs.first, pairs.second) == (["借款", "花呗", "换货"], ["还款", "花呗怎么用", "退货"])
    assert pairs.labels.tolist() == [0, 1, 0.5]
    assert (len(pairs), pairs.skipped, pairs.file) == (3, 3, "BQ.valid.data")
    assert pairs.revision == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("label", ["很像", "nan", "inf", ""])
def test_a_label_that_is_no_number_is_named_by_its_line(folder, label):
    (folder / "STS-B" / "STS-B.valid.data").write_text(f"一\t二\t1\n只有一栏\n三\t四\t{label}\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match="label on line 3 "):
        read_pairs("STS-B")


def test_files_without_pairs_or_of_another_encoding_are_refused(folder):
    path = folder / "STS-B" / "STS-B.valid.data"
    path.write_text("没有三栏\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"No line of .* has three fields"):
        read_pairs("STS-B")
    path.write_bytes("天气\t很好\t1\n".encode("gb18030"))
    with pytest.raises(InvalidValue, match="is not UTF-8"):
        read_pairs("STS-B")


def test_unknown_sets_splits_and_missing_files_are_said(folder):
    with pytest.raises(InvalidValue, match="Unknown name 'CLUENER'"):
        read_pairs("cluener")
    with pytest.raises(InvalidValue, match="Unknown split 'train'"):
        read_pairs("LCQMC", "train")
    with pytest.raises(FileProblem, match="baihua data download ATEC"):
        read_pairs("ATEC")


def test_thinning_spreads_over_the_file(folder):
    pairs = read_pairs("STS-B")
    thin = pairs.thin(5)
    assert len(thin) == len(thin.labels) == 5
    assert (thin.first[0], thin.first[-1]) == (pairs.first[0], pairs.first[-1])
    assert thin.revision == pairs.revision
    assert pairs.thin(None) is pairs.thin(10**6) is pairs
    with pytest.raises(InvalidValue, match="at least 2"):
        pairs.thin(1)


# Spearman


def test_spearman_is_scipys_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores, labels = rng.integers(0, 5, size=(2, 40))
        assert spearman(scores, labels) == pytest.approx(spearmanr(scores, labels).statistic, abs=1e-12)


def test_spearman_knows_only_order():
    scores, labels = np.random.default_rng(0).normal(size=(2, 30))
    assert spearman(np.exp(scores), labels**3) == pytest.approx(spearman(scores, labels), abs=1e-12)
    assert spearman(scores, -scores) == pytest.approx(-1)


@pytest.mark.parametrize(("language", "sentence"), [("en", "is NaN"), ("zh", "记为 NaN")])
def test_constant_scores_are_nan_with_a_warning(language, sentence):
    set_language(language)
    with pytest.warns(UserWarning, match=sentence):
        assert math.isnan(spearman([1, 1, 1], [0, 1, 2]))


def test_spearman_refuses_two_lengths():
    with pytest.raises(InvalidValue, match="of one length"):
        spearman([1, 2, 3], [1, 2])


def test_cosines_of_zero_and_of_equal_sentences():
    vectors = np.array([[0, 0], [1e-3, 1e-3], [0.3, 0.1], [0.3, 0.1 + 1e-8]], dtype=np.float32)
    assert pair_cosines(vectors, np.array([0, 1, 2, 2]), np.array([1, 1, 2, 3])).tolist() == [0, 1, 1, 1]


# Scores


def test_the_small_encoder_is_an_encoder():
    assert isinstance(CharacterEncoder(), Encoder)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_scores_are_those_of_scikit_learn_and_scipy(folder, pooling):
    encoder, pairs = CharacterEncoder(), read_pairs("STS-B")
    scores = by_whitening(evaluate_sts(encoder, ["stsb"], poolings=[pooling], n_components=["raw", "full", 5]))
    assert scores == {
        "raw": pytest.approx(oracle(encoder, pairs, pooling, 0), abs=1e-4),
        "full": pytest.approx(oracle(encoder, pairs, pooling, None), abs=1e-4),
        "5": pytest.approx(oracle(encoder, pairs, pooling, 5), abs=1e-4),
    }


def test_full_whitening_undoes_any_invertible_affine_map(folder):
    matrix = np.random.default_rng(5).normal(size=(WIDTH, WIDTH)) * np.geomspace(0.2, 4, WIDTH)
    plain = by_whitening(evaluate_sts(CharacterEncoder(), ["STS-B"], poolings=["mean"]))
    mapped = by_whitening(evaluate_sts(CharacterEncoder(matrix, shift=7.0), ["STS-B"], poolings=["mean"]))
    assert mapped["full"] == pytest.approx(plain["full"], abs=1e-3)
    assert abs(mapped["raw"] - plain["raw"]) > 0.02
    assert mapped["full"] > mapped["raw"]


def test_whitening_can_be_fitted_on_the_train_split(folder):
    encoder, pairs, train = CharacterEncoder(), read_pairs("STS-B"), read_pairs("STS-B", "train")
    [result] = evaluate_sts(encoder, ["STS-B"], poolings=["mean"], n_components=["full"], fit_on="train")
    fitted = PCA(whiten=True, svd_solver="full").fit(encoder.encode([*train.first, *train.second]).astype(np.float64))
    first, second = (fitted.transform(encoder.encode(side)) for side in (pairs.first, pairs.second))
    expected = spearmanr(-paired_cosine_distances(first, second).round(9), pairs.labels).statistic
    assert result.mean == pytest.approx(expected, abs=1e-4)
    assert result.data == {pairs.file: f"sha256:{pairs.revision}", train.file: f"sha256:{train.revision}"}
    assert result.settings["num_fit_sentences"] == 2 * len(train)
    assert result.command.endswith("--fit-on train")


def test_each_distinct_sentence_is_encoded_once(folder):
    encoder, pairs = CharacterEncoder(), read_pairs("STS-B")
    evaluate_sts(encoder, ["STS-B"])
    assert sorted(encoder.seen) == sorted({*pairs.first, *pairs.second})


def test_a_result_says_how_it_was_measured(folder):
    encoder, pairs = CharacterEncoder(), read_pairs("STS-B")
    encoder.name = "some/folder of mine"
    results = evaluate_sts(encoder, ["STS-B", "LCQMC"], max_pairs=60)
    assert len(results) == 2 * 2 * 3
    first = results[0]
    assert first.name == "sts/STS-B/valid/some_folder of mine/mean/raw"
    assert first.metric == "spearman"
    assert first.num_examples == 60
    assert first.data == {"STS-B.valid.data": f"sha256:{pairs.revision}"}
    assert first.settings["fingerprint"] == encoder.fingerprint()
    assert (first.settings["whitening"], first.settings["num_fit_sentences"]) == ("raw", None)
    assert results[1].settings["num_fit_sentences"] == 120
    assert first.command == "baihua evaluate sts STS-B --encoder 'some/folder of mine' --split valid --max-pairs 60"
    assert json.loads(first.to_json())["published"] is None


def test_the_rank_is_recorded_where_vectors_span_less_than_their_width(folder):
    flat = np.eye(WIDTH)
    flat[:, -1] = 0  # one direction less, as after layer normalisation
    raw, full, kept = evaluate_sts(CharacterEncoder(flat), ["STS-B"], poolings=["mean"])
    assert [result.settings["effective_rank"] for result in (raw, full, kept)] == [None, WIDTH - 1, WIDTH - 1]
    assert all(math.isfinite(result.mean) for result in (raw, full, kept))


def test_choices_that_cannot_be_are_refused(folder):
    encoder = CharacterEncoder()
    with pytest.raises(InvalidValue, match="Did you mean 'STS-B'"):
        evaluate_sts(encoder, ["sts-c"])
    with pytest.raises(InvalidValue, match="Unknown pooling 'cls'"):
        evaluate_sts(encoder, ["STS-B"], poolings=["cls"])
    with pytest.raises(InvalidValue, match="Unknown fit_on"):
        evaluate_sts(encoder, ["STS-B"], fit_on="all")
    with pytest.raises(InvalidValue, match="Unknown n_components 'half'"):
        evaluate_sts(encoder, ["STS-B"], n_components=["half"])
    with pytest.raises(InvalidValue, match="between 1 and the vectors' width 12"):
        evaluate_sts(encoder, ["STS-B"], n_components=[13])
    with pytest.raises(InvalidType, match="n_components must be a sequence"):
        evaluate_sts(encoder, ["STS-B"], n_components="full")
    with pytest.raises(InvalidType, match="single string"):
        evaluate_sts(encoder, "STS-B")


def test_the_default_keeps_what_the_article_keeps():
    assert [default_components(width) for width in (256, 312, 384, 768, 1024)] == [128, 128, 128, 256, 384]
    assert all(1 <= default_components(width) <= width for width in range(1, 2000))


# The table and the published figures


def test_the_table_holds_every_score_in_points(folder):
    results = evaluate_sts(CharacterEncoder(), ["LCQMC", "STS-B"], n_components=["full", 3, "raw", 6])
    rows = sts_table(results)
    assert [(row["encoder"], row["pooling"]) for row in rows] == [("characters", "mean"), ("characters", "max")]
    for row in rows:
        assert row["whitenings"] == ["raw", "full", "6", "3"]
        for dataset in ("LCQMC", "STS-B"):
            expected = {
                result.settings["whitening"]: 100 * result.mean
                for result in results
                if result.settings["pooling"] == row["pooling"] and result.name.startswith(f"sts/{dataset}/")
            }
            assert dict(zip(row["whitenings"], row[dataset], strict=True)) == expected
        assert row["mean"] == pytest.approx([np.mean(pair) for pair in zip(row["LCQMC"], row["STS-B"], strict=True)])


def test_the_table_has_no_mean_where_a_set_is_missing(folder):
    encoder = CharacterEncoder()
    results = evaluate_sts(encoder, ["STS-B"], poolings=["mean"]) + evaluate_sts(encoder, ["LCQMC"], poolings=["max"])
    for row in sts_table(results):
        assert row["mean"] == [None] * 3
        assert [None] * 3 in (row["STS-B"], row["LCQMC"])
    assert sts_table([]) == []


def test_the_spread_is_that_of_the_mean_over_seeds():
    facts = {"encoder": "toy", "pooling": "cls", "split": "valid", "fit_on": "target", "training": "simcse"}

    def row(bq, atec):
        found = [
            Result(
                f"sts/{name}/toy/{way}",
                "spearman",
                values,
                seeds=range(len(values)),
                settings=facts | {"whitening": way},
            )
            for name, ways in {"BQ": bq, "ATEC": atec}.items()
            for way, values in ways.items()
        ]
        return sts_table(found)[0]

    two = row({"raw": (0.2, 0.4), "full": (0.3,)}, {"raw": (0.4, 0.2), "full": (0.5,)})
    assert two["mean"] == pytest.approx([30.0, 40.0])
    assert two["spread"] == [pytest.approx(0.0, abs=1e-12), None]  # one set gains what the other loses
    same_way = row({"raw": (0.2, 0.4)}, {"raw": (0.2, 0.4)})
    assert same_way["spread"] == [pytest.approx(100 * np.std([0.2, 0.4], ddof=1))]
    assert row({"raw": (0.2, 0.4)}, {"raw": (0.2,)})["spread"] == [None]


def test_an_articles_figures_stand_under_the_row_they_belong_to(folder):
    encoder = CharacterEncoder()
    encoder.name = "google-bert/bert-base-chinese"
    measured, published = sts_table(
        evaluate_sts(encoder, ["STS-B"], poolings=["mean"], n_components=["raw", "full", 4])
    )
    assert published["encoder"] == f"{measured['encoder']} (published)"
    assert published["whitenings"] == ["raw", "full"]
    assert published["STS-B"] == pytest.approx([57.48, 63.97])
    assert measured["STS-B"] != published["STS-B"]


def test_published_figures_are_the_articles():
    assert published_spearman("hfl/chinese-roberta-wwm-ext", "cls", "raw", "LCQMC") == 0.7055
    assert published_spearman("/models/bert-base-chinese", "first_last_mean", "256", "BQ") == 0.3767
    assert published_spearman("bert-base-chinese", "max", "raw", "BQ") is None
    assert published_spearman("bundled", "mean", "raw", "BQ") is None


def test_published_figures_stand_beside_results_of_the_same_kind_only(folder):
    encoder = CharacterEncoder()
    encoder.name = "bert-base-chinese"
    raw, full, kept = evaluate_sts(encoder, ["STS-B"], poolings=["mean"])
    assert (raw.published, full.published, kept.published) == (0.5748, 0.6397, None)
    assert raw.source is not None
    assert "8321" in raw.source
    assert evaluate_sts(encoder, ["STS-B"], poolings=["mean"], max_pairs=50)[0].published is None


# The real sets


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
@pytest.mark.parametrize(
    ("name", "num_lines"), [("ATEC", 20000), ("BQ", 10000), ("LCQMC", 8802), ("PAWSX", 2000), ("STS-B", 1458)]
)
def test_the_real_sets_are_read_whole(monkeypatch, tmp_path, name, num_lines):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    pairs = read_pairs(name)
    assert len(pairs) + pairs.skipped == num_lines
    assert pairs.skipped == 0
    assert set(pairs.labels) == ({0, 1, 2, 3, 4, 5} if name == "STS-B" else {0, 1})
    assert all(pairs.first)
    assert all(pairs.second)
