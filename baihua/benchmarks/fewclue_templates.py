"""A cloze sentence of ours for each FewCLUE task, and the words that fill its blank, one per label.

Written from what the labels mean, before any was tried, and not chosen among others on any data. Where a task has many
labels, each has a word of two characters, all of one length, so that no word wins by being shorter; no two labels share one.
CHID has no words of its own: what fills its blank is the record's seven idioms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from baihua.benchmarks.fewclue_labels import CSLDCP, TNEWS
from baihua.benchmarks.fewclue_tasks import find_task


@dataclass(frozen=True)
class FewClueTemplate:
    """How a task is asked as a cloze.

    Args:
        template: ``{mask}`` for each character of the blank, ``{text}`` or ``{text_a}`` and ``{text_b}`` for the texts.
        words: the word of each label in the order of the task's labels, as many characters as there are masks; empty where
            the candidates of a record are the words.
        max_length: tokens to read at most. No CHID or CLUEWSC record is cut at theirs: a cut would take what stands next to
            the blank, or a marked word.
    """

    template: str
    words: Mapping[str, str] = field(default_factory=dict)
    max_length: int = 128

    @property
    def num_masks(self) -> int:
        """How many characters the blank has."""
        return self.template.count("{mask}")


# In the order of the labels of CSLDCP.
_DISCIPLINES = """
    材料 作物 口腔 药物 教育 水利 经济 食品 畜牧 体育 核能 力学 园艺 水产 法律 地质 石油 农村 通信 图书 政治 电气 海洋
    民族 航空 化学 哲学 卫生 艺术 农业 船舶 计算 冶金 交通 动力 纺织 建筑 环境 行政 数学 物理 林业 心理 历史 企业 金融
    中医 天文 机械 土木 光学 地理 土壤 生物 兵器 采矿 气象 医学 电子 测绘 控制 军事 文学 新闻 社会 地震 病虫
    """

# Of labels 0 to 118 of IFLYTEK.
_APPS = """
    打车 导航 上网 租车 同城 快递 婚庆 家政 公交 政务 社区 赚钱 魔幻 仙侠 卡牌 空战 射击 益智 动作 竞技 棋牌 养成 策略
    对战 辅助 约会 聊天 职场 论坛 相亲 情侣 社交 生活 微博 新闻 漫画 小说 技术 教辅 问答 搞笑 杂志 百科 影视 求职 兼职
    视频 短片 音乐 直播 电台 唱歌 成人 小学 考证 公考 英语 网课 大学 进修 艺术 外语 旅游 预订 航班 火车 酒店 行程 民宿
    出国 工具 儿童 母婴 驾校 违章 汽车 买车 养车 行车 租房 买房 装修 电子 挂号 养生 医疗 减肥 美妆 菜谱 餐饮 体育 健身
    支付 保险 股票 借贷 理财 彩票 记账 银行 美颜 剪辑 修图 相机 绘画 二手 电商 团购 外卖 电影 超市 购物 笔记 办公 日程
    女性 经营 收款 其他
    """

FEWCLUE_TEMPLATES = {
    "EPRSTMT": FewClueTemplate("用下来感觉很{mask}。{text}", {"Positive": "好", "Negative": "差"}),
    "CSLDCP": FewClueTemplate(
        "这是一篇研究{mask}{mask}的论文：{text}", dict(zip(CSLDCP, _DISCIPLINES.split(), strict=True))
    ),
    "TNEWS": FewClueTemplate("今天的{mask}{mask}版：{text}", TNEWS | {"116": "游戏"}),
    "IFLYTEK": FewClueTemplate(
        "这是一款{mask}{mask}软件：{text}", {str(number): word for number, word in enumerate(_APPS.split())}
    ),
    "OCNLI": FewClueTemplate(
        "{text_a}。这样看来，{text_b}，这{mask}{mask}是真的。",
        {"entailment": "一定", "neutral": "可能", "contradiction": "不会"},
    ),
    "BUSTM": FewClueTemplate("“{text_a}”和“{text_b}”，意思{mask}同。", {"0": "不", "1": "相"}),
    "CSL": FewClueTemplate("下文的关键词{mask}是{text_a}。{text_b}", {"0": "不", "1": "就"}, max_length=256),
    "CHID": FewClueTemplate("{text_a}{mask}{mask}{mask}{mask}{text_b}", max_length=192),
    "CLUEWSC": FewClueTemplate("{text_b}，这样读是{mask}的。{text_a}", {"true": "对", "false": "错"}, max_length=192),
}


def find_template(task: str) -> FewClueTemplate:
    """Return the template of a task; capitals do not matter.

    Raises:
        InvalidValue: for an unknown task, naming the nearest.

    Example:
        >>> found = find_template("tnews")
        >>> found.template, found.num_masks, found.words["103"]
        ('今天的{mask}{mask}版：{text}', 2, '体育')
    """
    return FEWCLUE_TEMPLATES[find_task(task).name]
