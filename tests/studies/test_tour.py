"""The tour's examples are whole and consistent, its measures are right, and it runs."""

import sys
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

import baihua.encoders
from baihua.language import set_language
from baihua.maths.whitening import Whitening
from baihua.studies.tour import Query, Sentence, load_documents, load_queries, load_sentences, run_tour
from baihua.studies.tour.entities import load_marked
from baihua.studies.tour.library import UNRELATED
from baihua.studies.tour.scores import (
    difference_interval,
    pair_cosines,
    rank_answers,
    reciprocal_ranks,
    separation,
)
from baihua.studies.tour.tour import plot_part
from baihua.studies.tour.vectors import SETTINGS, Vectors, embed_tour, fit_setting
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.other_half import cut_documents, unit_rows
from baihua.text.entity_check import check_entities, count_problems

DOMAINS = {"手机数码", "电商购物", "银行支付", "外卖餐饮", "出行交通", "医疗健康", "家居生活", "学习工作"}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def _english():
    set_language("en")
    yield
    set_language(None)


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour")
    return folder, run_tour(folder)


def test_ids_and_texts_are_unique():
    everything = [*load_sentences(), *load_queries(), *load_documents()]
    assert len({item.id for item in everything}) == len(everything)
    assert len({item.text for item in everything}) == len(everything)


def test_sizes_and_lengths():
    sentences, queries, documents = load_sentences(), load_queries(), load_documents()
    assert len(sentences) >= 320
    assert len(queries) >= 40
    assert len(documents) >= 40
    assert all(6 <= len(item.text) <= 60 for item in [*sentences, *queries])
    assert all(60 <= len(item.text) <= 200 for item in documents)
    assert all(item.text == item.text.strip() for item in [*sentences, *queries, *documents])


@pytest.mark.parametrize("load", [load_sentences, load_queries, load_documents])
def test_every_domain_is_there(load):
    counts = Counter(item.domain for item in load())
    assert set(counts) == DOMAINS
    assert max(counts.values()) < 1.5 * min(counts.values())


def test_groups_and_contrasts():
    sentences = load_sentences()
    groups = Counter(sentence.group for sentence in sentences if sentence.group)
    contrasts = Counter(sentence.contrast for sentence in sentences if sentence.contrast)
    assert len(groups) > 100
    assert set(groups.values()) == {2, 3}
    assert len(contrasts) > 30
    assert min(contrasts.values()) >= 2
    assert any(sentence.group is None and sentence.contrast is None for sentence in sentences)
    domains = {sentence.group: sentence.domain for sentence in sentences}
    assert all(domains[sentence.group] == sentence.domain for sentence in sentences if sentence.group)


def test_sentences_of_a_contrast_mean_different_things_and_look_alike():
    sentences = [sentence for sentence in load_sentences() if sentence.contrast]
    for number, first in enumerate(sentences):
        for second in sentences[number + 1 :]:
            if first.contrast == second.contrast:
                assert first.group is None or first.group != second.group
                shared = (Counter(first.text) & Counter(second.text)).total()
                assert shared >= 0.5 * min(len(first.text), len(second.text))


def test_answers_of_a_query_are_a_whole_group_of_its_domain():
    sentences = {sentence.id: sentence for sentence in load_sentences()}
    for query in load_queries():
        answers = [sentences[name] for name in query.answers]
        assert answers
        assert {answer.domain for answer in answers} == {query.domain}
        (group,) = {answer.group for answer in answers}
        if group is None:
            assert len(answers) == 1
        else:
            assert {answer.id for answer in answers} == {
                sentence.id for sentence in sentences.values() if sentence.group == group
            }


def test_no_query_is_a_copy_of_its_answer():
    texts = {sentence.id: _letters(sentence.text) for sentence in load_sentences()}
    for query in load_queries():
        asked = _letters(query.text)
        assert not any(asked in texts[name] or texts[name] in asked for name in query.answers)


def test_bundled_tokenizer_knows_all_but_emoji():
    path = Path(baihua.encoders.__file__).parent / "bundled" / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    for item in [*load_sentences(), *load_queries(), *load_documents()]:
        encoding = tokenizer.encode(item.text)
        unknown = [
            item.text[slice(*span)]
            for token, span in zip(encoding.tokens, encoding.offsets, strict=True)
            if token == "[UNK]"
        ]
        assert all(unicodedata.category(character) == "So" for word in unknown for character in word)


def test_reciprocal_ranks_by_hand():
    sentences = [Sentence(name, "家", name) for name in "abc"]
    queries = [Query("q1", "家", "一", ("a",)), Query("q2", "家", "二", ("a", "b"))]
    vectors = unit_rows(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]))
    order = rank_answers(np.array([[0.6, 0.8], [0.0, 1.0]]), vectors)
    assert order.tolist() == [[1, 2, 0], [2, 1, 0]]
    assert reciprocal_ranks(order, queries, sentences).tolist() == [1 / 3, 1 / 2]


