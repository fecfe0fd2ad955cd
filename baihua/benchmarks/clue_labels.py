"""The labels of the CLUE tasks that FewCLUE does not have, or calls otherwise, in their official order.

Sources: ``label_desc`` in the files of TNEWS, the README of https://github.com/CLUEbenchmark/CLUENER2020, and ``labels.json`` of
https://github.com/CLUEbenchmark/DataCLUE.
"""

from baihua.benchmarks.fewclue_labels import TNEWS

NLI = {"entailment": "蕴含", "neutral": "中立", "contradiction": "矛盾"}
UNDECIDED = "-"  # of OCNLI and CMNLI, where annotators did not agree

_TNEWS_DESCRIPTIONS = """
    story culture entertainment sports finance house car edu tech military travel world stock agriculture game
    """
TNEWS_DESCRIPTIONS = dict(zip(TNEWS, (f"news_{name}" for name in _TNEWS_DESCRIPTIONS.split()), strict=True))

# DataCLUE numbers the classes of TNEWS anew, from 0.
_DATACLUE = """
    教育 财经 房产 旅游 科技 体育 电竞 文化 汽车 故事 娱乐 军事 农业 国际 股票
    """
_NUMBERS = {name: label for label, name in TNEWS.items()}
TNEWS_OF_DATACLUE = {str(number): _NUMBERS[name] for number, name in enumerate(_DATACLUE.split())}

CLUENER_TYPES = {
    "address": "地址",
    "book": "书名",
    "company": "公司",
    "game": "游戏",
    "government": "政府",
    "movie": "电影",
    "name": "姓名",
    "organization": "组织机构",
    "position": "职位",
    "scene": "景点",
}
