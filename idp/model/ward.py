"""What can be wrong when somebody wants to act for a child or another person."""

from typing import ClassVar

from hub.problems import Problem


class NotHisWard(Problem):
    """The register does not say so. It never says which part of what was entered is wrong."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "The register does not confirm that you may act for this person"
    advice: ClassVar[str] = (
        "Check name and number against the paper. If they are right, bring the papers to a service counter."
    )


class NotAChild(Problem):
    """The person is fourteen or older."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This person is fourteen or older"
    advice: ClassVar[str] = (
        "From the fourteenth birthday a person has an account of his or her own, and can give a mandate."
    )


class NotOneself(Problem):
    """One's own number."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This is your own number"
    advice: ClassVar[str] = "Enter name and number of the other person."


class OrderWrong(Problem):
    """The number of an order that cannot be right, or an order that is over."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This order cannot be used"
    advice: ClassVar[str] = (
        "Enter the number as it stands on the order. If the order has run out, ask the court for a new one."
    )


class NotOfAge(Problem):
    """Whoever is not of age gives no mandate."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "Mandates are given by adults"
    advice: ClassVar[str] = "Your parents or your guardian can act for you."


class MandateWrong(Problem):
    """A mandate that cannot be given like this."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "The mandate cannot be given like this"
    advice: ClassVar[str] = "Look at the matters and the last day, then try again."
