"""The three answers and the closed set of reasons that lead to them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """The three answers. There is no fourth, and none of them is a default."""

    valid = "valid"
    not_valid = "not_valid"
    cannot_say = "cannot_say"


class Reason(StrEnum):
    """Why the answer is what it is: one closed set for pages, API, command line and documentation.

    Of several reasons for *not valid* the one that stands first here is told.
    """

    valid = "valid"
    code_in_force = "code-in-force"
    number_in_force = "number-in-force"
    document_sealed = "document-sealed"

    forged = "forged"
    altered = "altered"
    mismatch = "mismatch"
    look_alike = "look-alike"
    seal_revoked = "seal-revoked"
    unknown = "unknown"
    unregistered = "unregistered"
    wrong_edition = "wrong-edition"
    revoked = "revoked"
    replaced = "replaced"
    suspended = "suspended"
    disputed = "disputed"
    wrong_purpose = "wrong-purpose"
    expired = "expired"
    not_yet = "not-yet"

    not_sealed = "not-sealed"
    foreign = "foreign"
    damaged = "damaged"
    too_large = "too-large"
    too_long = "too-long"
    not_a_document = "not-a-document"
    no_code = "no-code"
    several_codes = "several-codes"
    not_our_code = "not-our-code"
    unreadable_code = "unreadable-code"
    newer_code = "newer-code"
    unknown_key = "unknown-key"
    mistyped = "mistyped"
    no_trust_list = "no-trust-list"
    trust_list_wrong = "trust-list-wrong"
    trust_list_old = "trust-list-old"
    no_status = "no-status"
    status_wrong = "status-wrong"
    status_old = "status-old"
    status_rolled_back = "status-rolled-back"
    no_evidence = "no-evidence"
    clock_wrong = "clock-wrong"
    browser_cannot = "browser-cannot"
    not_checked = "not-checked"

    @property
    def answer(self) -> "Answer":
        """What this reason tells the reader."""
        return ANSWERS[self]

    @property
    def verdict(self) -> Verdict:
        """The one answer that this reason leads to."""
        return ANSWERS[self].verdict


class Answer(NamedTuple):
    """One row of the answer table: the verdict, the sentence, and what the reader should do (English message ids)."""

    verdict: Verdict
    says: str
    advice: str


_V, _N, _C = Verdict.valid, Verdict.not_valid, Verdict.cannot_say
_COMPARE = "Compare the paper in your hand with what is shown below. They must be the same."
_REFUSE = "Do not accept it. Ask the holder for the original file, or ask the issuing agency."
_HOLDER = "Do not accept it now. The holder can ask the issuing agency."
_ONLINE = "Connect to the internet and try again. Until then, do not rely on it."
_PHOTO = "Fill the picture with the code, hold the camera still, or type the number printed under the code."

ANSWERS: Mapping[Reason, Answer] = {
    Reason.valid: Answer(_V, "This license is valid: genuine, and in force.", _COMPARE),
    Reason.code_in_force: Answer(
        _V,
        "The code is genuine, and its license is in force.",
        "A code can be copied onto another paper. Compare the paper in your hand with what is shown below.",
    ),
    Reason.number_in_force: Answer(
        _V,
        "A license with this number is in force.",
        "A number alone proves no paper. Compare the paper with what is shown below, or check its file or code.",
    ),
    Reason.document_sealed: Answer(
        _V,
        "This is a document sealed by the agency named below, unchanged since.",
        "It is no license. Read what it says yourself: the seal proves who sealed it and when, not that it still holds.",
    ),
    Reason.altered: Answer(_N, "This file was changed after it was sealed.", _REFUSE),
    Reason.forged: Answer(_N, "This is a forgery: the seal or signature is not genuine.", _REFUSE),
    Reason.unknown: Answer(_N, "The register knows no such license.", _REFUSE),
    Reason.unregistered: Answer(_N, "The agency's register knows no such sealed document.", _REFUSE),
    Reason.mismatch: Answer(_N, "The parts of this license contradict each other.", _REFUSE),
    Reason.not_yet: Answer(_N, "This license is not in force yet.", "Look at the first day of validity shown below."),
    Reason.suspended: Answer(_N, "This license is suspended.", _HOLDER),
    Reason.revoked: Answer(_N, "This license was revoked.", "Do not accept it. It will not become valid again."),
    Reason.expired: Answer(_N, "This license has expired.", "Do not accept it. Ask the holder for a renewed license."),
    Reason.replaced: Answer(
        _N, "This license was replaced by a newer one.", "Do not accept it. Ask the holder for the newer license."
    ),
    Reason.wrong_purpose: Answer(
        _N, "This copy was made for another purpose.", "Ask the holder for a copy that is made for you."
    ),
    Reason.disputed: Answer(_N, "This license is disputed; the agency is looking into it.", _HOLDER),
    Reason.wrong_edition: Answer(_N, "This is a test license without legal effect.", "Do not accept it."),
    Reason.look_alike: Answer(
        _N,
        "This code leads to another address that only looks like ours.",
        "Do not open it. Report it to the agency whose name stands on the paper.",
    ),
    Reason.seal_revoked: Answer(_N, "The seal had been revoked when it was used.", _REFUSE),
    Reason.not_sealed: Answer(
        _C,
        "This file carries no electronic seal. A picture of a seal proves nothing.",
        "Ask the holder for the original file, or check the code or the number instead.",
    ),
    Reason.foreign: Answer(
        _C,
        "This file is signed, but not with a seal that we can judge.",
        "Ask the service that issued it, or use the signature panel of your PDF reader.",
    ),
    Reason.damaged: Answer(
        _C, "This file is damaged or built in a way that we do not read.", "Ask the holder for the original file."
    ),
    Reason.too_large: Answer(_C, "This file is larger than we take.", "Send the original file; it is far smaller."),
    Reason.too_long: Answer(_C, "Checking this file took too long, so we stopped.", "Ask for the original file."),
    Reason.not_a_document: Answer(
        _C, "This is neither a PDF file nor a picture.", "Choose the PDF file of the license, or a photo of its code."
    ),
    Reason.no_code: Answer(_C, "No code was found in this picture.", _PHOTO),
    Reason.several_codes: Answer(
        _C, "There are several different codes in view.", "Show one code only, the one on the license."
    ),
    Reason.not_our_code: Answer(
        _C, "This is not a code of a license.", "Scan the code beside the seal, or type the number printed under it."
    ),
    Reason.unreadable_code: Answer(_C, "This code cannot be read as a license code.", _PHOTO),
    Reason.newer_code: Answer(_C, "This code is of a newer kind than this page.", "Open the page again with internet."),
    Reason.unknown_key: Answer(
        _C,
        "This code is signed with a key that we do not know.",
        "Update the trust list (open this page with internet).",
    ),
    Reason.mistyped: Answer(
        _C, "This number is mistyped: its check character does not fit.", "Compare it with the paper and type it again."
    ),
    Reason.no_trust_list: Answer(_C, "The list of trusted keys is missing.", _ONLINE),
    Reason.trust_list_wrong: Answer(_C, "The list of trusted keys is not genuine.", _ONLINE),
    Reason.trust_list_old: Answer(_C, "The list of trusted keys is too old.", _ONLINE),
    Reason.no_status: Answer(_C, "We could not learn whether this license is still in force.", _ONLINE),
    Reason.status_wrong: Answer(_C, "The list of revoked licenses is not genuine or cannot be read.", _ONLINE),
    Reason.status_old: Answer(_C, "The list of revoked licenses is too old.", _ONLINE),
    Reason.status_rolled_back: Answer(_C, "We were given an older list of revoked licenses than before.", _ONLINE),
    Reason.no_evidence: Answer(
        _C, "The file lacks the proof that its seal was good when it was used.", "Ask the holder for the original file."
    ),
    Reason.clock_wrong: Answer(
        _C, "The clock of this device seems wrong, so nothing can be said about time.", "Set the clock and try again."
    ),
    Reason.browser_cannot: Answer(
        _C,
        "This browser cannot check codes by itself.",
        "Use another browser, or send the file or type the number below.",
    ),
    Reason.not_checked: Answer(_C, "Not everything that must be checked could be checked.", _ONLINE),
}
