"""A saved embedder is loaded by LangChain's own class for Hugging Face models, where LangChain is installed."""

import numpy as np
import pytest

from baihua import SentenceEmbedder


@pytest.mark.filterwarnings("ignore")  # theirs
def test_langchain_gives_the_same_vectors(tmp_path):
    pytest.importorskip("sentence_transformers")
    langchain = pytest.importorskip("langchain_huggingface")
    texts = [f"{what}怎么{how}" for what in ("退款", "地址", "发票", "会员") for how in ("办", "改", "查", "取消")]
    embedder = SentenceEmbedder("bundled").fit_whitening(texts * 4, n_components=8)
    embedder.save(tmp_path / "saved")
    theirs = langchain.HuggingFaceEmbeddings(model_name=str(tmp_path / "saved"))
    np.testing.assert_allclose(theirs.embed_documents(texts), embedder.encode(texts), atol=1e-5)
    np.testing.assert_allclose(theirs.embed_query(texts[0]), embedder.encode(texts[:1])[0], atol=1e-5)
