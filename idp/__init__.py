"""Who is this person, and for whom does he act? Knows nothing of licenses, seals or certificates.

`names` and `numbers` are rules alone. `registers` is asked by `realname`, whose evidence is `proofs`. Above them, by topic:
`login` (factors, sessions), `account` (from its making to its closing), `acting` (mandates, companies, wards), `consent` (what
services may learn), `provider` (OpenID: codes, tokens, signing out). Its edges: `endpoints` for programs, `web` for people,
`cli` for operators.
"""
