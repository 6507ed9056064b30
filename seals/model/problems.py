"""What this room refuses, each kind with its own words."""

from hub.problems import NotAllowed, NotFound, Problem, Unavailable, Way


class BadSeal(Problem):
    """The seal that was asked for cannot be drawn or made so."""

    title = "This seal cannot be made"
    advice = "Correct the value that is named here."


class BadAgency(Problem):
    """An agency without a proper code or name."""

    title = "This agency cannot be entered"
    advice = "Give the 18 characters of its unified code, and its statutory name."


class SealGlyphMissing(BadSeal):
    """No font at hand has a character of the seal."""

    title = "A character of the seal cannot be drawn"
    advice = "Check the character. If it is right, install a font that has it."


class SealStepRefused(Problem):
    """The seal's state does not allow this operation."""

    status = 409
    title = "The state of the seal does not allow this"
    advice = "Look at the seal's present state."


class SealNotInForce(Problem):
    """The seal may not be used now: it is suspended, ended, not yet in use, or its certificate has ended."""

    status = 409
    title = "This seal is not in force"
    advice = "Nothing was sealed. Ask the owner of the seal."


class NoGrant(NotAllowed):
    """Nobody has allowed this caller to use this seal for this purpose."""

    title = "You may not use this seal for this"
    advice = "Ask the owner of the seal for a grant that names you and this purpose."


class GrantBounded(NotAllowed):
    """Whoever hands a grant on gives no more than he has, and only if he may."""

    title = "This grant cannot be handed on so"
    advice = "Ask whoever gave the grant. Nothing was changed."


class LimitReached(Problem):
    """The grant's number of uses is used up for now."""

    status = 429
    title = "The limit of this seal's use is reached"
    advice = "Nothing was sealed. Wait, or ask the owner of the seal for a higher limit."


class UseSpent(Problem):
    """A use seals one record once."""

    status = 409
    title = "This use of the seal is spent"
    advice = "Reserve a new use."


class SealUnknown(NotFound):
    """There is no such seal, or none that this caller may see."""

    title = "There is no such seal"


class AgencyUnknown(NotFound):
    """There is no such agency, or none that this caller may see."""

    title = "There is no such agency"


class NotAPage(Problem):
    """What should be sealed is not a page that we make."""

    title = "This page cannot be sealed"
    advice = "Give a PDF without forms, encryption and signatures, with tagged content."


class SealingFailed(Unavailable):
    """Sealing came to nothing; no document left the house."""

    title = "Sealing failed"


class SamePerson(NotAllowed):
    """Whoever applies for a seal does not approve it; whoever did either does not make it."""

    title = "Someone else must do this"
    advice = "Ask a colleague who took no part in this seal so far."


class BadStep(Problem):
    """A step of a seal's life without what it needs."""

    title = "This step needs more words"
    advice = "Give what is named here. Nothing was changed."


class NeedsCustodian(NotAllowed):
    """Each use of a sensitive seal is confirmed by its custodian, who sees what is sealed."""

    title = "The custodian of this seal must confirm"
    advice = "Nothing was sealed. Let a custodian of the seal look at the document and confirm with a passkey."
    way = Way("/console/documents", provider=False)
    act = "Seal documents"


class NoMaker(Unavailable):
    """Seals are made where the maker's key is."""

    title = "Seals are not made here"
    advice = "The order is kept. Run `yinxin seal make-ordered` where the key of the seal maker is."


class ObjectWrong(SealingFailed):
    """The seal is not what its maker signed."""

    title = "This seal is not what its maker signed"
    advice = "Nothing was sealed. Suspend the seal, and let the operators compare the register with a backup."


class SealExists(Problem):
    """A body has one seal of its own name, and a 13-digit code belongs to one seal."""

    status = 409
    title = "Such a seal exists already"
    advice = "Cancel or replace the old seal first, or give another code."
