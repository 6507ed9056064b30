"""The OpenID provider: a service asks, a person comes back with a code, a program redeems it, and what was granted ends."""
