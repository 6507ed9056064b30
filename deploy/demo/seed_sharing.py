"""What the demo's bodies share: a catalogue, and one grant that can be tried at once. Again: nothing changes."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from admin import sharing
from admin.model.sharing import Entry, Field, Sensitivity, Sharing
from admin.store import sharing as store
from hub.callers import Caller
from hub.house import House
from idp.store import clients

OFFICE, MARKET, CIVIL = "11880000DEM000137K", "11880100DEM000049A", "11870100DEM000065U"
PROVINCE, QIYUN, XICHENG = "hub/880000", "hub/880000/880100", "hub/870000/870100"
ITEM = f"{OFFICE}-0001"
PERSONAL, SENSITIVE = Sensitivity.personal, Sensitivity.sensitive
RULE = ("《政务数据共享条例》（国务院令）", "Regulations on the Sharing of Government Data")
ASKER = Caller(person="demo-yunlan-officer", place=PROVINCE)  # nobody can sign in as these two
PROVIDER = Caller(person="demo-qiyun-officer", place=QIYUN)


def seed_sharing(house: House, now: datetime) -> None:
    """Fill the catalogue, and let the province's data office ask Qiyun for what stands on business licenses."""
    with house.database.read() as db:
        market, office = clients.client(db, "demo-market"), clients.client(db, "demo-yunlan")
        known = {one.id for one in store.entries(db)}
    if market is None or known:
        return
    parts = urlsplit(market.redirect_uris[0])
    for entry in _entries(f"{parts.scheme}://{parts.netloc}"):
        sharing.offer(house, entry, by=Caller(person="demo", place="hub"), now=now)
    if office is None:
        return
    wanted = sharing.Wanted(
        entry="E-business-license",
        fields=("unified_code", "name", "legal_representative", "domicile"),
        client="demo-yunlan",
        item=ITEM,
        purpose="核发惠企补贴时核对企业登记信息，免交营业执照",
        purpose_en="To check the registration of companies that apply for a benefit, instead of a copy of the license",
        basis="《云岚省惠企补贴办法（演示）》第五条",
        per_day=1000,
        until=now + timedelta(days=365),
    )
    made = sharing.ask(house, wanted, by=ASKER, now=now)
    sharing.decide(house, made.id, approve=True, reason="符合规定 / in order", by=PROVIDER, now=now)


def _entries(market: str) -> tuple[Entry, ...]:
    return (
        Entry(
            "E-business-license",
            "营业执照信息",
            "Business licenses",
            MARKET,
            QIYUN,
            (
                Field("unified_code", "统一社会信用代码", "Unified code"),
                Field("name", "名称", "Name"),
                Field("legal_representative", "法定代表人", "Legal representative", PERSONAL),
                Field("domicile", "住所", "Domicile"),
                Field("scope", "经营范围", "Business scope"),
                Field("established", "成立日期", "Established"),
            ),
            Sharing.conditional,
            *RULE,
            "licenses:business-license",
        ),
        Entry(
            "E-credit",
            "企业信用信息",
            "Credit of companies",
            MARKET,
            QIYUN,
            (
                Field("credit_grade", "信用等级", "Credit grade"),
                Field("last_report", "最近年报年度", "Year of the last report"),
                Field("abnormal", "经营异常记录", "Entries on the list of abnormal operations"),
                Field("contact", "联络员电话", "Telephone of the contact", SENSITIVE),
            ),
            Sharing.conditional,
            *RULE,
            f"endpoint:{market}/shared-data",
            client="demo-market",
            tells_number=True,
        ),
        Entry(
            "E-residence",
            "居住证信息",
            "Residence permits",
            CIVIL,
            XICHENG,
            (
                Field("name", "姓名", "Name", PERSONAL),
                Field("residence", "居住地址", "Residence", SENSITIVE),
            ),
            Sharing.conditional,
            *RULE,
            "licenses:residence-permit",
        ),
        Entry(
            "E-informants",
            "投诉举报人信息",
            "Persons who report violations",
            MARKET,
            QIYUN,
            (Field("name", "姓名", "Name", SENSITIVE),),
            Sharing.closed,
            "《市场监督管理投诉举报处理暂行办法》：对举报人信息予以保密",
            "Interim Measures for Handling Complaints and Reports in Market Regulation: informants are kept secret",
            "",
        ),
    )
