"""Every pair of a policy and a grant type: registered and used where the policy allows it, refused where it does not."""

from itertools import product
from typing import Any

import pytest

from idp.model.client import FAPI2, KIOSK, LEGACY, POLICIES, STANDARD, Client, ClientWrong, GrantType, Policy
from idp.store import clients as store
from tests.idp.rp import Visits, department, with_key

ALLOWED: dict[Policy, set[str]] = {
    FAPI2: {"authorization_code", "refresh_token", "client_credentials", GrantType.device, GrantType.exchange},
    STANDARD: {"authorization_code", "refresh_token", "client_credentials", GrantType.device, GrantType.exchange},
    KIOSK: {"authorization_code", GrantType.device},
    LEGACY: set(GrantType),
}
PAIRS = list(product(POLICIES.values(), GrantType))
PROOF = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def of(policy: Policy, kind: GrantType) -> Client:
    given: dict[str, Any] = {"id": f"{policy.name}-{kind.name}", "policy": policy, "grant_types": (kind,)}
    if kind not in (GrantType.code, GrantType.implicit):
        given["redirect_uris"] = ()
    return with_key(**given)


@pytest.mark.parametrize(("policy", "kind"), PAIRS, ids=str)
def test_a_service_registers_for_what_its_policy_allows(policy: Policy, kind: GrantType) -> None:
    if kind in ALLOWED[policy]:
        of(policy, kind).checked()
    else:
        with pytest.raises(ClientWrong):
            of(policy, kind).checked()


@pytest.mark.parametrize(
    ("policy", "kind"), [(policy, kind) for policy, kind in PAIRS if kind not in ALLOWED[policy]], ids=str
)
def test_what_a_policy_forbids_is_refused_though_it_is_registered(
    policy: Policy, kind: GrantType, visits: Visits
) -> None:
    """A policy may become stricter after a service was registered: it counts when tokens are asked for."""
    allowed = department(id=f"before-{policy.name}-{kind.name}", grant_types=(GrantType.code,))
    visit = visits(allowed)
    visit.client = of(policy, kind)
    with visit.house.database.write() as db:
        store.keep(db, visit.client)
    visit.house.cache.pop("idp-clients", None)
    form = {"grant_type": kind.value, "client_assertion_type": PROOF, "client_assertion": visit.assertion()}
    answer = visit.token(form, headers={}).json or {}
    assert answer["error"] in {"unauthorized_client", "unsupported_grant_type"}
