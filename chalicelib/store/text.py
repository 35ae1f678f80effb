"""Names as texts to sort by and to search by."""

import re
import unicodedata
from collections.abc import Iterable

FOLDED = 200  # characters of a name in a sort key: with an id, well below DynamoDB's 1,024 bytes
START = 100  # characters of a name from the start of a word on
MAX_STARTS = 24
"""Places in one name where a search can begin. Later words are not found."""

_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ł": "l"}
    | {"ŋ": "n", "þ": "th", "ŧ": "t"}
)
"""Letters that Unicode does not decompose, as they are typed without them. Casefold knows ß."""

_ACCENTS = {1, *range(10, 37), *range(200, 241)}
"""Unicode's combining classes of accents and of Hebrew and Arabic points.

The marks of other scripts, such as the vowels of Hindi and Thai, are parts of words.
"""

_APOSTROPHES = set("'`\u02bb\u02bc\u2018\u2019\u2032")

_WITHOUT_SPACES = (
    ("\u0e00", "\u0eff"),  # Thai, Lao
    ("\u1000", "\u109f"),  # Burmese
    ("\u1780", "\u17ff"),  # Khmer
    ("\u3005", "\u3007"),  # Han
    ("\u3040", "\u30ff"),  # Kana
    ("\u31f0", "\u31ff"),
    ("\u3400", "\u4dbf"),  # rare Han
    ("\u4e00", "\u9fff"),  # Han
    ("\uac00", "\ud7af"),  # Hangul
    ("\U00020000", "\U0003ffff"),  # rare Han
)
"""The first and last characters of scripts that write names without spaces.

A word may start at each of them. As a pattern, they would take 2 % of a cold start to compile.
"""


def fold(name: str) -> str:
    """Return a name without case, accents and repeated spaces."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in decomposed if unicodedata.combining(c) not in _ACCENTS)
    # Again: a decomposed character, such as ™, can have capital letters.
    letters = bare.casefold().translate(_LETTERS)
    return unicodedata.normalize("NFC", " ".join(letters.split()))


def sorted_by(name: str) -> str:
    """Return the text that a name is sorted by."""
    return fold(name)[:FOLDED]


def starts(names: Iterable[str]) -> list[str]:
    """Return the folded names from each place on where one of their words starts.

    A word starts after a space or a symbol, after an apostrophe, and at every character of a
    script without spaces. `O'Hara` is `ohara` and `hara`. Of each name, the first MAX_STARTS count.
    """
    found: dict[str, None] = {}
    for name in names:
        text, places = _words(name)
        found |= dict.fromkeys(text[place : place + START].rstrip() for place in places)
    return list(found)


def search_words(search: str) -> list[str]:
    """Return the folded words of a search, without those with which another one begins."""
    words = {word[:START] for word in _words(search)[0].split(" ") if word}
    return sorted(w for w in words if not any(o != w and o.startswith(w) for o in words))


def first_word(start: str) -> str:
    """Return the word at the beginning of one of `starts`."""
    return start.partition(" ")[0]


def _words(name: str) -> tuple[str, list[int]]:
    """Return the words of a name with spaces between them, and the places where words start.

    A name of symbols only, such as `…`, keeps them.
    """
    folded = fold(name)
    text, places, is_start = "", [], True
    for character in folded:
        if character in _APOSTROPHES:
            is_start = True
        elif not _is_in_word(character):
            text += " " if text and not text.endswith(" ") else ""
            is_start = True
        else:
            is_alone = _is_alone(character)
            if (is_start or is_alone) and not _is_mark(character):
                places.append(len(text))
            text += character
            is_start = is_alone
    if not text:
        text, places = folded, [m.start() for m in re.finditer(r"\S+", folded)]
    return text, places[:MAX_STARTS]


def _is_alone(character: str) -> bool:
    return character >= "\u0e00" and any(
        first <= character <= last for first, last in _WITHOUT_SPACES
    )


def _is_in_word(character: str) -> bool:
    return character.isalnum() or _is_mark(character)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
