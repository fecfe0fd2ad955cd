import numpy as np
import pytest

from baihua import load_encoder
from baihua.checks import InvalidType, InvalidValue
from baihua.tasks.doctor import as_records, examine

TEXTS = ["怎么退款", "怎么退款？", "到哪了", "到哪了", "", "ＡＢＣ坏了", "锟斤拷", "看\u200b不见"]
LABELS = ["售后", "售后", "物流", "售后", "其他", "其他", "其他", ""]


def by_name(findings, where="train"):
    found = {finding.name: finding for finding in findings if finding.where == where}
    assert len(found) == sum(finding.where == where for finding in findings)
    return found


def test_each_finding_counts_what_it_says():
    found = by_name(examine(TEXTS, LABELS))
    counts = {name: finding.count for name, finding in found.items()}
    assert counts == {
        "empty": 1,
        "repeated": 1,
        "same_form": 1,
        "missing_labels": 1,
        "label_conflicts": 2,
        "label_spellings": 0,
        "full_width": 1,
        "replacement": 0,
        "mojibake": 1,
        "control": 0,
        "private_use": 0,
        "invisible": 1,
    }
    assert found["label_conflicts"].examples == ("到哪了", "到哪了")
    assert found["label_conflicts"].share == 2 / 8
    assert {name for name, finding in found.items() if finding.serious} == {
        "empty",
        "missing_labels",
        "label_conflicts",
        "mojibake",
    }


def test_a_clean_file_has_nothing_serious():
    texts = [f"第{number}个问题怎么解决" for number in range(300)]
    findings = examine(texts, ["甲", "乙"] * 150, ["另一个问题"], ["甲"])
    assert not any(finding.serious or finding.count for finding in findings)


@pytest.mark.parametrize(("num_empty", "serious"), [(0, False), (1, False), (2, True)])
def test_more_than_one_per_cent_of_empty_texts_is_serious(num_empty, serious):
    texts = [f"第{number}个" for number in range(100 - num_empty)] + [" "] * num_empty
    assert by_name(examine(texts))["empty"].serious == serious


def test_leaks_and_their_conflicts_are_found_in_any_spelling():
    found = by_name(
        examine(["怎么退款", "到哪了"], ["售后", "物流"], ["怎么退款！！", "到哪了", "天气"], ["售后", "售后", "物流"]),
        "dev",
    )
    assert (found["leaked"].count, found["leaked"].serious) == (2, True)
    assert (found["leaked_conflicts"].count, found["leaked_conflicts"].examples) == (1, ("到哪了",))


def test_without_labels_nothing_is_said_of_labels():
    names = {finding.name for finding in examine(TEXTS, None, TEXTS[:2])}
    assert not any("label" in name or "conflicts" in name for name in names)
    assert "leaked" in names


def test_spellings_of_one_label_are_shown():
    found = by_name(examine(["甲", "乙", "丙", "丁"], ["售后", "售后 ", "ＡＢ", "ab"]))["label_spellings"]
    assert (found.count, found.serious) == (2, False)
    assert found.examples == ("售后 / 售后 ", "ab / ＡＢ")


def test_a_label_with_a_space_is_no_conflict():
    assert by_name(examine(["怎么退款", "怎么退款"], ["售后", "售后 "]))["label_conflicts"].count == 0


def test_lengths_and_unknown_characters_are_those_of_the_encoder(bert_folder):
    encoder = load_encoder(str(bert_folder), device="cpu")
    texts = ["手机", "手" * encoder.max_length, "手" * (encoder.max_length - 2), "漢𠮷龘"]
    found = by_name(examine(texts, encoder=encoder))
    assert (found["too_long"].count, found["longest"].count) == (1, encoder.max_length + 2)
    assert found["too_long"].examples == (texts[1],)
    assert found["unknown"].count == 3
    assert set(found["unknown"].examples) == set("漢𠮷龘")
    assert found["unknown"].share == pytest.approx(3 / (2 + 2 * encoder.max_length - 2 + 3))
    assert found["traditional"].examples[0] == "漢"


def test_an_encoder_without_a_tokenizer_is_asked_for_nothing():
    class Plain:
        name, pooling, poolings, width, max_length = "plain", "mean", ("mean",), 2, 8

        def fingerprint(self):
            return ""

        def encode(self, texts, *, show_progress=None):
            return np.zeros((len(texts), 2))

        def encode_poolings(self, texts, poolings, *, show_progress=None):
            return {"mean": self.encode(texts)}

    names = {finding.name for finding in examine(["退款"], encoder=Plain())}
    assert "traditional" in names
    assert not names & {"too_long", "longest", "unknown"}


def test_records_are_plain():
    record = as_records(examine(["退款"]))[0]
    assert set(record) == {"where", "name", "count", "share", "of", "serious", "examples"}


def test_bad_input():
    with pytest.raises(InvalidValue, match="texts holds no text"):
        examine([])
    with pytest.raises(InvalidValue, match="dev_texts and dev_labels must have the same length"):
        examine(["甲"], None, ["甲"], ["a", "b"])
    with pytest.raises(InvalidType, match="Item 0 of labels"):
        examine(["甲"], [1])
