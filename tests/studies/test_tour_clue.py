"""The tour's stop about CLUE: what is chosen is what the scores say, and the broken file is broken in the ways that are told."""

import numpy as np
import pytest

from baihua.benchmarks.idiom_blanks import split_blanks
from baihua.language import set_language
from baihua.maths.assignment import assign, independent
from baihua.studies.tour.clue_tasks import IDIOMS, RIGHT, SCORES, SENTENCES, clue_part


@pytest.fixture(scope="module")
def part():
    set_language("en")
    return clue_part()


def test_the_example_is_in_the_form_of_chid():
    assert len(split_blanks(SENTENCES)) == len(SENTENCES) == len(RIGHT) == len(SCORES)
    assert len(set(IDIOMS)) == len(IDIOMS) == len(SCORES[0])
    assert all(len(idiom) == 4 for idiom in IDIOMS)
    assert len(set(RIGHT)) == len(RIGHT)


def test_together_is_right_where_each_by_itself_is_not(part):
    alone, together = np.array(independent(SCORES)), np.array(assign(SCORES))
    assert part.numbers["idioms_alone"] == (alone == RIGHT).mean() < (together == RIGHT).mean()
    assert part.numbers["idioms_together"] == (together == RIGHT).mean() == 1
    changed = int(np.flatnonzero(alone != together)[0])
    assert f"{IDIOMS[alone[changed]]} → {IDIOMS[together[changed]]}" in part.lines[1 + changed]
    assert "#idiom" not in "".join(part.lines)


def test_the_simulation_says_its_gain(part):
    before, after = (float(word.rstrip(".")) for word in part.lines[4].split("accuracy ")[1].split(" → "))
    assert part.numbers["assignment_gain"] == pytest.approx((after - before) / 100, abs=1.1e-3)
    assert 0.045 < part.numbers["assignment_gain"] < 0.07


def test_the_broken_file_is_refused_for_what_is_wrong_with_it(part, tmp_path, monkeypatch):
    assert "3 answers where 10000 are expected" in part.lines[5]
    assert "Write the label, '100'" in part.lines[5]
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    assert clue_part().lines[5] == part.lines[5]  # with no data at all


def test_it_speaks_chinese_with_the_same_numbers(part):
    set_language("zh")
    again = clue_part()
    assert again.numbers == part.numbers
    assert "应有 10000 个" in again.lines[5]
