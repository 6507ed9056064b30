"""The console's sections and pages, each for those who hold one of its rights: the frame and the overview show them."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from admin.model.operator import Right
from hub.i18n import N_

HOME = "/console/"


@dataclass(frozen=True)
class Page:
    """One entry of the navigation. `also`: where its pages stand besides below its own address."""

    title: str
    href: str
    rights: tuple[Right, ...] = (Right.see,)
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether a page belongs to this entry."""
        if self.href == HOME:
            return path == HOME
        return any(path == start or path.startswith(f"{start}/") for start in (self.href, *self.also))


@dataclass(frozen=True)
class Section:
    """Pages that belong together."""

    title: str
    pages: tuple[Page, ...]

    def holds(self, path: str) -> bool:
        """Whether a page belongs to one of its entries."""
        return any(page.holds(path) for page in self.pages)


BOARDS = ("/console/desk-figures", "/console/counter-figures", "/console/assessment-figures")
SECTIONS = (
    Section(
        N_("Work"),
        (
            Page(N_("Overview"), HOME),
            Page(N_("Applications"), "/console/cases", (Right.cases,)),
            Page(N_("Counter"), "/console/counter", (Right.counter,)),
            Page(N_("Questions and reports"), "/console/desk", (Right.desk,)),
            Page(N_("Assessment"), "/console/assessment", (Right.desk,)),
            Page(N_("Accounts of people"), "/console/people", (Right.people,)),
            Page(N_("Approvals"), "/console/approvals"),
            Page(N_("Alerts"), "/console/alerts", (Right.cases, Right.desk, Right.seals)),
        ),
    ),
    Section(
        N_("Offers"),
        (
            Page(N_("Service items"), "/console/services"),
            Page(N_("Data sharing"), "/console/sharing", (Right.sharing,)),
            Page(N_("Services"), "/console/clients", also=("/console/policies",)),
        ),
    ),
    Section(
        N_("Oversight"),
        (
            Page(N_("Supervision"), "/console/supervision", (Right.supervision,)),
            Page(N_("Boards"), "/console/boards", (Right.supervision,), BOARDS),
            Page(N_("Experience"), "/console/experience", (Right.supervision,)),
        ),
    ),
    Section(
        N_("Trust"),
        (
            Page(N_("Licenses"), "/console/licenses"),
            Page(N_("Seals"), "/console/seals"),
            Page(N_("Seal documents"), "/console/documents"),
            Page(N_("What can I seal?"), "/console/my-seals"),
            Page(N_("Keys and certificates"), "/console/trust"),
            Page(N_("Ledger"), "/console/ledger"),
            Page(N_("Operators"), "/console/operators", (Right.operators,)),
        ),
    ),
)


def sections(rights: Collection[str]) -> list[Section]:
    """The sections with what somebody with these rights may open; empty ones are left out."""
    may = [
        replace(section, pages=tuple(page for page in section.pages if set(page.rights) & set(rights)))
        for section in SECTIONS
    ]
    return [section for section in may if section.pages]
