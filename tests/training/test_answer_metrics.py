"""Scores of answers against the definition written out at length, on worked examples, and on CMRC 2018 itself."""

import json
import os
import random
import time
import zipfile
from pathlib import Path

import pytest

from baihua.checks import InvalidType, InvalidValue
from baihua.language import set_language
from baihua.text.treebank_words import treebank_words
from baihua.training.answer_metrics import AnswerScore, normalised, score_answers, segments

MARKS = [
    "-",
    ":",
    "_",
    "*",
    "^",
    "/",
    "\\",
    "~",
    "`",
    "+",
    "=",
    "，",
    "。",
    "：",
    "？",
    "！",
    "“",
    "”",
    "；",
    "’",
    "《",
    "》",
]
MARKS += ["……", "·", "、", "「", "」", "（", "）", "－", "～", "『", "』"]  # fmt: skip


def words_of(run):
    """NLTK's words where it is installed; ours, which are tested against them, where it is not."""
    try:
        from nltk.tokenize import word_tokenize
    except ImportError:
        return treebank_words(run)
    return word_tokenize(run, preserve_line=True)


def segments_at_length(text):
    found, run = [], ""
    for character in text.lower().strip():
        if character in MARKS:
            continue
        if "\u4e00" <= character <= "\u9fa5":
            found += words_of(run)
            found.append(character)
            run = ""
        else:
            run += character
    return found + words_of(run)


def longest_common_run(one, other):
    longest, above = 0, [0] * (len(other) + 1)
    for mine in one:
        row = [0] * (len(other) + 1)
        for place, theirs in enumerate(other):
            row[place + 1] = above[place] + 1 if mine == theirs else 0
        longest, above = max(longest, *row), row
    return longest


def f1_at_length(answer, references):
    scores = []
    for reference in references:
        mine, right = segments_at_length(answer), segments_at_length(reference)
        common = longest_common_run(mine, right)
        if common == 0:
            scores.append(0)
            continue
        precision, recall = common / len(mine), common / len(right)
        scores.append(2 * precision * recall / (precision + recall))
    return max(scores)


def exact_at_length(answer, references):
    def left(text):
        return "".join(character for character in text.lower().strip() if character not in MARKS)

    return any(left(answer) == left(reference) for reference in references)


PARTS = [
    *"的是在一北京大学",
    *"的是在一",
    *"，。、《》…·（）—-+/ ",
    "U.S.",
    "isn't",
    "3.5",
    "1,000",
    "NBA ",
    '"',
    "'",
    "%",
    "km",
    "…",
    "龦",
]


@pytest.mark.parametrize("seed", range(20))
def test_every_score_is_the_definition_written_out(seed):
    rng = random.Random(seed)
    references, predicted = {}, {}
    for number in range(60):
        right = ["".join(rng.choices(PARTS, k=rng.randrange(12))) for _ in range(rng.randint(1, 4))]
        near = rng.choice(right)
        cut = rng.randrange(len(near) + 1)
        answer = rng.choice([near, near[cut:], near[:cut] + "的" + near[cut:], "".join(rng.choices(PARTS, k=8))])
        references[str(number)], predicted[str(number)] = right, answer
    scores = score_answers(predicted, references)
    for question, score in scores.questions.items():
        answer, right = predicted[question], references[question]
        assert segments(answer) == segments_at_length(answer)
        assert score.f1 == pytest.approx(f1_at_length(answer, right), abs=1e-15), (answer, right)
        assert score.exact_match == exact_at_length(answer, right), (answer, right)
    assert scores.exact_match == pytest.approx(sum(score.exact_match for score in scores.questions.values()) / 60)
    assert scores.f1 == pytest.approx(sum(score.f1 for score in scores.questions.values()) / 60)


def test_a_worked_example():
    """ "在北京大学读书" for "北京大学": 4 segments in common of 7 and 4, P = 4/7, R = 1, F1 = 8/11."""
    scores = score_answers(
        {"a": "在北京大学读书", "b": "《北京大学》。", "c": "南开大学", "d": "北大"},
        {"a": ["北京大学"], "b": ["北京大学"], "c": ["南京", "北京大学"], "d": ["北京大学"], "e": ["北京大学"]},
    )
    f1 = {question: score.f1 for question, score in scores.questions.items()}
    assert f1 == pytest.approx(
        {"a": 8 / 11, "b": 1, "c": 1 / 2, "d": 1 / 3, "e": 0}
    )  # "d": a run of 1, not a sequence of 2
    assert [question for question, score in scores.questions.items() if score.exact_match] == ["b"]
    assert scores.questions["e"] == AnswerScore(exact_match=False, f1=0, answered=False)
    assert scores.exact_match == 1 / 5
    assert scores.f1 == pytest.approx((8 / 11 + 1 + 1 / 2 + 1 / 3) / 5)
    assert scores.average == pytest.approx((scores.exact_match + scores.f1) / 2)
    assert (scores.num, scores.num_exact, scores.num_unanswered, scores.num_extra) == (5, 1, 1, 0)


