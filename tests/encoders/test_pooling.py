import pytest
import torch

from baihua.checks import InvalidValue
from baihua.encoders.pooling import POOLINGS, pool

EMBEDDED, FIRST, LAST = HIDDEN = torch.randn(3, 2, 5, 4)
POOLER = torch.nn.Linear(4, 4)


@pytest.mark.parametrize("name", POOLINGS)
def test_padding_changes_nothing(name):
    """Each text alone, without padding, gives what it gives in a padded batch."""
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    together = pool(name, HIDDEN, mask, POOLER)
    for row, length in enumerate((3, 5)):
        alone = pool(name, HIDDEN[:, row : row + 1, :length], None, POOLER)
        torch.testing.assert_close(together[row : row + 1], alone)


def test_what_each_pooling_is():
    torch.testing.assert_close(pool("cls", HIDDEN, None), LAST[:, 0])
    torch.testing.assert_close(pool("mean", HIDDEN, None), LAST.mean(dim=1))
    torch.testing.assert_close(pool("max", HIDDEN, None), LAST.max(dim=1).values)
    torch.testing.assert_close(pool("last", HIDDEN, None), LAST[:, -1])
    torch.testing.assert_close(pool("first_last_mean", HIDDEN, None), (FIRST.mean(1) + LAST.mean(1)) / 2)
    expected = (EMBEDDED.mean(1) + LAST.mean(1)) / 2
    torch.testing.assert_close(pool("embedding_last_mean", HIDDEN, None), expected)
    torch.testing.assert_close(pool("pooler", HIDDEN, None, POOLER), POOLER(LAST[:, 0]))
    torch.testing.assert_close(pool("pooler_tanh", HIDDEN, None, POOLER), torch.tanh(POOLER(LAST[:, 0])))


def test_a_missing_pooler_is_refused():
    with pytest.raises(InvalidValue, match="no pooler weights"):
        pool("pooler", HIDDEN, None)
