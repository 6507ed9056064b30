"""A province asks a city for data: two officers of the city agree, the citizen allows it, and sees every use with its proof."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yinxin.proof import NotProved, check_proof
from yinxin.tour.browser import Astray

if TYPE_CHECKING:
    from yinxin.tour.story import Story

ENTRY = "E-credit"  # of the demo's catalogue: answered by the platform of department A
ITEM = "11880000DEM000137K-0001"
PURPOSE = "To see whether the company reported in time before a benefit is paid"
PATIENCE = 10.0  # seconds within which the ledger must have signed its next head


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter."""
    shared = Shared(story)
    return (
        ("A province asks a city for data; two officers of the city agree", shared.agree),
        ("The citizen reads what for, and allows it; only that is told", shared.use),
        ("The citizen sees who used the data, and checks the proof", shared.prove),
        ("withdraws: the next call is refused", shared.withdraw),
    )


class Shared:
    """One grant, from the request to the withdrawal."""

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.grant = ""

    def agree(self) -> str:
        """The province's officer asks; the city's first officer agrees, its second one approves."""
        story, hub = self.story, self.story.sites.hub
        province, first, second = (story.officers[one] for one in ("yunlan.shuju", "qiyun.jingban", "qiyun.fuhe"))
        province.open(f"{hub}/console/sharing/ask/{ENTRY}?lang=en")
        until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        province.submit(
            "item",
            fields=["credit_grade", "last_report", "contact"],
            client="demo-yunlan",
            item=ITEM,
            purpose="发放补贴前核对企业是否按时报送年报",
            purpose_en=PURPOSE,
            basis="《云岚省惠企补贴办法（演示）》第六条",
            per_day="50",
            until=until,
        )
        self.grant = province.path.rpartition("/")[2]
        story.must(self.grant.startswith("G-"), f"the request has a number, not {province.where}")
        page = f"{hub}/console/sharing/requests/{self.grant}?lang=en"
        first.open(page)
        first.submit("decision", decision="approve", reason="needed")
        story.must("A second person has to agree" in first.page.text, "sensitive fields take two persons")
        approval = next(
            part for part in first.page.text.split('"') if part.startswith("/console/approvals/") and part[-1] != "s"
        )
        second.open(f"{hub}{approval}?lang=en")
        second.submit("digest", decision="approve", words="read")
        second.open(page)
        story.must("granted" in second.page.text, "the request is granted")
        return self.grant

    def use(self) -> str:
        """The benefit's site asks with the citizen's permission: who, whom, which fields, what for; then the answer."""
        story, citizen = self.story, self.story.citizen
        self._ask()
        if citizen.path == "/consent":
            citizen.submit("decision", decision="agree")
        story.must(citizen.path == "/allow", "the use of data is a question of its own")
        story.must(PURPOSE in citizen.page.text and story.company in citizen.page.text, "it says what for and whose")
        citizen.submit("decision", decision="allow")
        story.must(
            citizen.is_at(story.sites.yunlan) and "With your permission" in citizen.page.text, "the site is told"
        )
        story.must("Credit grade" in citizen.page.text, "it is told the fields")
        story.must("abnormal operations" not in citizen.page.text, "and no other field that the city holds")
        return ""

    def prove(self) -> str:
        """The use stands on the citizen's page; its proof leads to a head that is signed by a key of the trust list."""
        story, citizen = self.story, self.story.citizen
        citizen.open(f"{story.sites.hub}/my/data?lang=en")
        story.must(PURPOSE in citizen.page.text, "the page says who used the data and what for")
        address = next(part for part in citizen.page.text.split('"') if part.endswith("/proof.json"))
        proof = self._when_ready(f"{story.sites.hub}{address}")
        proved = check_proof(proof, self._keys())
        story.must(proved.event["facts"]["grant"] == self.grant, "the proof is of this very use")
        forged = json.loads(proof)
        forged["event"]["facts"]["fields"] = []
        try:
            check_proof(forged, self._keys())
        except NotProved:
            return f"leaf {proved.leaf} of {proved.size}; a changed one is refused"
        raise Astray("expected: a changed proof is refused")

    def withdraw(self) -> str:
        """One button at the hub; the site's next question is refused, with the reason."""
        story, citizen = self.story, self.story.citizen
        citizen.open(f"{story.sites.hub}/my/data?lang=en")
        citizen.submit("grant", grant=self.grant)
        story.must("You have withdrawn" in citizen.page.text, "the page says so")
        citizen.open(f"{story.sites.yunlan}/benefits/told?lang=en")
        citizen.submit(action="/benefits/again")
        story.must("told nothing" in citizen.page.text, "the next call is refused")
        story.must("withdrawn" in citizen.page.text, "and the site is told why")
        return ""

    def _ask(self) -> None:
        self.story.citizen.open(f"{self.story.sites.yunlan}/benefits?lang=en")
        self.story.citizen.submit("grant", grant=self.grant)

    def _when_ready(self, url: str) -> str:
        end = time.monotonic() + PATIENCE
        while (answer := self.story.citizen.fetch(url)).status_code == 503 and time.monotonic() < end:
            time.sleep(0.2)
        self.story.must(answer.status_code == 200, f"the proof is there, not {answer.status_code}")
        return answer.text

    def _keys(self) -> list[dict[str, Any]]:
        """The checkpoint keys of the trust list. (`yinxin trust fetch` checks its signature too.)"""
        payload = self.story.verifier.fetch(f"{self.story.sites.verify}/trust-list.jwt").text.split(".")[1]
        listed = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["keys"]
        return [{**one["jwk"], "kid": one["kid"]} for one in listed if one["use"] == "checkpoint"]
