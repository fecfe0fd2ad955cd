"""What is wrong with a file of training texts, before anything is trained on it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from baihua.checks import InvalidValue, check_same_length, check_texts
from baihua.encoders.protocol import Encoder
from baihua.tasks.doctor_tokens import examine_tokens
from baihua.tasks.finding import Finding, share_of
from baihua.text.normal_form import normal_form
from baihua.text.suspicious import KINDS, suspicious_kinds

MOST_EMPTY = 0.01  # of the rows: more than one per cent of empty texts or labels is no slip any more
FULL_WIDTH = frozenset(map(chr, (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))))


def examine(
    texts: Sequence[str],
    labels: Sequence[str] | None = None,
    dev_texts: Sequence[str] | None = None,
    dev_labels: Sequence[str] | None = None,
    encoder: Encoder | None = None,
) -> list[Finding]:
    """Look at training texts, and at those held aside, for what would mislead a training or its scores.

    Two texts count as the same when their `baihua.text.normal_form` is the same. Serious are: texts held aside that
    are among the training texts, the same text under different labels, more than 1 % of empty texts or labels, and
    wrongly decoded text. The rest is to know: repeated texts, spellings of one label, texts longer than the encoder
    reads, full-width letters and digits, traditional characters, characters unknown to the encoder, and characters
    that nobody typed.

    Args:
        texts: the training texts.
        labels: their labels, ``""`` where one is missing.
        dev_texts: the texts held aside, if any.
        dev_labels: their labels.
        encoder: whose tokenizer and limit the lengths are measured with; None leaves these two out.

    Returns:
        All findings, also those of nothing (``count`` 0), first those about the training texts, then about those
        held aside (``where`` ``"dev"``).

    Raises:
        InvalidType: for items that are not strings.
        InvalidValue: for no texts, or labels of another number.

    Example:
        >>> found = examine(["怎么退款", "怎么退款？", "到哪了"], ["售后", "物流", "物流"], ["到哪了！"])
        >>> [(finding.where, finding.name, finding.count) for finding in found if finding.serious]
        [('train', 'label_conflicts', 2), ('dev', 'leaked', 1)]
    """
    train = _check_rows(texts, labels, ("texts", "labels"))
    findings = _examine_one(*train, "train", encoder)
    if dev_texts is not None:
        dev = _check_rows(dev_texts, dev_labels, ("dev_texts", "dev_labels"))
        findings += _examine_one(*dev, "dev", encoder)
        findings += _examine_leaks(train, dev)
    return findings


Rows = tuple[list[str], list[str] | None]


def _check_rows(texts: Sequence[str], labels: Sequence[str] | None, names: tuple[str, str]) -> Rows:
    rows = check_texts(texts, names[0])
    if not rows:
        raise InvalidValue(
            zh=f"{names[0]} 里一条文本也没有；请给出至少一条。",
            en=f"{names[0]} holds no text at all. Give at least one.",
        )
    if labels is None:
        return rows, None
    checked = check_texts(labels, names[1])
    check_same_length(rows, checked, names)
    return rows, checked


def _examine_one(texts: list[str], labels: list[str] | None, where: str, encoder: Encoder | None) -> list[Finding]:
    forms = [normal_form(text) for text in texts]
    found = [_empty("empty", texts, texts, where), *_repeated(texts, forms, where)]
    if labels is not None:
        found += [_empty("missing_labels", labels, texts, where), *_about_labels(texts, forms, labels, where)]
    found += _about_characters(texts, where)
    if encoder is not None:
        found += examine_tokens(texts, encoder, where)
    return found


def _about_rows(name: str, rows: Iterable[int], texts: list[str], where: str, *, serious: bool = False) -> Finding:
    """Return a finding about rows, serious where it is said to be and there are any."""
    found = list(rows)
    return Finding(
        name, len(found), share_of(found, texts), tuple(texts[row] for row in found[:3]), serious and bool(found), where
    )


def _empty(name: str, cells: list[str], texts: list[str], where: str) -> Finding:
    rows = [row for row, cell in enumerate(cells) if not cell.strip()]
    return _about_rows(name, rows, texts, where, serious=share_of(rows, texts) > MOST_EMPTY)


def _repeated(texts: list[str], forms: list[str], where: str) -> list[Finding]:
    """Rows that are an earlier row again: to the letter, or in the same form."""
    exact, alike = [], []
    seen_texts: set[str] = set()
    seen_forms: set[str] = set()
    for row, (text, form) in enumerate(zip(texts, forms, strict=True)):
        if not form:
            continue
        if text in seen_texts:
            exact.append(row)
        elif form in seen_forms:
            alike.append(row)
        seen_texts.add(text)
        seen_forms.add(form)
    return [_about_rows("repeated", exact, texts, where), _about_rows("same_form", alike, texts, where)]


def _about_labels(texts: list[str], forms: list[str], labels: list[str], where: str) -> list[Finding]:
    of_forms: dict[str, set[str]] = {}
    for form, label in zip(forms, labels, strict=True):
        if form and label.strip():
            of_forms.setdefault(form, set()).add(label.strip())
    rows = [row for row, form in enumerate(forms) if len(of_forms.get(form, ())) > 1]
    first_rows = {forms[row]: row for row in reversed(rows)}
    rows.sort(key=lambda row: (first_rows[forms[row]], row))  # so that the examples are of one conflict
    spelt: dict[str, Counter[str]] = {}
    for label in labels:
        if label.strip():
            spelt.setdefault(normal_form(label), Counter())[label] += 1
    rare = {label for counts in spelt.values() for label, _ in counts.most_common()[1:]}
    variants = [row for row, label in enumerate(labels) if label in rare]
    number = len(variants)
    shown = tuple(" / ".join(sorted(counts)) for counts in spelt.values() if len(counts) > 1)[:3]
    return [
        _about_rows("label_conflicts", rows, texts, where, serious=True),
        Finding("label_spellings", number, share_of(variants, texts), shown, False, where),
    ]


def _about_characters(texts: list[str], where: str) -> list[Finding]:
    kinds: dict[str, list[int]] = {kind: [] for kind in KINDS}
    full_width = []
    for row, text in enumerate(texts):
        if not FULL_WIDTH.isdisjoint(text):
            full_width.append(row)
        for kind in suspicious_kinds(text):
            kinds[kind].append(row)
    wrong = ("replacement", "mojibake")
    return [
        _about_rows("full_width", full_width, texts, where),
        *(_about_rows(kind, rows, texts, where, serious=kind in wrong) for kind, rows in kinds.items()),
    ]


def _examine_leaks(train: Rows, dev: Rows) -> list[Finding]:
    """Rows held aside that are among the training texts, and those of them with another label there."""
    of_train: dict[str, set[str]] = {}
    train_texts, train_labels = train
    for row, text in enumerate(train_texts):
        label = train_labels[row].strip() if train_labels is not None else ""
        of_train.setdefault(normal_form(text), set()).update({label} - {""})
    dev_texts, dev_labels = dev
    forms = [normal_form(text) for text in dev_texts]
    leaked = [row for row, form in enumerate(forms) if form and form in of_train]
    found = [_about_rows("leaked", leaked, dev_texts, "dev", serious=True)]
    if train_labels is not None and dev_labels is not None:
        other = [row for row in leaked if of_train[forms[row]] and _other(dev_labels[row], of_train[forms[row]])]
        found.append(_about_rows("leaked_conflicts", other, dev_texts, "dev", serious=True))
    return found


def _other(label: str, labels: set[str]) -> bool:
    return bool(label.strip()) and label.strip() not in labels


def as_records(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain dictionaries for JSON."""
    return [
        {
            "where": finding.where,
            "name": finding.name,
            "count": finding.count,
            "share": finding.share,
            "of": finding.of,
            "serious": finding.serious,
            "examples": list(finding.examples),
        }
        for finding in findings
    ]
