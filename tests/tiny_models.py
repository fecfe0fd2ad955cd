"""Tiny random models made on the spot, with no download."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

CHARACTERS = (
    "手机充不进电怎么办如何退款钱今天气很好坏的了是我你他在有人这中大来上国和地到以说时要就出会也们生年，。？！"
)


def write_tokenizer(folder: Path, max_length: int = 32) -> None:
    """A character tokenizer with the special tokens of BERT."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(CHARACTERS)]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    config = {f"{name}_token": token for name, token in special.items()}
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": max_length}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def make_bert(folder: Path, kind: str = "BertModel", **settings) -> torch.nn.Module:
    """Save a tiny random BERT (3 layers × 16) with its tokenizer and return the model."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    sizes |= {"max_position_embeddings": 32} | settings
    write_tokenizer(folder, sizes["max_position_embeddings"])
    config = transformers.BertConfig(vocab_size=100, **sizes)
    torch.manual_seed(1)
    model = getattr(transformers, kind)(config).eval()
    for parameter in model.parameters():  # the usual initialisation is too small to tell poolings apart
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    return model
