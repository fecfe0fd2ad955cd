"""Checking answers one by one: labels, places, entities, and that every id of the test is answered once and in its order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from baihua.benchmarks.clue_fields import whole_number
from baihua.benchmarks.submission_report import FindingList
from baihua.benchmarks.submission_rules import FileRule
from baihua.language import say


def check_answer(rule: FileRule, mine: str, answer: Any, line: int | None, found: FindingList) -> None:
    """Check one answer; those of CLUENER are checked by `check_entities`.

    Args:
        rule: what the file must be.
        mine: the id answered.
        answer: the answer as it stands there.
        line: where; None in a file that is one object.
        found: takes what is wrong.
    """
    if rule.form == "entities":
        return
    where = "" if line is not None else say(zh=f"{mine} 的", en=f"{mine}: ")
    is_number = whole_number(answer) is not None
    if not is_number and not isinstance(answer, str):
        said = say(zh=f"{where}答案 {answer!r:.40} 不是字符串。", en=f"{where}the answer {answer!r:.40} is no string.")
        found.add("fields", said, line)
        return
    if rule.labels and str(answer) not in rule.labels:
        _unknown_label(rule, mine, answer, line, found)
    elif rule.answer_type != "either" and is_number != (rule.answer_type == "number"):
        shown = str(answer) if rule.answer_type == "number" else f'"{answer}"'
        said = say(
            zh=f"{where}答案应写作 {shown}，收到 {answer!r}。",
            en=f"{where}the answer should be written {shown}, not {answer!r}.",
        )
        found.add("label_type", said, line)
    elif rule.test is not None and mine in rule.test.num_choices:
        _check_choice(rule.test.num_choices[mine], answer, line, found)


def check_entities(rule: FileRule, mine: str, record: Mapping[str, Any], line: int, found: FindingList) -> None:
    """Check a record of CLUENER: its text, its types, and that each entity says what stands in the text.

    Args:
        rule: what the file must be.
        mine: the id of the record.
        record: the record.
        line: where it stands.
        found: takes what is wrong.
    """
    text, label = record["text"], record["label"]
    if not isinstance(text, str) or not isinstance(label, dict):
        said = say(zh="text 应是字符串，label 应是对象。", en="Its text must be a string and its label an object.")
        found.add("fields", said, line)
        return
    expected = rule.test.texts.get(mine) if rule.test is not None else None
    if expected is not None and text != expected:
        said = say(
            zh=f"text 与测试文件里 id {mine} 的不同；请原样写出。",
            en=f"Its text is not that of id {mine} in the test. Write it as it stands there.",
        )
        found.add("text", said, line)
    for kind, surfaces in label.items():
        if kind not in rule.labels:
            listed = ", ".join(rule.labels)
            said = say(
                zh=f"没有类型 {kind!r}；类型是 {listed}。", en=f"There is no type {kind!r}; the types are {listed}."
            )
            found.add("label", said, line)
        elif not isinstance(surfaces, dict) or not all(isinstance(spans, list) for spans in surfaces.values()):
            said = say(zh=f"{kind} 应是 {{实体: [[始, 末]]}}。", en=f"{kind} must be {{entity: [[first, last]]}}.")
            found.add("fields", said, line)
        else:
            for surface, spans in surfaces.items():
                for span in spans:
                    _check_span(text, surface, span, line, found)


def check_ids(rule: FileRule, ids: Sequence[str], lines: Sequence[int | None], found: FindingList) -> None:
    """Check that just the ids of the test are answered, each once, and in rows in its order.

    Args:
        rule: what the file must be; without its test, ids are checked by count and form.
        ids: those answered.
        lines: where each stands.
        found: takes what is wrong.
    """
    expected = None if rule.test is None else rule.test.ids
    count = rule.num_answers if expected is None else len(expected)
    if count is not None and len(ids) != count:
        said = say(
            zh=f"有 {len(ids)} 个答案，应有 {count} 个；请回答整个测试文件。",
            en=f"It has {len(ids)} answers where {count} are expected. Answer all of the test file.",
        )
        found.add("count", said)
    times = Counter(ids)
    for mine, line in zip(ids, lines, strict=True):
        if times[mine] > 1:
            said = say(
                zh=f"id {mine} 出现 {times[mine]} 次；每批从 0 数的序号不是 id，请用测试文件里的。",
                en=f"The id {mine} is there {times[mine]} times. Numbers that begin anew in each batch are no ids: take those of "
                "the test file.",
            )
            found.add("repeated_id", said, line)
            times[mine] = 1  # said once
        if expected is None and not rule.id_form.fullmatch(mine):
            found.add("unknown_id", say(zh=f"{mine!r} 不像 id。", en=f"{mine!r} does not look like an id."), line)
    if expected is not None:
        _compare_ids(rule, ids, lines, expected, found)


def _compare_ids(
    rule: FileRule, ids: Sequence[str], lines: Sequence[int | None], expected: Sequence[str], found: FindingList
) -> None:
    known, given = set(expected), set(ids)
    for mine, line in zip(ids, lines, strict=True):
        if mine not in known:
            said = say(
                zh=f"测试文件里没有 id {mine}；请核对版本和文件。",
                en=f"There is no id {mine} in the test. See whether version and file are right.",
            )
            found.add("unknown_id", said, line)
    for mine in expected:
        if mine not in given:
            said = say(zh=f"没有回答 id {mine}。", en=f"The id {mine} is not answered. Answer all of the test file.")
            found.add("missing_id", said)
    if rule.form != "object" and known == given and len(ids) == len(expected) and list(ids) != list(expected):
        place = next(place for place, pair in enumerate(zip(ids, expected, strict=True)) if pair[0] != pair[1])
        said = say(
            zh=f"是 id {ids[place]}，测试文件里这一行是 {expected[place]}；评分按行的顺序，请照测试文件排。",
            en=f"It has the id {ids[place]} where the test has {expected[place]}. Rows are scored in their order: keep that of the test.",
        )
        found.add("order", said, lines[place])


def _unknown_label(rule: FileRule, mine: str, answer: Any, line: int | None, found: FindingList) -> None:
    where = "" if line is not None else say(zh=f"{mine} 的", en=f"{mine}: ")
    meant = next((label for label, name in rule.descriptions.items() if name == answer), None)
    if meant is not None:
        said = say(
            zh=f"{answer!r} 是 label_desc；label 应写 {meant!r}。",
            en=f"{answer!r} is the label_desc. Write the label, {meant!r}.",
        )
        found.add("label_description", said, line)
        return
    if rule.places and (whole_number(answer) is not None or str(answer).lstrip("-").isdecimal()):
        said = say(
            zh=f"{where}答案 {answer} 超出 0 到 {len(rule.labels) - 1}；序号从 0 数。",
            en=f"{where}the answer {answer} is beyond 0 to {len(rule.labels) - 1}. Places count from 0.",
        )
        found.add("out_of_range", said, line)
        return
    shown = ", ".join(rule.labels[:3]) + (", …" if len(rule.labels) > 3 else "")
    said = say(
        zh=f"{where}{answer!r:.40} 不是 {rule.task} 的标签（{shown}）；标签不是它在表里的序号。",
        en=f"{where}{answer!r:.40} is no label of {rule.task} ({shown}). A label is not its place in a list.",
    )
    found.add("label", said, line)


def _check_choice(num_choices: int, answer: Any, line: int | None, found: FindingList) -> None:
    if int(answer) >= num_choices:
        said = say(
            zh=f"这道题只有 {num_choices} 个选项，答案却是 {answer}；补上的“无效答案”不能选。",
            en=f"This question has {num_choices} choices, but the answer is {answer}. What fills up the choices cannot be chosen.",
        )
        found.add("out_of_range", said, line)


def _check_span(text: str, surface: str, span: Any, line: int, found: FindingList) -> None:
    numbers = span if isinstance(span, list) and len(span) == 2 else [None, None]
    first, last = whole_number(numbers[0]), whole_number(numbers[1])
    if first is None or last is None:
        said = say(
            zh=f"{surface!r} 的位置应是 [始, 末]，收到 {span!r:.40}。",
            en=f"{surface!r} must stand at [first, last], not {span!r:.40}.",
        )
        found.add("fields", said, line)
    elif not 0 <= first <= last < len(text) or text[first : last + 1] != surface:
        is_exclusive = 0 <= first < last <= len(text) and text[first:last] == surface
        hint = (
            say(zh="；末尾含末字，应减 1", en="; ends are inclusive, so it should be one less") if is_exclusive else ""
        )
        said = say(
            zh=f"文本的 {first} 到 {last} 不是 {surface!r}{hint}。",
            en=f"From {first} to {last} the text does not say {surface!r}{hint}.",
        )
        found.add("entity", said, line)
