"""A company applies for a food business license: what stands on its business license is neither written nor brought again."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinxin.tour.story import Story

FOOD = "11880100DEM000049A-0001"  # the service item of the demo
PLAN = ("plan.pdf", b"%PDF-1.7 invented: a plan of the place of business")
ANSWERS = {
    "premises": "栖云市望舒区示范路90号一层",
    "premises_en": "Ground floor, 90 Shifan Rd, Wangshu District, Qiyun",
    "business_kind": "餐饮服务经营者",
    "items": "热食类食品制售；冷食类食品制售（不含生食）；自制饮品制售",
    "items_en": "Hot dishes; cold dishes (nothing raw); own drinks",
}


def steps(story: "Story") -> tuple[tuple[str, Callable[[], str]], ...]:
    """The steps of this chapter."""
    application = Application(story)
    return (
        ("The company applies; its business license is found, not asked", application.apply),
        ("An officer accepts the application and approves it", application.decide),
        ("The license is in the company's wallet; anyone finds it valid", application.verify),
    )


class Application:
    """One application, from its form to its license."""

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.number = self.license = ""

    def apply(self) -> str:
        """The form, the answers once more, sent."""
        story, citizen = self.story, self.story.citizen
        citizen.open(f"{story.sites.hub}/my/cases/new/{FOOD}?lang=en")
        if citizen.path == "/as":
            citizen.submit("whom", whom=story.company)
        story.must(story.license in citizen.page.text, "the business license is found in the wallet")
        citizen.submit(action=f"/new/{FOOD}")
        story.must(story.company in citizen.page.text, "the form knows the company")
        papers = sorted(name for name in citizen.find("premises").names if name.startswith("material-"))
        citizen.attach(dict.fromkeys(papers, PLAN), "premises", then="check", **ANSWERS)
        story.must(citizen.path.endswith("/check"), "the answers are shown once more")
        citizen.submit(action="/submit")
        self.number = citizen.path.rpartition("/")[2]
        story.must(self.number.startswith("C-"), "the application has a number")
        return f"{self.number}; 1 paper needed not be brought"

    def decide(self) -> str:
        """The officer reads, accepts, approves; the license is issued under the seal of his agency."""
        story, officer = self.story, self.story.officers["qiyun.jingban"]
        officer.open(f"{story.sites.hub}/console/cases/{self.number}?lang=en")
        story.must(ANSWERS["premises"] in officer.page.text, "the officer reads what was applied for")
        officer.submit(action="/accept")
        officer.submit(action="/approve")
        page = story.citizen.open(f"{story.sites.hub}/my/cases/{self.number}?lang=en").text
        links = re.findall(r'"/wallet/([^"/]+)"', page)  # not the one to the wallet itself
        story.must(bool(links), "the citizen is told that the license is issued")
        self.license = links[0]
        return self.license

    def verify(self) -> str:
        """The sealed file from the wallet, judged by a stranger."""
        story = self.story
        story.citizen.open(f"{story.sites.hub}/wallet/{self.license}")
        story.must(ANSWERS["premises_en"] in story.citizen.page.text, "the wallet shows the license")
        pdf = story.citizen.fetch(f"{story.sites.hub}/wallet/{self.license}/file").content
        return story.expect("valid", "valid", story.ask(file=pdf))
