"""The one-time real-name verification.

Name and number give level 2, a live check gives level 3, an officer at a counter level 4; each step asks only what is missing.
Other registers may answer for the first, a network identity for both. Refuses to keep a picture or a raw answer.
"""

from idp.realname.ageing import fall_back, forget_forms, prove_anew, remind, valid_until
from idp.realname.counter import CodeUnknown, attend, counter_code
from idp.realname.live import begin_live_check, end_live_check, void
from idp.realname.matching import forget_form, match
from idp.realname.network import begin_network_id, end_network_id
from idp.realname.standing import Status, status

__all__ = [
    "CodeUnknown",
    "Status",
    "attend",
    "begin_live_check",
    "begin_network_id",
    "counter_code",
    "end_live_check",
    "end_network_id",
    "fall_back",
    "forget_form",
    "forget_forms",
    "match",
    "prove_anew",
    "remind",
    "status",
    "valid_until",
    "void",
]
