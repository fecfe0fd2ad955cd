"""Texts with labels, small classifiers to learn them, and ways to say what they say to the last digit."""

from dataclasses import replace

from baihua.encoders.load import load_encoder
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classify import TextClassifier

# Of the characters that the tiny tokenizer knows: how a thing is, or where somebody goes.
BY_LABEL = {
    "好": ["今天天气很好", "手机很好", "天气好", "很好的电"],
    "国": ["他在中国上学", "我们来中国", "你是中国人", "到国中以上"],
    "坏": ["手机坏了", "坏的", "坏天气"],
}
TEXTS = [text for texts in BY_LABEL.values() for text in texts]
LABELS = [label for label, texts in BY_LABEL.items() for _ in texts]
PAIRS = [
    ("天气好", "天气很好"),
    ("手机坏", "手机坏了"),
    ("我来中国", "我在中国"),
    ("天气好", "我来中国"),
    ("手机坏", "天气很好"),
    ("我上学", "电坏了"),
]
PAIR_LABELS = ["同", "同", "同", "不同", "不同", "不同"]

# With the tiny encoder of 32 tokens: known by heart within a second or two.
QUICK = ClassificationSettings(least_steps=60, batch_size=6, learning_rate=1e-2, dropout=0.0, num_pairs=240, epochs=1)


def small(folder, method="fine_tune", **changes):
    encoder = load_encoder(str(folder), device="cpu")
    return TextClassifier(encoder, method, settings=replace(QUICK, **changes))
