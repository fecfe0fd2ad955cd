"""The stop of the tour that fills in a blank: reviews told apart without an example, and with learned tokens from twelve."""

from collections.abc import Mapping

import numpy as np

from baihua.language import say
from baihua.studies.tour.part import TourPart
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.settings import PromptSettings

GOOD, BAD = "好评", "差评"
WORDS = {GOOD: "很", BAD: "不"}
PATTERN = "{mask}满意。{text}"
SOFT = "{soft:4}{mask}满意。{soft:4}{text}"
SETTINGS = PromptSettings(epochs=1, least_steps=60, max_length=48)  # over in some seconds
# Written for the tour: six of each kind to learn from, six of each to ask about.
LEARNED = {
    GOOD: (
        "面条劲道，汤也很鲜",
        "房间干净，前台热情",
        "物流很快，包装完好",
        "音质清楚，续航也长",
        "老师讲得细，孩子听得懂",
        "师傅准时上门，修得利索",
    ),
    BAD: (
        "汤是凉的，肉也不新鲜",
        "隔音太差，一夜没睡好",
        "等了一周才发货，还发错了",
        "用了两天就坏，退货没人理",
        "教室又挤又闷，听不清讲什么",
        "约好上午来，晚上才到，还乱收费",
    ),
}
HELD = {
    GOOD: (
        "烤鱼香，分量足，下次还来",
        "靠近地铁，床很舒服",
        "颜色和图片一样，大小合适",
        "屏幕清晰，玩游戏不卡",
        "医生耐心，检查很仔细",
        "司机礼貌，车里很干净",
    ),
    BAD: (
        "米饭夹生，菜里还有头发",
        "空调坏了，热得睡不着",
        "衣服掉色，洗一次就变形",
        "充电慢，发热严重，后悔买了",
        "排队三小时，看病两分钟",
        "绕路多收钱，态度恶劣",
    ),
}


def few_shot_part() -> TourPart:
    """Tell reviews apart with no example, then learn soft tokens from twelve with the model frozen, and show what is said."""
    learned, labels = _listed(LEARNED)
    held, right = _listed(HELD)
    zero_shot = PromptClassifier(verbalizer=WORDS, template=PATTERN, method="zero_shot", device="cpu")
    tuned = PromptClassifier(verbalizer=WORDS, template=SOFT, settings=SETTINGS, device="cpu")
    tuned.fit(learned, labels, show_progress=False)
    first, then = zero_shot.evaluate(held, right).accuracy, tuned.evaluate(held, right).accuracy
    num_trained = tuned.report.num_trained if tuned.report else 0
    chances = tuned.predict_proba(held)
    words = ", ".join(f"{label} = {word[0]}" for label, word in tuned.words.items())
    lines = [
        say(zh=f"不用一条标注，模板 {PATTERN}，{words}：", en=f"Without a label, template {PATTERN}, {words}: ")
        + say(
            zh=f"{len(held)} 条里对 {first * len(held):.0f} 条。", en=f"{first * len(held):.0f} of {len(held)} right."
        ),
        say(
            zh=f"从 {len(learned)} 条标注学 {num_trained:,} 个数（模型不动），模板 {SOFT}："
            f"同样这 {len(held)} 条（都没有学过）里对 {then * len(held):.0f} 条：",
            en=f"From {len(learned)} labels {num_trained:,} numbers are learned, the model left as it is, template {SOFT}: "
            f"{then * len(held):.0f} right of the same {len(held)}, none of which it has learned from:",
        ),
    ]
    for text, wanted, row in zip(held, right, chances, strict=True):
        said = tuned.labels[int(np.argmax(row))]
        lines.append(f"  {'*' if said == wanted else ' '} {row.max():.2f}  {said}  {text}")
    lines.append(
        say(
            zh="* 为答对，数字是概率。自己的文本：baihua train classify；论断：baihua study ptuning",
            en="* marks a right answer, numbers are probabilities. On your own text: baihua train classify; the claims: baihua "
            "study ptuning",
        )
    )
    title = say(zh="填空分类，标注很少也行", en="Classifying by filling in a blank, from few labels or none")
    return TourPart(title, lines, {"zero_shot_accuracy": first, "p_tuning_accuracy": then})


def _listed(reviews: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]]:
    """Return reviews and the label of each."""
    pairs = [(text, label) for label, texts in reviews.items() for text in texts]
    return [text for text, _ in pairs], [label for _, label in pairs]
