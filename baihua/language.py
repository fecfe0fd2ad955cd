"""Which of the two languages a sentence is said in.

Every sentence a user sees stands in the code twice, in Chinese and in English, at the place where it is
needed: ``say(zh="…", en="…")``. The language is `set_language` if it was called, else the environment
variable ``BAIHUA_LANG``, else the locale. Keys, exit codes and the contents of files never depend on it.
"""

import os

LANGUAGES = ("zh", "en")

_chosen: str | None = None


def set_language(name: str | None) -> None:
    """Choose the language of every later sentence, or with None go back to the environment's.

    Args:
        name: ``"zh"``, ``"en"`` or None.

    Raises:
        ValueError: for any other name.
    """
    global _chosen
    if name is not None and name not in LANGUAGES:
        raise ValueError(f"语言只有 'zh' 与 'en'，收到 {name!r}。 / Expected 'zh' or 'en', but received {name!r}.")
    _chosen = name


def language() -> str:
    """Return ``"zh"`` or ``"en"``, the language sentences are said in now."""
    if _chosen is not None:
        return _chosen
    for variable in ("BAIHUA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(*, zh: str, en: str) -> str:
    """Return the sentence in the current language.

    Example:
        >>> set_language("en")
        >>> say(zh="你好", en="hello")
        'hello'
        >>> set_language(None)
    """
    return zh if language() == "zh" else en
