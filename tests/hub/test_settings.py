"""What an installation calls itself: in both languages, in a form that fits a header, a mail's subject and a text message."""

import pytest

from hub import settings
from hub.settings import LONGEST_NAME, BadSetting

NAMES = {"site_name": "澜海省统一身份认证平台", "site_name_en": "Lanhai Sign-in"}


def test_it_has_a_name_of_its_own_in_both_languages() -> None:
    read = settings.read(profile="demo", **NAMES)
    assert [read.called(language) for language in ("zh-Hans", "en")] == list(NAMES.values())
    plain = settings.read(profile="demo")
    assert [plain.called(language) for language in ("zh-Hans", "en")] == ["印信", "Yinxin"]


@pytest.mark.parametrize("name", ["", " ", "n" * (LONGEST_NAME + 1), "Lanhai\r\nBcc: all@gov.example", "a\u202eb"])
def test_a_name_that_does_not_fit_or_writes_headers_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="SITE_NAME_EN"):
        settings.read(profile="demo", **NAMES | {"site_name_en": name})


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_one_language_alone_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="go together"):
        settings.read(profile="demo", **{name: NAMES[name]})
