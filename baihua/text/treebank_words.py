"""Words of a line of Latin text as the Penn Treebank counts them: punctuation, quotes and clitics (n't, 's) stand apart.

Scores published for reading Chinese split what is not Chinese with NLTK's word tokenizer; this is its splitting of one line, so
that such a score needs neither NLTK nor what it downloads. The order of the rules matters, since each sees the spaces of the
ones before it.
"""

import re

# A full stop ends the line where only closing marks follow it; others belong to their word, as in "U.S. 3.5".
_FULL_STOP = re.compile(r"""(?<=[^.])\.(?=[])}>"' »”’]*+\s*$)""")
_OPENING = (
    (re.compile("[«“‘„]|``?"), r" \g<0> "),
    (re.compile('^"'), " `` "),
    (re.compile(r"""(?<=[ (\[{<])(?:"|'')"""), " `` "),
    (re.compile(r"(?i)(?<!\w)'(?=\w)(?!(?:re|ve|ll|m|t|s|d|n)\b)"), "' "),  # 'word, but not 's or 'll
)
_MARKS = (
    (_FULL_STOP, " . "),
    (re.compile(r"([:,])(\D)"), r" \1 \2"),  # not within 1,000 or 10:30
    (re.compile(r"[:,]$"), r" \g<0> "),
    (re.compile(r"\.{2,}|[;@#$%&‒-―?!]"), r" \g<0> "),
    (re.compile(r"([^'])' "), r"\1 ' "),
    (re.compile(r"--|[*\]\[(){}<>]"), r" \g<0> "),
)
_CLOSING = (
    (re.compile("[»”’]"), r" \g<0> "),
    (re.compile("\"|''"), " '' "),
    (re.compile(r"\s+"), " "),
    (re.compile(r"([^' ])('[sSmMdD]?) "), r"\1 \2 "),
    (re.compile(r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) "), r"\1 \2 "),
)
_CONTRACTIONS = (
    (
        re.compile(
            r"(?i)\b(can(?=not)|d(?='ye)|gim(?=me)|gon(?=na)|got(?=ta)|lem(?=me)|more(?='n)|wan(?=na\s))"
            r"(not|'ye|me|na|ta|'n)\b"
        ),
        r" \1 \2 ",
    ),
    (re.compile(r"(?i) ('t)(is)\b"), r" \1 \2 "),
    (re.compile(r"(?i) ('t)(was)\b"), r" \1 \2 "),
)


def treebank_words(line: str) -> list[str]:
    """Split a line of Latin text into words and marks.

    Args:
        line: one line, or one sentence: only a full stop at its end stands apart from its word. Double quotes become two
            back quotes where they open and two apostrophes where they close.

    Returns:
        The words; nothing for white space alone. They are NLTK's, but for apostrophes beside combining marks, superscripts and
        circled letters, of which NLTK's engine and Python's `re` have different views whether they are letters.

    Source:
        R. MacIntyre's rules for the Penn Treebank (1995) with the additions of NLTK, ``word_tokenize(line, preserve_line=True)``,
        version 3.10.

    Example:
        >>> treebank_words('she said "I cannot pay $3.88 (or 1,000)."')
        ['she', 'said', '``', 'I', 'can', 'not', 'pay', '$', '3.88', '(', 'or', '1,000', ')', '.', "''"]
        >>> treebank_words("it isn't John's, e.g. of the U.S.")
        ['it', 'is', "n't", 'John', "'s", ',', 'e.g.', 'of', 'the', 'U.S', '.']
    """
    if line.isdecimal():  # most of what stands in a Chinese answer and is not Chinese
        return [line]
    for pattern, replacement in (*_OPENING, *_MARKS):
        line = pattern.sub(replacement, line)
    line = f" {line} "
    for pattern, replacement in (*_CLOSING, *_CONTRACTIONS):
        line = pattern.sub(replacement, line)
    return line.split()