def test_answer_below_the_tenth_place_counts_as_not_found():
    sentences = [Sentence(str(number), "家", str(number)) for number in range(12)]
    queries = [Query("q", "家", "一", ("10",)), Query("p", "家", "二", ("9",))]
    order = np.tile(np.arange(12), (2, 1))
    assert reciprocal_ranks(order, queries, sentences).tolist() == [0.0, 0.1]


def test_pairs_by_hand():
    sentences = [
        Sentence("a", "家", "怎么开灯", group="on", contrast="light"),
        Sentence("b", "家", "灯如何打开", group="on"),
        Sentence("c", "家", "怎么关灯", contrast="light"),
        Sentence("d", "家", "下雨了"),
    ]
    cosines = pair_cosines(unit_rows(np.array([[1.0, 0], [0.6, 0.8], [0.8, 0.6], [0, 1.0]])), sentences)
    np.testing.assert_allclose(cosines.same, [0.6])
    np.testing.assert_allclose(cosines.contrast, [0.8])
    np.testing.assert_allclose(sorted(cosines.other), [0.0, 0.6, 0.8, 0.96])
    assert separation(cosines.same, cosines.contrast) == 0.0


def test_difference_interval_holds_its_mean_and_turns_over_with_the_order():
    rng = np.random.default_rng(0)
    before, after = rng.random(50), rng.random(50)
    mean, low, high = difference_interval(before, after)
    assert low < mean < high
    np.testing.assert_allclose(difference_interval(after, before), [-mean, -high, -low], atol=1e-12)


def test_whitened_vectors_are_those_of_the_embedder():
    queries = [query.text for query in load_queries()]
    vectors = embed_tour("static")
    embedder = SentenceEmbedder("static")
    np.testing.assert_allclose(vectors["raw"].queries, embedder.encode(queries), atol=1e-6)
    halves = cut_documents([document.text for document in load_documents()])
    texts = [*(sentence.text for sentence in load_sentences()), *queries, *halves.firsts, *halves.seconds]
    embedder.whitening = Whitening(64).fit(embedder.encode(texts, normalize=False))
    np.testing.assert_allclose(vectors["n_components=64"].queries, embedder.encode(queries), atol=1e-4)


def test_full_whitening_keeps_only_directions_the_vectors_have():
    vectors = np.random.default_rng(0).normal(size=(50, 4)) @ np.diag([1.0, 2.0, 3.0, 0.0])
    whitened = fit_setting(vectors, {}).transform(vectors)
    np.testing.assert_allclose(np.cov(whitened, rowvar=False, ddof=0), np.eye(3), atol=1e-9)


def test_tour_has_its_parts_and_finite_numbers(tour):
    _, parts = tour
    assert len(parts) == 14
    assert all(part.title and part.lines for part in parts)
    for encoder, part in zip(("bundled", "static"), parts[1:3], strict=True):
        for setting in SETTINGS:
            for name in ("mrr_at_10", "top_1", "auc_same_above_other", "auc_same_above_contrast", "other_half_mrr"):
                assert 0 <= part.numbers[f"{encoder}/{setting}/{name}"] <= 1
            assert -1 <= part.numbers[f"{encoder}/{setting}/average_cosine"] <= 1
            low, high = (part.numbers[f"{encoder}/{setting}/other_half_{end}"] for end in ("low", "high"))
            assert low <= part.numbers[f"{encoder}/{setting}/other_half_mrr"] <= high
    assert all(np.isfinite(value) for part in parts for value in part.numbers.values())


def test_centroids_pass_for_digits_and_domains_differ(tour):
    _, parts = tour
    numbers = parts[-1].numbers
    assert numbers["centroid_w1"] < numbers["real_w1"]
    assert numbers["p_of_domains"] <= 0.01


def test_whitening_takes_the_bunching_away(tour):
    _, parts = tour
    assert abs(parts[1].numbers["bundled/scaling=0.5/average_cosine"]) < 0.05
    assert parts[1].numbers["bundled/raw/average_cosine"] > 0.2
    assert abs(parts[4].numbers["mean_after"]) < abs(parts[4].numbers["mean_before"])


def test_table_says_the_numbers_it_carries(tour):
    _, parts = tour
    row = next(line for line in parts[1].lines if line.startswith("raw"))
    assert f"{100 * parts[1].numbers['bundled/raw/mrr_at_10']:.1f}" in row


def test_right_answers_are_marked(tour):
    _, parts = tour
    right = {sentence.text for sentence in load_sentences() for query in load_queries() if sentence.id in query.answers}
    marked = [line[11:] for line in parts[0].lines if line.startswith("  * ")]
    assert marked
    assert set(marked) <= right


def test_picture_is_a_png(tour):
    folder, parts = tour
    picture = folder / "whitening.png"
    assert picture.read_bytes().startswith(PNG_SIGNATURE)
    assert picture.stat().st_size > 5000
    assert str(picture) in parts[4].lines[0]


