"""The folder of a trained model: what its encoder needs, what was learned as safetensors, and the facts as JSON."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from baihua.checks import FileProblem, InvalidValue, Mistake
from baihua.encoders.modules_writer import write_transformer_files
from baihua.encoders.transformer import TransformerEncoder
from baihua.files import replacing_folder, write_text


def not_intact(folder: str | Path, detail: str, *, zh: str, en: str) -> InvalidValue:
    """Return the mistake of a folder whose contents make no model that this version knows.

    Args:
        folder: which.
        detail: what is wrong with it.
        zh: what it should hold, in Chinese.
        en: the same in English.
    """
    return InvalidValue(
        zh=f"{folder} 不是完好的{zh}文件夹（{detail[:200]}）；请重新复制或重新训练，格式更新时请升级 baihua。",
        en=f"{folder} is not an intact {en}'s folder ({detail[:200]}). Copy or train it again, or upgrade baihua if it is of "
        "a later version.",
    )


@contextmanager
def rebuilding(folder: str | Path, damaged: Callable[[str | Path, str], InvalidValue]) -> Iterator[None]:
    """Say of whatever goes wrong while a model is put together from facts and tensors that the folder is damaged.

    Args:
        folder: where they are from.
        damaged: makes the mistake from the folder and the reason.
    """
    try:
        yield
    except Mistake:  # says already what to do
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise damaged(folder, " ".join(str(error).split())) from error


def transformer_writer(encoder: TransformerEncoder) -> Callable[[Path], None]:
    """Return what writes an encoder into a folder as transformers does, for `ModelFolder.write`."""
    return lambda folder: write_transformer_files(folder, encoder.model, encoder.tokenizer)


@dataclass(frozen=True)
class ModelFolder:
    """One kind of folder.

    Args:
        kind: the word for it among the facts.
        version: of its form; others are refused.
        facts_file: the name of the JSON file, by which a folder is known.
        tensors_file: the name of the safetensors file.
        zh: what such a folder holds, in Chinese.
        en: the same in English.
        writers: what writes such folders, for the message: in Chinese and in English.
        damaged: makes the mistake of a damaged folder from the folder and the reason, such as `not_intact` does.
    """

    kind: str
    version: int
    facts_file: str
    tensors_file: str
    zh: str
    en: str
    writers: tuple[str, str]
    damaged: Callable[[str | Path, str], InvalidValue]

    def check_free(self, folder: str | Path) -> None:
        """Refuse to write over what is no such folder; a training asks before it begins.

        Raises:
            FileProblem: when something else is there.
        """
        target = Path(folder)
        taken = target.exists() and not (target / self.facts_file).is_file()
        if taken and (not target.is_dir() or any(target.iterdir())):
            raise FileProblem(
                zh=f"{folder} 已存在，又不是{self.zh}的文件夹，不会覆盖；请换一个名字。",
                en=f"{folder} exists and holds no {self.en}, so it is not written over. Choose another name.",
            )

    def write(
        self,
        folder: str | Path,
        write_encoder: Callable[[Path], None],
        tensors: Mapping[str, Tensor],
        facts: Mapping[str, Any],
    ) -> None:
        """Write a folder, whole or not at all.

        Args:
            folder: where; one of this kind already there is replaced.
            write_encoder: writes the encoder into the folder it is given.
            tensors: what was learned beside it.
            facts: what JSON can hold.

        Raises:
            FileProblem: when it cannot be written, or something else is there.
        """
        self.check_free(folder)
        with replacing_folder(folder) as temporary:
            write_encoder(temporary)
            content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
            (temporary / self.tensors_file).write_bytes(content)
            record = {"kind": self.kind, "version": self.version, **facts}
            write_text(temporary / self.facts_file, json.dumps(record, ensure_ascii=False, indent=1) + "\n")

    def read(self, folder: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Read facts and tensors that `write` wrote.

        Raises:
            FileProblem: when a file is missing or unreadable.
            InvalidValue: when it is damaged or of a later version.
        """
        root = Path(folder)
        if not (root / self.facts_file).is_file():
            raise FileProblem(
                zh=f"{folder} 里没有 {self.facts_file}，不是{self.zh}的文件夹；请用 {self.writers[0]} 写出的文件夹。",
                en=f"{folder} has no {self.facts_file}, so it is no {self.en}'s folder. Use one written by {self.writers[1]}.",
            )
        try:
            facts = json.loads((root / self.facts_file).read_text(encoding="utf-8"))
            tensors = load((root / self.tensors_file).read_bytes())
        except OSError as error:
            reason = error.strerror or str(error)
            raise FileProblem(
                zh=f"读不了 {folder}：{reason}。请重新复制这个文件夹。",
                en=f"Cannot read {folder}: {reason}. Copy this folder again.",
            ) from error
        except (ValueError, SafetensorError) as error:
            raise self.damaged(folder, str(error)) from error
        if not isinstance(facts, dict) or facts.get("kind") != self.kind or facts.get("version") != self.version:
            raise self.damaged(folder, f"kind or version in {self.facts_file}")
        return facts, tensors
