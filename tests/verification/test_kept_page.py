"""A page that was kept on a phone, and keys that changed meanwhile: it says that it cannot say, never that a paper is forged."""

import json
import subprocess
from datetime import timedelta

from playwright._impl._driver import compute_driver_executable

import app as front
from certs import roll, rollover, trust
from tests.verification.desk import Desk
from verification.model import Reason, Verdict
from verification.web import STATIC

NODE, _ = compute_driver_executable()  # the browser's tests bring it along
PAGE = """
const { readTrustList } = await import(process.argv[1]);
let text = ""; for await (const part of process.stdin) text += part;
const { tokens, pinned, now } = JSON.parse(text);
const told = [];
for (const token of tokens)
  try { await readTrustList(token, pinned, now); told.push("read"); } catch (error) { told.push(error.reason); }
process.stdout.write(JSON.stringify(told));
"""


def reads(tokens: list[str], pinned: list[dict[str, str]], desk: Desk) -> list[str]:
    """What the page's own script says to each list."""
    given = {"tokens": tokens, "pinned": pinned, "now": int(desk.now.timestamp()) + 5}
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", PAGE, (STATIC / "signed.js").as_uri()],
        input=json.dumps(given), capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    found: list[str] = json.loads(done.stdout)
    return found


def pins(desk: Desk) -> list[dict[str, str]]:
    return [dict(desk.house.keys.jwk(name)) for name in desk.house.keys.named("trust-list")]


def test_a_kept_page_meets_a_list_under_a_newer_key(own_desk: Desk) -> None:
    house, before = own_desk.house, trust.trust_list(own_desk.house, own_desk.now)
    kept = pins(own_desk)
    rollover.rollover(house, own_desk.now, by="test")
    roll.roll(house, "trust-list", own_desk.now, by="test")
    after = trust.trust_list(house, own_desk.now + timedelta(seconds=2))
    assert reads([before, after], kept, own_desk) == ["read", "trust-list-wrong"]
    assert Reason.trust_list_wrong.verdict is Verdict.cannot_say
    assert reads([before, after], pins(own_desk), own_desk) == ["read", "read"], (
        "the page as it is served now reads both"
    )


def test_the_service_worker_is_new_as_soon_as_the_keys_are(own_desk: Desk) -> None:
    made = front.create_app(own_desk.house.settings, rooms=("verification",), house=own_desk.house)
    client = made.test_client()
    before = client.get("/sw.js").get_data()
    roll.roll(own_desk.house, "trust-list", own_desk.now, by="test")
    assert client.get("/sw.js").get_data() != before
