"""What a finished sign-in hands out through the browser: a code; for clients of the policy `legacy` tokens too.

OpenID Connect Core 3.2.2.5, 3.3.2.5. Tokens in the front channel come of a grant of their own, with its row, its line in the
ledger and its notice at logout, like any other; none of them can be renewed.
"""

from datetime import datetime

from hub.house import House
from idp.model.client import Client
from idp.model.flow import Asked, SignedIn
from idp.model.grant import Code
from idp.provider import grants


def issued(house: House, asked: Asked, client: Client, signed_in: SignedIn, now: datetime) -> dict[str, str]:
    """The members of the answer."""
    return {"code": grants.give_code(house, Code.of(asked, signed_in, now), now)}
