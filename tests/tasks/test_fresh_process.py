"""Other people's libraries, in a process that knows nothing of this package, give our vectors from our folders."""

import subprocess
import sys

import numpy as np
import pytest

from baihua import SentenceEmbedder, Whitening
from baihua.encoders.load import BUNDLED

PUNCTUATION = "，。？！：；、“”‘’（）《》【】「」『』…—·～￥％＃＠＆＊＋－／＝＜＞｜０１２ＡＢＣａｂｃ"
WORDS = "手机充不进电怎么办退款要几天到账外卖迟到了可以赔付吗今天天气很好适合出门走走如何修改收货地址"

PROGRAM = """
import sys
import numpy, torch, transformers
from sentence_transformers import SentenceTransformer
bundled, saved, out = sys.argv[1:]
lines = sys.stdin.buffer.read().decode("utf-8").split("\\n")
tokenizer = transformers.AutoTokenizer.from_pretrained(bundled)
model = transformers.AutoModel.from_pretrained(bundled).eval()
unknown = sum(tokenizer.unk_token_id in tokenizer(line)["input_ids"] for line in lines)
rows = []
for start in range(0, len(lines), 50):
    batch = tokenizer(lines[start : start + 50], return_tensors="pt", padding=True)
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    rows.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
theirs = SentenceTransformer(saved, device="cpu").encode(lines)
assert "baihua" not in sys.modules
numpy.savez(out, plain=numpy.concatenate(rows), theirs=theirs, unknown=unknown)
"""


def thousand_lines() -> list[str]:
    """Everyday words with full-width punctuation strewn in."""
    rng = np.random.default_rng(0)
    lines = []
    for number in range(1000):
        start, length = rng.integers(0, 20), rng.integers(5, 25)
        marks = rng.choice(list(PUNCTUATION), 6)
        lines.append(
            "".join([*(a + b for a, b in zip(WORDS[start:], marks, strict=False)), WORDS[:length], str(number)])
        )
    return lines


@pytest.mark.slow
def test_transformers_and_sentence_transformers_give_our_vectors(tmp_path):
    lines = thousand_lines()
    embedder = SentenceEmbedder("bundled", device="cpu")
    embedder.whitening = Whitening(64).fit(embedder.encode(lines, normalize=False))
    embedder.save(tmp_path / "saved")
    command = [sys.executable, "-c", PROGRAM, str(BUNDLED), str(tmp_path / "saved"), str(tmp_path / "out.npz")]
    subprocess.run(command, input="\n".join(lines).encode(), check=True, capture_output=True)
    found = np.load(tmp_path / "out.npz")
    assert found["unknown"] == 0
    plain = SentenceEmbedder("bundled", pooling="mean", device="cpu").encode(lines, normalize=False)
    np.testing.assert_allclose(found["plain"], plain, atol=1e-4)
    np.testing.assert_allclose(found["theirs"], embedder.encode(lines), atol=1e-4)


def test_only_an_emoji_is_unknown():
    tokenizer = SentenceEmbedder("bundled").encoder.tokenizer
    assert tokenizer.unk_token_id in tokenizer("好🥟")["input_ids"]
    assert tokenizer.unk_token_id not in tokenizer(PUNCTUATION)["input_ids"]