def test_the_best_reference_counts_for_each_measure():
    [score] = score_answers({"a": "1994年"}, {"a": ["1994年4月8日", "1994年。"]}).questions.values()
    assert score == AnswerScore(exact_match=True, f1=1.0)


def test_words_of_latin_text_are_segments():
    assert segments("the U.S.A.的NBA球员isn't") == ["the", "u.s.a", ".", "的", "nba", "球", "员", "is", "n't"]
    assert segments("a-b 3，5") == ["ab", "35"]  # a mark that is dropped does not part what stands beside it
    [score] = score_answers({"a": "3.5公里"}, {"a": ["3.8公里"]}).questions.values()
    assert score.f1 == pytest.approx(2 / 3)


def test_what_is_dropped_and_what_stays():
    assert normalised(" 《A》（B）：“C”，D-E/F——G ") == "abcdef——g"
    assert normalised("，") == ""
    assert normalised("甲……乙") == "甲……乙"  # the sign of two characters on the list never matches one
    assert normalised("甲, 乙.") == "甲, 乙."


def test_nothing_equals_nothing_but_shares_nothing_with_it():
    scores = score_answers({"a": "。", "b": ""}, {"a": ["，"], "b": ["甲"]})
    assert list(scores.questions.values()) == [AnswerScore(True, 0.0), AnswerScore(False, 0.0)]
    assert scores.num_unanswered == 0


def test_answers_to_other_questions_do_not_count():
    scores = score_answers({"a": "甲", "x": "乙", "y": "丙"}, {"a": ["甲"]})
    assert (scores.exact_match, scores.f1, scores.num, scores.num_extra) == (1, 1, 1, 2)


def test_the_totals_can_be_written_as_json():
    plain = score_answers({"a": "甲"}, {"a": ["甲"], "b": ["乙"]}).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain == {
        "exact_match": 0.5,
        "f1": 0.5,
        "average": 0.5,
        "exact": 1,
        "questions": 2,
        "unanswered": 1,
        "extra": 0,
    }


@pytest.fixture(scope="module")
def real_references():
    if "BAIHUA_DATA" not in os.environ:
        pytest.skip("needs the public sets in BAIHUA_DATA")
    with zipfile.ZipFile(Path(os.environ["BAIHUA_DATA"]) / "cmrc2018_public.zip") as archive:
        articles = json.loads(archive.read("cmrc2018/dev.json"))["data"]
    questions = [question for article in articles for part in article["paragraphs"] for question in part["qas"]]
    return {question["id"]: [answer["text"] for answer in question["answers"]] for question in questions}


@pytest.mark.data
def test_real_answers_score_as_the_definition_and_fast(real_references):
    rng = random.Random(0)
    predicted = {}
    for question, right in real_references.items():
        first = rng.choice(right)
        cut = rng.randrange(min(len(first), 4))
        predicted[question] = rng.choice([first, first[cut:], first + "，他", "在" + first, right[0][: cut + 1]])
    started = time.perf_counter()
    scores = score_answers(predicted, real_references)
    assert time.perf_counter() - started < 2
    assert scores.num == 3219
    for question in rng.sample(sorted(real_references), 400):
        answer, right = predicted[question], real_references[question]
        assert scores.questions[question].f1 == pytest.approx(f1_at_length(answer, right), abs=1e-15), (answer, right)
        assert scores.questions[question].exact_match == exact_at_length(answer, right)


@pytest.mark.data
def test_each_real_reference_is_an_exact_match(real_references):
    for place in range(3):
        scores = score_answers({key: right[place] for key, right in real_references.items()}, real_references)
        assert (scores.exact_match, scores.f1) == (1, 1)


def test_mistakes_are_said():
    with pytest.raises(InvalidValue, match="There is no question to score"):
        score_answers({"a": "甲"}, {})
    with pytest.raises(InvalidValue, match="Question 'b' has no reference"):
        score_answers({"a": "甲"}, {"a": ["甲"], "b": []})
    with pytest.raises(
        InvalidType, match=r"references\['a'\] must be a sequence of strings, but received a single string"
    ):
        score_answers({"a": "甲"}, {"a": "甲"})
    with pytest.raises(InvalidType, match="Item 1 of predicted is not a string but NoneType"):
        score_answers({"a": "甲", "b": None}, {"a": ["甲"]})
    set_language("zh")
    with pytest.raises(InvalidValue, match="问题 'b' 没有参考答案"):
        score_answers({}, {"b": []})
