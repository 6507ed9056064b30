"""The authoritative registers, behind one seam: one shape of question, one shape of signed answer.

Each adapter (`questions`, `ways`) is a question; which register answers it is a setting. Whatever goes wrong on the way is
`later`, never a no. Refuses to know who asks and what is done with an answer.
"""

from idp.registers.questions import (
    begin_live_check,
    civil_status,
    court_order,
    guardian,
    live_check,
    match,
    representative,
)
from idp.registers.seam import Answer, NoRegister, address, offered
from idp.registers.ways import bank, begin_network_id, network_id, telecom

__all__ = [
    "Answer",
    "NoRegister",
    "address",
    "bank",
    "begin_live_check",
    "begin_network_id",
    "civil_status",
    "court_order",
    "guardian",
    "live_check",
    "match",
    "network_id",
    "offered",
    "representative",
    "telecom",
]
