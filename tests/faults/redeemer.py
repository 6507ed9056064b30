"""A process that redeems codes and refresh tokens when it is told to. Run by test_two_redeemers.py."""

import sys

from hub import clock, settings
from hub.house import open_house
from idp.model.flow import Refused
from idp.provider import clients, grants


def main(client_id: str) -> None:
    """Answer each line `code VALUE` or `refresh VALUE` with the refresh token it gave, or the error."""
    house = open_house(settings.read())
    client = clients.known(house, client_id, clock.now())
    assert client
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.stdout.write("said ready\n")
    for line in sys.stdin:
        what, value = line.split()
        now = clock.now()
        try:
            if what == "code":
                given = grants.redeem(house, value, grants.find_code(house, value, client, now), client, now)
            else:
                given = grants.refresh(house, value, client, None, now)
            sys.stdout.write(f"said {given.refresh_token}\n")
        except Refused as refusal:
            sys.stdout.write(f"said {refusal.error}\n")


if __name__ == "__main__":
    main(sys.argv[1])
