"""Evidence for later, in revisions after the sealed one: revocation data (DSS), and time-stamps over the whole document.

The sealed revision stays octet for octet what it was, so the document keeps its identity; PAdES counts such updates as none
(EN 319 142-1 5.5, ISO 32000-2 12.8.2.2.2). The last stamp is renewed before its certificate ends.
"""

from collections.abc import Callable

from seals import cms
from seals import sealing_page as pages
from seals.model import Evidence, NotAPage, SealingFailed
from seals.sealing_page import Gap

FIELD = "Evidence"
LABEL = "存档时间戳 archive time-stamp"
TOKEN_ROOM = 3072  # bytes kept free for a token with its certificate; ours takes about half
STAMP = b"/Type /DocTimeStamp\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.RFC3161"


def archived(pdf: bytes, evidence: Evidence, stamp: Callable[[bytes], bytes]) -> bytes:
    """A document at level B-LTA: with its evidence, and a time-stamp over all of it. `stamp` gives a token for an imprint."""
    return with_archive_stamp(with_evidence(pdf, evidence), stamp)


def with_evidence(pdf: bytes, evidence: Evidence) -> bytes:
    """One more revision with certificates and revocation data that the document does not have yet. Raises NotAPage."""
    writer = pages.written_on(pdf)
    try:
        parts = {"/Certs": evidence.certificates, "/OCSPs": evidence.ocsps, "/CRLs": evidence.crls}
        pages.add_evidence(writer, parts)
        return bytes(writer.finished())
    except Exception as error:  # pyHanko lets KeyError, TypeError and AttributeError through on damaged files
        raise NotAPage("The document is damaged or not of our making") from error


def with_archive_stamp(pdf: bytes, stamp: Callable[[bytes], bytes]) -> bytes:
    """One more revision with a time-stamp over everything before it.

    Raises NotAPage, SealingFailed for a token over something else, and whatever the time-stamper raises.
    """
    writer = pages.written_on(pdf)
    try:
        page, gap = writer.page(1), Gap(STAMP, TOKEN_ROOM)
        fields = len(writer.root["/AcroForm"]["/Fields"]) if "/AcroForm" in writer.root else 0
        widget, signature = writer.allocate_placeholder(), writer.add_object(gap)
        more = b"/V %s\n" % pages.named(signature)
        pages.add_field(writer, f"{FIELD}{fields}", LABEL, page, pages.NOWHERE, more, widget)
        made = writer.finished()
    except NotAPage:
        raise
    except Exception as error:
        raise NotAPage("The document is damaged or not of our making") from error
    wanted = gap.close(made, "sha256")
    token = stamp(wanted)
    if cms.imprint(token) != wanted or len(token) > TOKEN_ROOM:
        raise SealingFailed("The time-stamp is not over this document")
    made[gap.start : gap.start + 2 * len(token)] = token.hex().upper().encode()
    return bytes(made)
