"""The options of the verbs that train, use and judge a classifier."""

from typing import Annotated

import typer

from baihua.cli.help import both

Classifier = Annotated[
    str,
    typer.Argument(
        metavar="DIR",
        help=both(zh="baihua train classify 写出的文件夹。", en="The folder that baihua train classify wrote."),
    ),
]
File = Annotated[
    str,
    typer.Argument(
        metavar="TRAIN",
        help=both(
            zh="表格（.csv .tsv .xlsx .jsonl），一列文本（或成对的两列）、一列标签。",
            en="A table (.csv .tsv .xlsx .jsonl) with a column of texts, or two of pairs, and one of labels.",
        ),
    ),
]
Dev = Annotated[
    str | None,
    typer.Option(
        "--dev",
        metavar="FILE",
        help=both(
            zh="留作验证的表：在它上面打分、校准概率，训练的方法留下最好的一遍，并定下多有把握才作答。",
            en="A table held aside: scored, probabilities are calibrated on it, methods that train keep their best epoch, and it "
            "says how sure is sure enough to answer.",
        ),
    ),
]
Unlabeled = Annotated[
    str | None,
    typer.Option(
        "--unlabeled",
        metavar="FILE",
        help=both(
            zh="更多没有标签的同类文本的表；要训练的提示方法（pet、p_tuning、prefix_tuning）也从它们学。",
            en="A table of more texts of the kind, without labels; the prompts that train (pet, p_tuning, prefix_tuning) learn from "
            "them too.",
        ),
    ),
]
Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        help=both(zh="分类器写到哪个文件夹。", en="The folder to write the classifier to."),
    ),
]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="auto|linear|fine_tune|contrastive|zero_shot|pet|p_tuning|prefix_tuning",
        help=both(
            zh="auto 按例子的多少选；linear 不动编码器，几秒；fine_tune 训练整个编码器；contrastive 先两两比较再学；其余用语言模型填空："
            "zero_shot 不训练，pet 训练模型，p_tuning 与 prefix_tuning 学软词元。",
            en="auto goes by the number of examples; linear leaves the encoder as it is, seconds; fine_tune trains the encoder; "
            "contrastive compares texts first; the others let a language model fill in a blank: zero_shot trains nothing, pet the "
            "model, p_tuning and prefix_tuning soft tokens.",
        ),
    ),
]
Compare = Annotated[
    bool,
    typer.Option(
        "--compare",
        help=both(
            zh="在这些文本上交叉验证各种方法，列出来，用推荐的一种训练。",
            en="Cross-validate the methods on these texts, list them, and train with the one recommended.",
        ),
    ),
]
Tune = Annotated[
    str | None,
    typer.Option(
        "--tune",
        metavar="prompt|all",
        help=both(
            zh="提示的方法训练什么：prompt 只学软词元，all 连模型一起；不给则 pet 是 all，其余是 prompt。",
            en="What methods with prompts train: prompt for the soft tokens alone, all for the model too; else all for pet, prompt "
            "for the others.",
        ),
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        "--template",
        metavar="T",
        help=both(
            zh="提示的模板，如 '{mask}满意。{text}' 或 '{soft:4}{mask}{soft:4}{text}'。",
            en="The template of a prompt, such as '{mask}满意。{text}' or '{soft:4}{mask}{soft:4}{text}'.",
        ),
    ),
]
WordsOfLabels = Annotated[
    list[str] | None,
    typer.Option(
        "--words",
        metavar="LABEL=WORD,WORD",
        help=both(
            zh="提示里一个标签的词，每个标签给一次；learned 为学出来的词；不给则用标签本身，或由模型挑。",
            en="The words of a label in a prompt, once for each label; learned to learn them; else the labels themselves, or words "
            "the model chooses.",
        ),
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        metavar="N",
        help=both(
            zh="fine_tune 与提示学几遍；不给则至少 10，例子少时更多。",
            en="Epochs of fine_tune and of prompts; else 10, or more where examples are few.",
        ),
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", metavar="B", help=both(zh="每批几条；不给则 16。", en="Texts of a batch; else 16.")),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--learning-rate",
        metavar="R",
        help=both(
            zh="编码器的最高学习率；不给则看方法与宽度。",
            en="The encoder's highest learning rate; else by method and width.",
        ),
    ),
]
MaxLength = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        metavar="N",
        help=both(
            zh="训练时一条最多几个词元；不给则 256，提示 128。",
            en="Tokens of a text in training; else 256, or 128 with a prompt.",
        ),
    ),
]
Folds = Annotated[
    int, typer.Option("--folds", metavar="K", help=both(zh="--compare 分几份。", en="Folds of --compare."))
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]
Checkpoints = Annotated[
    str | None,
    typer.Option(
        "--checkpoints",
        metavar="FOLDER",
        help=both(
            zh="检查点放在哪里；训练中断之后，同样的命令从那里接着来。",
            en="Where checkpoints go; after an interruption the same command goes on from there.",
        ),
    ),
]
