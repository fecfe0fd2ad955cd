"""The articles that are implemented: what each lets a user do, and the command that does it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Article:
    """An article, what it lets a user do, and the command that does it."""

    name: str
    title: str
    use: Mapping[str, str]
    command: str


ARTICLES = (
    Article(
        name="whitening",
        title="BERT-whitening (kexue.fm/archives/8321)",
        use={
            "zh": "不用标注，把句向量变得更准、更短，并先看它在自己的文本上有没有用",
            "en": "make sentence vectors better and shorter without labels, and see first if it helps on your text",
        },
        command="baihua embed texts.csv -o vectors.npy",
    ),
    Article(
        name="simcse",
        title="SimCSE in Chinese (kexue.fm/archives/8348)",
        use={
            "zh": "不用标注，在自己的句子上把编码器训练得更会比较，训练变坏时自动停下",
            "en": "train an encoder to compare your own sentences better without labels, stopped when that makes it worse",
        },
        command="baihua train embed texts.csv -o my-embedder",
    ),
    Article(
        name="globalpointer",
        title="GlobalPointer (kexue.fm/archives/8373)",
        use={
            "zh": "从标注好的文本学会找实体，嵌套的也行；读常见标注工具的文件，先查错再训练",
            "en": "learn to find entities, nested ones too, from marked texts in the files of the usual tools, checked before training",
        },
        command="baihua train extract marked.jsonl --dev dev.jsonl -o my-extractor",
    ),
    Article(
        name="ptuning",
        title="P-tuning (kexue.fm/archives/8295)",
        use={
            "zh": "几条标注甚至没有标注，也能给文本分类：让语言模型填空，模板自己学",
            "en": "sort texts from a handful of labels, or none: a language model fills in a blank, and the template is learned",
        },
        command="baihua train classify labelled.csv -o my-classifier",
    ),
    Article(
        name="orthogonal",
        title="The orthogonal map of one unit vector to another (kexue.fm/archives/8453)",
        use={
            "zh": "把一个方向精确地转到另一个方向，任何角度都不丢有效位，不用写出矩阵",
            "en": "turn one direction exactly into another, at every angle, without forming a matrix",
        },
        command="baihua study orthogonal",
    ),
    Article(
        name="vmf-vae",
        title="VAE on the sphere, vMF-VAE (kexue.fm/archives/8404)",
        use={
            "zh": "把文本或图片变成球面上的编码，再采样、插值、重构，KL 不会消失",
            "en": "turn texts or images into codes on a sphere, sample, interpolate and reconstruct, with a KL that cannot vanish",
        },
        command="baihua study vmf-vae",
    ),
    Article(
        name="wgan",
        title="Why Wasserstein GANs work (kexue.fm/archives/8244)",
        use={
            "zh": "两批文本或向量的差别是不是偶然、差在哪些句子上；精确、切片与熵正则的最优传输，各种评判网络的 GAN",
            "en": "see whether two sets of texts or vectors differ by more than chance, and where; exact, sliced and entropic transport, "
            "and GANs against critics of every kind",
        },
        command="baihua compare may.txt june.txt",
    ),
    Article(
        name="clue",
        title="CLUE baselines (kexue.fm/archives/8739)",
        use={
            "zh": "CLUE 的十一个任务，各用一页长的做法训练、打分；提交前先查错再打包",
            "en": "train and score on the eleven tasks of CLUE by recipes of one screen, and have a submission checked before it is packed",
        },
        command="baihua evaluate clue",
    ),
)