def test_without_matplotlib_the_tour_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    unit = unit_rows(np.arange(1.0, 7.0).reshape(3, 2))
    vectors = Vectors(unit, unit, unit, unit)
    part = plot_part(vectors, vectors, tmp_path / "whitening.png")
    assert "pip install 'baihua[plot]'" in part.lines[0]
    assert part.numbers["mean_before"] == part.numbers["mean_after"]
    assert list(tmp_path.iterdir()) == []


def test_tour_speaks_chinese_with_the_same_numbers(tour, tmp_path):
    set_language("zh")
    again = run_tour(tmp_path)
    assert [part.title for part in again] != [part.title for part in tour[1]]
    assert [part.numbers for part in again] == [part.numbers for part in tour[1]]


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def test_the_library_answers_and_says_where_it_cannot(tour):
    _, parts = tour
    search, dedupe = parts[6:8]
    assert 0.7 < search.numbers["mrr_at_10/keyword"] <= search.numbers["mrr_at_10/hybrid"]
    unrelated = search.lines.index(f"Query: {UNRELATED}")
    assert "no better than chance" in search.lines[unrelated + 3]
    removed = "\n".join(dedupe.lines)
    assert dedupe.numbers["removed"] == 5
    assert not any(f"  {text}  →" in removed for text in ("这个订单不能开发票", "新用户充1000送10"))


def test_training_spreads_the_vectors_and_keeps_the_answers(tour):
    _, parts = tour
    raw, numbers = parts[1].numbers, parts[5].numbers
    before = raw["bundled/raw/average_cosine"]
    assert numbers["simcse_average_cosine"] < before - 0.05
    assert numbers["simcse_mrr_at_10"] > raw["bundled/raw/mrr_at_10"] - 0.05


def test_the_sphere_shows_what_it_says(tour):
    _, parts = tour
    numbers = {name: value for part in parts for name, value in part.numbers.items()}
    assert numbers["rotation_error"] < 1e-15 < 1e-6 < numbers["textbook_error"]
    assert numbers["gaussian_divergence"] < 0.2 < 4 < numbers["von_mises_fisher_divergence"]


def _said(texts):
    """What each entity says, with its type."""
    return [
        (text[one.start : one.end], one.type)
        for text, mine in zip(texts.texts, texts.entities, strict=True)
        for one in mine
    ]


@pytest.mark.parametrize(("name", "num_texts", "num_entities"), [("marked", 30, 74), ("marked_held", 8, 22)])
def test_marked_sentences_are_marked_whole_and_soundly(name, num_texts, num_entities):
    """Offsets never cut into punctuation, what is marked once is marked wherever it stands, and always as the same type."""
    texts = load_marked(name)
    said = _said(texts)
    assert (len(texts.texts), len(said)) == (num_texts, num_entities)
    assert texts.types == ["人", "地点", "机构"]
    assert all(len(surface) >= 2 and surface == _letters(surface) for surface, _ in said)
    assert len(set(said)) == len({surface for surface, _ in said})
    for surface in {surface for surface, _ in said}:
        assert sum(text.count(surface) for text in texts.texts) == sum(surface == other for other, _ in said)
    assert [*count_problems(check_entities(texts))] == ["nested"]
    for text, mine in zip(texts.texts, texts.entities, strict=True):
        places = {one.start: one for one in mine if one.type == "地点"}
        for outer in [one for one in mine if one.type == "机构"]:
            assert places[outer.start].end < outer.end, text  # a place lies at the head of each institution


def test_held_sentences_know_nothing_of_those_learned():
    train, held = load_marked("marked"), load_marked("marked_held")
    assert not set(train.texts) & set(held.texts)
    learned = "\n".join(train.texts)
    assert not [surface for surface, _ in _said(held) if surface in learned]
    asked = "\n".join(held.texts)
    assert not [surface for surface, _ in _said(train) if surface in asked]


def test_entities_are_found_in_sentences_never_seen_nested_ones_too(tour):
    folder, parts = tour
    part, held = parts[8], load_marked("marked_held")
    texts, found = zip(*part.marked, strict=True)
    assert [*texts] == held.texts
    right = sum(len(set(mine) & set(wanted)) for mine, wanted in zip(found, held.entities, strict=True))
    f1 = 2 * right / (sum(map(len, found)) + sum(map(len, held.entities)))
    assert part.numbers["entity_f1"] == pytest.approx(f1)
    assert f1 > 0.8
    assert f"F1 {100 * f1:.0f} over 22 entities" in part.lines[0]
    assert any(one.end < other.end for mine in found for one in mine for other in mine if one.start == other.start)
    page = (folder / "entities.html").read_text(encoding="utf-8")
    assert str(folder / "entities.html") in part.lines[0]
    assert f"entities: {sum(map(len, found))}" in page
