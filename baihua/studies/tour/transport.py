"""The stop of the tour about distances between sets: why batches mislead a Wasserstein GAN, and whether two corpora differ."""

import torch

from baihua.language import say
from baihua.studies.tour.examples import load_sentences
from baihua.studies.tour.part import TourPart
from baihua.studies.wgan.batches import fresh, from_centroids
from baihua.studies.wgan.data import digits
from baihua.tasks.compare_corpora import compare_corpora
from baihua.tasks.corpus_comparison import ComparedCorpus

BATCH = 64
DOMAINS = ("手机数码", "银行支付")


def transport_part() -> TourPart:
    """Put a batch of real digits beside another one and beside centroids; then compare sentences of two domains, and of one."""
    images = torch.cat([digits().train, digits().held_out])
    real, centroids = fresh(images, BATCH, 0), from_centroids(images, BATCH, 0)
    sentences = load_sentences()
    first, second = ([one.text for one in sentences if one.domain == domain] for domain in DOMAINS)
    apart, alike = compare_corpora(first, second, "static", most=1), compare_corpora(first[::2], first[1::2], "static")
    lines = [
        say(
            zh=f"{BATCH} 张真实数字到另外 {BATCH} 张的 W1 是 {real:.3f}，到 {BATCH} 个 K-Means 中心只有 {centroids:.3f}："
            "把批间距离降到最低，得到的是平均，不是真图。完整的复验：baihua study wgan",
            en=f"From {BATCH} real digits to {BATCH} others W1 is {real:.3f}, to {BATCH} k-means centroids only {centroids:.3f}: "
            "who minimises the distance of batches gets averages, not digits. In earnest: baihua study wgan",
        ),
        say(
            zh=f"“{DOMAINS[0]}”与“{DOMAINS[1]}”的句子：p = {apart.p_value:.3f}，最有代表差别的是“{_driving(apart.first)}”与"
            f"“{_driving(apart.second)}”；同一类的两半：p = {alike.p_value:.3f}。自己的文件：baihua compare A.txt B.txt",
            en=f"Sentences of {DOMAINS[0]} and of {DOMAINS[1]}: p = {apart.p_value:.3f}, driven by 「{_driving(apart.first)}」 and "
            f"「{_driving(apart.second)}」; two halves of the first: p = {alike.p_value:.3f}. Your own files: baihua compare "
            "A.txt B.txt",
        ),
    ]
    numbers = {"real_w1": real, "centroid_w1": centroids, "p_of_domains": apart.p_value, "p_of_halves": alike.p_value}
    return TourPart(say(zh="两批之间有多远", en="How far apart two sets are"), lines, numbers)


def _driving(side: ComparedCorpus) -> str:
    return str(side.driving[0].text) if side.driving else "–"
