"""What cannot be done with a service in the console."""

from hub.problems import Problem


class ClientFixed(Problem):
    """The service is not in the state that this step needs, or is looked after elsewhere."""

    status = 409
    title = "The service is not in the state for this"
    advice = (
        "Load its page again. A service of a service item is changed there; the policy legacy is left to operators."
    )
