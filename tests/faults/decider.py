"""An officer's process: approves the cases whose numbers it is given, one after the other, until it is done or killed."""

import os
import sys

from admin import decide
from hub import clock, settings
from hub.callers import Caller
from hub.house import open_house
from tests.licenses.conftest import QIYUN

OFFICER = Caller(person="officer", level=1, place=QIYUN.place, rights=frozenset({"see", "cases"}))


def main() -> None:
    house = open_house(settings.read())
    for number in sys.argv[1:]:
        decide.approve(house, number, caller=OFFICER, now=clock.now())
        os.write(1, f"approved {number}\n".encode())


if __name__ == "__main__":
    main()
