"""A vocabulary for Chinese from one's own text: every frequent character, and pieces of the other words.

Text is brought to one form first: NFKC (full-width letters, digits and punctuation become the ordinary ones), lower
case, no accents. Each Chinese character is a word of its own, as in BERT (Devlin et al. 2019).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from baihua.checks import InvalidValue
from baihua.encoders.tokens import text_chunks

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
UNUSED = tuple(f"[unused{number}]" for number in range(1, 100))  # entries that a prompt can learn the meaning of
PRINTABLE = tuple(chr(code) for code in range(33, 127) if not "A" <= chr(code) <= "Z")
CHINESE_MARKS = tuple("、。·—“”‘’《》〈〉【】「」『』〔〕¥°×÷±")  # those that NFKC leaves as they are
LETTERS = tuple(filter(str.isalnum, PRINTABLE))
FEWEST_OCCURRENCES = 3  # of a character: nothing can be learnt of one that is rarer


@dataclass(frozen=True)
class Coverage:
    """How well a vocabulary fits some text.

    Args:
        num_tokens: tokens of the text.
        unknown: share of them that the vocabulary does not have.
        traditional: share of the Chinese characters that only traditional writing has (in Big5, not in GB 2312).
    """

    num_tokens: int
    unknown: float
    traditional: float


def train_vocabulary(lines: Iterable[str], *, size: int = 8000) -> Tokenizer:
    """Make a WordPiece tokenizer from text.

    Args:
        lines: the text; gone through once, so a stream of any length will do.
        size: entries, the 5 special ones and ``[unused1]`` to ``[unused99]`` included. A text too small for so many
            gives fewer.

    Returns:
        The tokenizer, the same for the same text. It holds the printable ASCII characters and
        Chinese punctuation, as many of the characters
        that occur at least three times as there is room for, most frequent first, and pieces of longer words in what
        room is left.

    Raises:
        InvalidValue: when ``size`` leaves no room for characters.

    Example:
        >>> tokenizer = train_vocabulary(["今天天气好", "天天好好"] * 3, size=400)
        >>> tokenizer.encode("今天，ＡＢＣ好！").tokens
        ['[CLS]', '今', '天', ',', 'a', '##b', '##c', '好', '!', '[SEP]']
    """
    always = [*SPECIAL, *UNUSED, *PRINTABLE, *CHINESE_MARKS, *(f"##{letter}" for letter in (*LETTERS, "°"))]
    if size < len(always):
        raise InvalidValue(
            zh=f"词表至少要 {len(always)} 项才放得下特殊符号与字母数字，收到 {size}。",
            en=f"A vocabulary needs at least {len(always)} entries for special tokens, letters and digits, "
            f"but received {size}.",
        )
    words = _count_words(lines)
    single, inner = _count_characters(words)
    frequent = [*_frequent(single), *(f"##{character}" for character in _frequent(inner))]
    known = list(dict.fromkeys([*always, *frequent]))[:size]
    return _tokenizer(_with_longer_pieces(known, words, size))


def measure_coverage(tokenizer: Tokenizer, texts: Sequence[str]) -> Coverage:
    """Count how much of some text is unknown to a tokenizer and how much is traditional writing.

    Args:
        tokenizer: the tokenizer.
        texts: the text.

    Returns:
        The shares.

    Example:
        >>> tokenizer = train_vocabulary(["天气好"] * 3, size=400)
        >>> measure_coverage(tokenizer, ["天氣好"])
        Coverage(num_tokens=3, unknown=0.3333333333333333, traditional=0.3333333333333333)
    """
    unknown_id = tokenizer.token_to_id("[UNK]")
    num_tokens = unknown = chinese = traditional = 0
    for start, stop in text_chunks(texts):
        chunk = texts[start:stop]
        for encoding in tokenizer.encode_batch_fast(list(chunk), add_special_tokens=False):
            num_tokens += len(encoding.ids)
            unknown += sum(number == unknown_id for number in encoding.ids)
        characters = Counter(character for text in chunk for character in text if "\u4e00" <= character <= "\u9fff")
        chinese += characters.total()
        traditional += sum(count for character, count in characters.items() if character in traditional_characters())
    return Coverage(num_tokens, unknown / max(num_tokens, 1), traditional / max(chinese, 1))


@cache
def traditional_characters() -> frozenset[str]:
    """Return the characters that Big5 has and GB 2312 has not.

    The two standards of the 1980s list the characters in use in Taiwan and on the mainland. A character shared by
    both ways of writing stands in both; a few that came into simplified use later (喆, 珺) are counted as traditional.

    Example:
        >>> sorted(set("漢字學習，汉字学习") & traditional_characters())
        ['學', '漢', '習']
    """
    return frozenset(c for c in map(chr, range(0x4E00, 0xA000)) if _encodes(c, "big5") and not _encodes(c, "gb2312"))


def _encodes(character: str, encoding: str) -> bool:
    try:
        return bool(character.encode(encoding))
    except UnicodeEncodeError:
        return False


def _count_words(lines: Iterable[str]) -> Counter[str]:
    """Count what stands between spaces and punctuation; every Chinese character is such a word."""
    normalizer, splitter = _normalizer(), pre_tokenizers.BertPreTokenizer()
    runs: Counter[str] = Counter()
    for line in lines:
        runs.update(normalizer.normalize_str(line).split())  # the normalizer puts spaces around Chinese characters
    words: Counter[str] = Counter()
    for run, count in runs.items():
        for word, _ in splitter.pre_tokenize_str(run):
            words[word] += count
    return words


def _count_characters(words: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """Count the characters that words begin with, and those inside words."""
    first: Counter[str] = Counter()
    inner: Counter[str] = Counter()
    for word, count in words.items():
        first[word[0]] += count
        for character in word[1:]:
            inner[character] += count
    return first, inner


def _frequent(counts: Counter[str]) -> list[str]:
    """Return what occurs at least three times, most frequent first; what is equally frequent, by its code."""
    kept = [character for character, count in counts.items() if count >= FEWEST_OCCURRENCES]
    return sorted(kept, key=lambda character: (-counts[character], character))


def _with_longer_pieces(known: list[str], words: Counter[str], size: int) -> list[str]:
    """Fill a vocabulary up with the pieces that byte-pair merging finds in the words of several letters.

    The single characters are given as special tokens, because the trainer numbers those as listed and everything
    else in an order that changes from run to run.
    """
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=FEWEST_OCCURRENCES, show_progress=False, special_tokens=known
    )
    entries = set(known)
    long = (
        (word, count) for word, count in sorted(words.items()) if len(word) > 1 and entries.issuperset(_spelt(word))
    )
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    learner.train_from_iterator((" ".join(repeat(word, count)) for word, count in long), trainer)
    vocabulary: dict[str, int] = learner.get_vocab()
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _spelt(word: str) -> list[str]:
    return [word[0], *(f"##{character}" for character in word[1:])]


def _tokenizer(words: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    start, end = ("[CLS]", words.index("[CLS]")), ("[SEP]", words.index("[SEP]"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[start, end]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _normalizer() -> normalizers.Normalizer:
    return normalizers.Sequence([normalizers.NFKC(), normalizers.BertNormalizer()])
