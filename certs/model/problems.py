"""What the trust service refuses."""

from hub.problems import NotFound, Problem, Unavailable


class SubjectWrong(Problem):
    """A name or number that must not stand in a certificate."""

    status = 422
    title = "This name cannot stand in a certificate"
    advice = "Give the statutory name (64 characters at most) and the 18 characters of the unified code."


class KeyWrong(Problem):
    """A public key that must not stand in a certificate."""

    status = 422
    title = "This key cannot stand in a certificate"
    advice = "Make a key of the kind P-256, P-384 or RSA-3072."


class CsrWrong(Problem):
    """A request for a certificate that proves nothing, or names nobody."""

    status = 422
    title = "This request for a certificate cannot be taken"
    advice = "Make it anew: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout KEY -out REQUEST -subj /"


class ProfileUnknown(NotFound):
    """There is no such kind of certificate."""

    title = "There is no such kind of certificate"


class CertificateUnknown(NotFound):
    """We never issued a certificate of this serial number."""

    title = "There is no such certificate"
    advice = "Compare the serial number with the certificate, digit by digit."


class AlreadyRevoked(Problem):
    """A certificate ends once."""

    status = 409
    title = "This certificate has been revoked already"
    advice = "Nothing needs to be done: revocation is final."


class ReasonWrong(Problem):
    """A reason or moment that cannot be given for this revocation."""

    status = 422
    title = "This certificate cannot be revoked in this way"
    advice = "Give one of the reasons that are listed, and a moment that is not in the future."


class LintFound(Problem):
    """What was about to be signed breaks a rule; nothing was signed."""

    status = 500
    title = "The certificate would break a rule and was not signed"
    advice = "Nothing was issued. Correct what is named here and try again."


class DraftWrong(Problem):
    """What is to be signed is not what was linted and written down, or has been signed before."""

    status = 409
    title = "This certificate was not prepared, or was issued before"
    advice = "Prepare it again: it gets a new serial number."


class PlanWrong(Problem):
    """The plan of a ceremony that cannot be carried out."""

    status = 422
    title = "This plan of a ceremony cannot be carried out"
    advice = "Correct what is named here, and have the plan reviewed again: yinxin ceremony dry-run."


class CeremonyRefused(Problem):
    """A ceremony that does not begin, or does not go on."""

    status = 409
    title = "The ceremony does not go on"
    advice = "What was done stands in the transcript. Set right what is named here and give the command again."


class TranscriptWrong(Problem):
    """The transcript of a ceremony is not as it was written."""

    status = 409
    title = "The transcript of the ceremony is not as it was written"
    advice = "Compare it with the copies that the two people took. A ceremony does not go on with a changed transcript."


class ShareWrong(Problem):
    """Shares of a passphrase that give nothing back."""

    status = 422
    title = "These shares do not open the root"
    advice = "Type each share as it is printed, and bring as many different ones of the same ceremony as it asks for."


class RollRefused(Problem):
    """A certificate that does not get its successor in this way."""

    status = 409
    title = "This certificate gets no successor in this way"
    advice = "Roll over issuing-ca, service-ca, time-stamp, ocsp-signer, trust-list or maker."


class WrongMediaType(Problem):
    """The body is not of the kind that this address takes."""

    status = 415
    title = "This kind of content is not taken here"
    advice = "Set the Content-Type that is named here."


class NoAuthority(Unavailable):
    """The certificate or key that must answer is missing, expired or revoked."""

    title = "The trust service cannot answer just now"
    advice = "Run `yinxin init`, or ask the operator of the trust service."


class ListStale(Unavailable):
    """A revocation list has ended, and nobody can sign its successor."""

    title = "A list of revoked certificates is out of date"
    advice = "Ask the operator of the trust service: the list must be signed anew, or its authority has ended."
