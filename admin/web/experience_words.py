"""The words of the experience board."""

from admin.model.experience import Speed
from hub.i18n import N_, _

FLOWS = {
    "login": N_("Signing in"),
    "realname": N_("Proving the real name"),
    "issue": N_("Issuing a license"),
    "verification": N_("Checking a license"),
}
STEPS = {
    ("login", "begun"): N_("A service sent somebody to sign in"),
    ("login", "shown"): N_("Sign-in page shown"),
    ("login", "tried"): N_("Password or passkey sent"),
    ("login", "wrong"): N_("Refused: wrong or too often"),
    ("login", "second-factor"): N_("Second factor asked"),
    ("login", "consent-shown"): N_("Consent page shown"),
    ("login", "returned"): N_("Returned to the service"),
    ("login", "at-once"): N_("Signed in at once, without any page"),
    ("realname", "begun"): N_("Form shown"),
    ("realname", "matched"): N_("Name and number match"),
    ("realname", "not-matched"): N_("Name and number do not match"),
    ("realname", "later"): N_("Register away: try later"),
    ("realname", "live-begun"): N_("Live check begun"),
    ("realname", "live-passed"): N_("Live check passed"),
    ("realname", "live-failed"): N_("Live check not passed"),
    ("issue", "intended"): N_("Number reserved"),
    ("issue", "issued"): N_("License issued"),
    ("issue", "voided"): N_("Ended without a license"),
    ("verification", "opened"): N_("Page opened"),
    ("verification", "asked"): N_("Question asked"),
    ("verification", "asked", "uploaded"): N_("with a file or a photo"),
    ("verification", "asked", "typed"): N_("with a number"),
    ("verification", "asked", "scanned"): N_("with a code, by a program"),
    ("verification", "answered"): N_("Answer given"),
    ("verification", "answered", "valid"): N_("Valid"),
    ("verification", "answered", "not_valid"): N_("Not valid"),
    ("verification", "answered", "cannot_say"): N_("Cannot say"),
}
SHORT = {  # a step as it is named in "87% of ..."
    "begun": N_("all begun"),
    "tried": N_("all sent"),
    "live-begun": N_("all live checks begun"),
    "intended": N_("all reserved"),
    "asked": N_("all asked"),
    "answered": N_("all answered"),
}
GROUPS = {
    "login": N_("Signing in"),
    "realname": N_("Proving the real name"),
    "account": N_("Account"),
    "verification": N_("Checking a license"),
    "issue": N_("Programs that issue"),
    "wallet": N_("Wallet"),
    "my": N_("My matters"),
    "casework": N_("Applications"),
    "desk": N_("Questions and reports"),
    "assessment": N_("Assessment"),
    "services": N_("Service items"),
    "sharing": N_("Data sharing"),
    "console": N_("Console"),
    "portal": N_("Portal"),
    "certs": N_("Certificates and revocation"),
    "none": N_("No such address"),
}
SPEEDS = {
    "LCP": N_("Main content shown (LCP)"),
    "INP": N_("Answer to a touch (INP)"),
    "CLS": N_("Layout shift (CLS)"),
    "FCP": N_("First content shown (FCP)"),
    "TTFB": N_("First byte (TTFB)"),
}
GRADES = {"good": (N_("good"), "ok"), "fair": (N_("needs work"), "unsure"), "poor": (N_("poor"), "bad")}
PERIODS = {"hour": N_("Last hour"), "day": N_("Last 24 hours"), "week": N_("Last 7 days")}
DEVICES = {"phone": N_("Phone"), "tablet": N_("Tablet"), "desktop": N_("Desktop"), "program": N_("Program")}
FEW = "<10"


def step(flow: str, name: str, outcome: str = "") -> str:
    """What a step, or an outcome of it, is called."""
    return _(STEPS[(flow, name, outcome) if outcome else (flow, name)])


def group(name: str) -> str:
    """What a group of pages is called; one that has no words yet, by its name in the house."""
    return _(GROUPS[name]) if name in GROUPS else name


def language(code: str) -> str:
    """A language in its own name."""
    return {"zh-Hans": "中文", "en": "English"}.get(code) or _("None")


def count(number: int | None) -> str:
    """A number with spaces between thousands, or that there were few."""
    return FEW if number is None else f"{number:,}".replace(",", "\u202f")


def percent(share: float | None) -> str:
    """A share in percent; a dash where it cannot be told. Never 100% or 0% by rounding alone."""
    if share is None:
        return "–"
    text = f"{share:.1%}"
    if text == "100.0%" and share < 1:
        text = ">99.9%"
    if text == "0.0%" and share > 0:
        text = "<0.1%"
    return text.replace(".0%", "%")


def time(milliseconds: float) -> str:
    """A time in the unit in which it is read best."""
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def speed(speed: Speed, value: float) -> str:
    """A value of a speed with its unit; layout shift has none."""
    return time(value) if speed.unit == "ms" else f"{value / 1000:.3f}".rstrip("0").rstrip(".") or "0"
