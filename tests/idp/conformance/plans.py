"""The modules of the OP plans, as the suite's release of August 2026 lists them (openid-certification/conformance-suite)."""

BASIC = """
oidcc-server oidcc-response-type-missing oidcc-idtoken-signature oidcc-idtoken-unsigned oidcc-userinfo-get
oidcc-userinfo-post-header oidcc-userinfo-post-body oidcc-ensure-request-without-nonce-succeeds-for-code-flow
oidcc-scope-profile oidcc-scope-email oidcc-scope-address oidcc-scope-phone oidcc-scope-all oidcc-alternate-happy-flow
oidcc-display-page oidcc-display-popup oidcc-prompt-login oidcc-prompt-none-not-logged-in oidcc-prompt-none-logged-in
oidcc-max-age-1 oidcc-max-age-10000 oidcc-ensure-request-with-unknown-parameter-succeeds oidcc-id-token-hint
oidcc-login-hint oidcc-ui-locales oidcc-claims-locales oidcc-ensure-request-with-acr-values-succeeds oidcc-codereuse
oidcc-codereuse-30seconds oidcc-ensure-registered-redirect-uri oidcc-ensure-post-request-succeeds
oidcc-server-client-secret-post oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported oidcc-claims-essential
oidcc-ensure-request-object-with-redirect-uri oidcc-refresh-token oidcc-ensure-request-with-valid-pkce-succeeds
""".split()
CONFIG = ["oidcc-discovery-endpoint-verification"]
DYNAMIC = """
oidcc-idtoken-rs256 oidcc-idtoken-unsigned oidcc-userinfo-rs256 oidcc-ensure-redirect-uri-in-authorization-request
oidcc-redirect-uri-query-OK oidcc-redirect-uri-query-mismatch oidcc-redirect-uri-query-added oidcc-redirect-uri-regfrag
oidcc-discovery-endpoint-verification oidcc-server oidcc-registration-logo-uri oidcc-registration-policy-uri
oidcc-registration-tos-uri oidcc-registration-jwks-uri oidcc-registration-sector-uri oidcc-registration-sector-bad
oidcc-server-rotate-keys oidcc-refresh-token-rp-key-rotation oidcc-request-uri-unsigned oidcc-request-uri-signed-rs256
oidcc-ensure-request-object-with-redirect-uri oidcc-refresh-token oidcc-ensure-client-assertion-with-iss-aud-succeeds
""".split()
THIRD_PARTY = ["oidcc-3rd_party-init-login", "oidcc-3rd_party-init-login-nohttps"]
RP_LOGOUT = """
oidcc-rp-initiated-logout-discovery-endpoint-verification oidcc-rp-initiated-logout
oidcc-rp-initiated-logout-bad-post-logout-redirect-uri oidcc-rp-initiated-logout-modified-id-token-hint
oidcc-rp-initiated-logout-no-id-token-hint oidcc-rp-initiated-logout-no-params
oidcc-rp-initiated-logout-no-post-logout-redirect-uri oidcc-rp-initiated-logout-no-state
oidcc-rp-initiated-logout-only-state oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri
oidcc-rp-initiated-logout-bad-id-token-hint
""".split()
FRONT_CHANNEL = ["oidcc-frontchannel-logout-discovery-endpoint-verification", "oidcc-frontchannel-rp-initiated-logout"]
BACK_CHANNEL = ["oidcc-backchannel-logout-discovery-endpoint-verification", "oidcc-backchannel-rp-initiated-logout"]
FAPI2 = [
    f"fapi2-security-profile-final-{name}"
    for name in """
discovery-end-point-verification happy-flow user-rejects-authentication ensure-authorization-request-without-state-success
ensure-authorization-request-without-nonce-success ensure-authorization-request-with-64-char-nonce-success
ensure-other-scope-order-succeeds test-claims-parameter-identity-claims access-token-type-header-case-sensitivity
check-dpop-proof-nbf-exp ensure-dpopproof-with-iat-10seconds-before-succeeds
ensure-dpopproof-with-iat-10seconds-after-succeeds ensure-mismatched-dpop-jkt-fails
ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt ensure-token-endpoint-fails-with-mismatched-dpop-jkt
ensure-dpopproof-at-par-endpoint-binding-success ensure-dpop-auth-code-binding-success
ensure-different-nonce-inside-and-outside-request-object ensure-different-state-inside-and-outside-request-object
ensure-authorization-request-with-long-nonce ensure-authorization-request-with-long-state
state-only-outside-request-object-not-used ensure-request-object-without-redirect-uri-fails
plain-fapi-tolerate-unregistered-redirect-uri ensure-unsigned-authorization-request-without-using-par-fails
ensure-redirect-uri-in-authorization-request ensure-response-type-code-idtoken-fails ensure-response-type-token-fails
ensure-client-id-in-token-endpoint ensure-holder-of-key-required ensure-authorization-code-is-bound-to-client
attempt-reuse-authorization-code-after-one-second ensure-token-endpoint-fails-with-expired-auth-code
ensure-signed-client-assertion-with-RS256-fails ensure-client-assertion-in-token-endpoint
ensure-client-assertion-with-exp-is-5-minutes-in-past-fails ensure-client-assertion-with-wrong-aud-fails
ensure-client-assertion-with-no-sub-fails dpop-negative-tests refresh-token
par-ensure-reused-request-uri-prior-to-auth-completion-succeeds par-attempt-reuse-request_uri
par-attempt-to-use-expired-request_uri par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted
par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails
par-attempt-to-use-request_uri-for-different-client par-authorization-request-containing-request_uri-form-param
par-attempt-invalid-http-method par-ensure-pkce-required ensure-pkce-code-verifier-required
incorrect-pkce-code-verifier-rejected par-plain-pkce-rejected par-without-duplicate-parameters
par-test-array-as-audience-fails par-test-par-endpoint-url-as-audience-fails
par-test-token-endpoint-url-as-audience-fails
""".split()
]
PLANS: dict[str, list[str]] = {
    "Basic": BASIC,
    "Form Post Basic": BASIC,  # the same modules, each with response_mode=form_post
    "Config": CONFIG,
    "Dynamic": DYNAMIC,
    "3rd party-init login": THIRD_PARTY,
    "RP-initiated logout": RP_LOGOUT,
    "Front-channel logout": FRONT_CHANNEL,
    "Back-channel logout": BACK_CHANNEL,
    "FAPI 2.0 Security Profile Final": FAPI2,
}
# Modules that no test here plays, each with its reason.
NOT_PLAYED = {
    "fapi2-security-profile-final-ensure-registered-redirect-uri": "not of the plain FAPI profile; others' national profiles",
    "fapi2-security-profile-final-australia-connectid-ensure-invalid-purpose-fails": "a national profile of Australia",
    "fapi2-security-profile-final-australia-connectid-test-claims-parameter-idtoken-identity-claims": "the same",
    "fapi2-security-profile-final-brazil-ensure-bad-payment-signature-fails": "a national profile of Brazil",
    "fapi2-security-profile-final-ensure-server-handles-non-matching-intent-id": "a national profile of the United Kingdom",
    "fapi2-security-profile-final-test-essential-acr-sca-claim": "the same",
}
