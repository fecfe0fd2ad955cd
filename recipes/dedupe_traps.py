"""What removing repeated texts finds, misses and must not touch: 2 000 planted pairs of known kind.

Task: remove repeated texts. 500 pairs each are the same string; the same but for width, case, punctuation and spaces;
    the same but for a small change of wording; and traps, which differ in a number, a Latin word or a negation.
Data: made here from the templates below, which were written for this purpose. 4 000 rows in random order (seed 0).
    No two sentences that were not planted as a pair share more than three of their six phrases: this is a file in
    which repeated texts stand apart. Where they do not, as in LCQMC, BQ, ATEC and PAWSX or in sentences from a single
    template, no safe threshold is found and nothing is removed for being near.
    Sentences and threshold were worked out together on this file, so the scores show that the parts do what they
    should, not how they do on texts of another kind.
Command: python recipes/dedupe_traps.py [ENCODER …]
Score: per kind the share of the pairs of which one row is removed for the other; traps should be 0 and in the review
    list. Rows removed for a row of another pair are wrong as well. See results/dedupe.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator

from baihua import SentenceEmbedder
from baihua.results import Result
from baihua.tasks.dedupe import Deduplicated, deduplicate

KINDS = ("exact", "normalised", "near", "trap")
PAIRS_PER_KIND = 500

WHO_LISTED = (
    "邻居家的小孩 退休的张老师 楼下的理发师 公司新来的会计 火车站的保安 我表姐 那位老中医 送牛奶的阿姨 校门口的摊主 养蜂人 "
    "图书馆管理员 夜班司机 他们家的保姆 银行的柜员 山里的猎户 合唱团的指挥 实习护士 电视台的记者 渔船上的厨师 房东太太 "
    "少年宫的教练 博物馆的讲解员 修表的师傅 村口的木匠 急诊科的大夫 卖花的姑娘 气象站的同事 剧团的编剧 消防队的队长 果园的主人 "
    "造纸厂的工人 天文台的研究生 陶艺班的学员 快递站的站长 海关的翻译 驾校的学员 茶馆的掌柜 幼儿园的园长 矿上的技术员 婚礼的司仪"
)
WHO = WHO_LISTED.split()
WHAT_LISTED = (
    "在阳台上种番茄 把旧收音机拆开了 学会了潜水 梦见自己丢了钥匙 给流浪猫搭了个窝 去敦煌看壁画 煮糊了一锅绿豆汤 每天清晨练毛笔字 "
    "买彩票中了奖 修好了漏雨的屋顶 错过末班地铁 参加半程马拉松 收集各国邮票 在雪地里迷了路 把驾照弄丢了 给孙女织毛衣 写了一封长信 "
    "吃海鲜过敏 偷偷报名相声大会 搬到江边住 拍到了流星雨 酿出第一坛米酒 跟同事吵架 把盆栽浇死了 考过法语四级 在沙漠里植树 "
    "捡到一只受伤的鸽子 重新粉刷客厅 研究古代货币 牙疼得整夜睡不着 开了一家面馆 教大家包粽子 忘记关煤气 骑车环岛旅行 弹坏了三根琴弦 "
    "给家谱补页 熬夜看球赛 拒绝了高薪职位 到码头等渡轮 把奖金捐给学校 被蜜蜂蜇了一下 在集市上算卦 翻译一本植物图鉴 扭伤了脚踝 "
    "发明省电的灯泡 赶着羊群过桥 租下废弃的仓库 迷上了皮影戏 用贝壳做项链 抄写整部诗经 晒了满院子辣椒 调解邻里纠纷 观察蚂蚁搬家 "
    "误删了毕业论文 给桥梁做体检 挖出一口老井 寄丢了签证材料 培育出蓝色玫瑰 雕了一尊木佛 听见阁楼有响动"
)
WHAT = WHAT_LISTED.split()
MOST_SHARED = 3  # of the six phrases of a sentence with any other: what is not planted must not repeat either
SMALL_CHANGES: tuple[Callable[[str], str], ...] = (
    lambda text: text.replace("后来", "之后"),
    lambda text: text.replace("听说", "据说"),
    lambda text: text.replace("后来", "再后来"),
    lambda text: text.replace("听说", "还听说"),
    lambda text: "其实" + text,
    lambda text: text + "，真有意思",
    lambda text: text + "啊",
    lambda text: text.replace("，后来", "呢，后来"),
)


def base_texts(rng: random.Random) -> Iterator[str]:
    """Yield sentences that have little in common."""
    used: list[set[str]] = []
    while True:
        who, what = rng.sample(WHO, 3), rng.sample(WHAT, 3)
        phrases = {*who, *what}
        if max((len(phrases & other) for other in used), default=0) <= MOST_SHARED:
            used.append(phrases)
            yield f"{who[0]}{what[0]}，后来{who[1]}{what[1]}，听说{who[2]}{what[2]}"


def normalised(text: str, rng: random.Random) -> tuple[str, str]:
    """Return a text with a word and a number in it, and the same in other width, case, punctuation and spaces."""
    number = rng.randint(10, 99)
    first = f"{text}，App版本{number}"
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in first)
    choices = (
        wide,
        first.replace("App", "APP"),
        first.replace("，", " "),
        first.replace("，", "、") + "？？",
        f"“{first}”。",
    )
    return first, rng.choice(choices)


def near(text: str, rng: random.Random) -> tuple[str, str]:
    """Return a text and the same with a small change of wording."""
    return text, rng.choice(SMALL_CHANGES)(text)


def trap(text: str, rng: random.Random) -> tuple[str, str]:
    """Return a text and one that differs in a number, a Latin word or a negation."""
    amount = rng.choice((10, 100, 15, 30))
    choices = (
        (f"{text}，门牌号{amount}", f"{text}，门牌号{amount * 10}"),
        (f"{text}，花了{amount}元", f"{text}，花了{amount + 1}元"),
        (f"{text}，用的X{amount}Pro", f"{text}，用的X{amount}Max"),
        (f"{text}，拍照用iPhone", f"{text}，拍照用iPad"),
        (f"{text}，愿意说出来", f"{text}，不愿意说出来"),
        (f"{text}，有人看见", f"{text}，没有人看见"),
        (f"{text}，前后三天", f"{text}，前后五天"),
        (f"{text}，涨了{amount / 10}倍", f"{text}，涨了{amount}倍"),
    )
    return rng.choice(choices)


def planted() -> list[tuple[str, int, str]]:
    """Return all rows in random order: kind, number of the pair, text."""
    rng = random.Random(0)
    bases = base_texts(rng)
    makers = {"exact": lambda text, _: (text, text), "normalised": normalised, "near": near, "trap": trap}
    rows = []
    for kind in KINDS:
        for number in range(PAIRS_PER_KIND):
            rows += [(kind, number, text) for text in makers[kind](next(bases), rng)]
    rng.shuffle(rows)
    return rows


def judge(rows: list[tuple[str, int, str]], found: Deduplicated) -> dict[str, float]:
    """Return the shares of pairs found, and how much was wrong."""
    right = {kind: 0 for kind in KINDS}
    wrong = 0
    for item in found.removed:
        if rows[item.row][:2] == rows[item.kept_row][:2]:
            right[rows[item.row][0]] += 1
        else:
            wrong += 1
    listed = {rows[pair.row][:2] for pair in found.review if rows[pair.row][:2] == rows[pair.other_row][:2]}
    shares = {f"{kind}/removed": count / PAIRS_PER_KIND for kind, count in right.items()}
    return {**shares, "trap/listed_for_review": len(listed) / PAIRS_PER_KIND, "removed_for_another_pair": float(wrong)}


def main() -> None:
    """Make the file, remove, judge, print, save."""
    rows = planted()
    for name in sys.argv[1:] or ["static", "bundled"]:
        started = time.perf_counter()
        found = deduplicate([text for _, _, text in rows], SentenceEmbedder(name))
        seconds = time.perf_counter() - started
        print(f"{name}: threshold {found.threshold}, expected wrong {found.expected_wrong} ({seconds:.1f} s)")
        for what, value in judge(rows, found).items():
            print(f"  {what:26} {value:.3f}")
            of_all = what == "removed_for_another_pair"
            Result(
                name=f"dedupe/{name}/{what}",
                metric="count" if of_all else "share of the pairs",
                values=(value,),
                seeds=(0,),
                settings={"threshold": found.threshold, "expected_wrong": found.expected_wrong, "whitening": "off"},
                num_examples=len(rows) if of_all else PAIRS_PER_KIND,
                seconds=seconds,
                command=f"python recipes/dedupe_traps.py {name}",
            ).save("results")


if __name__ == "__main__":
    main()
