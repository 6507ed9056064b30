"""The OpenID Foundation's conformance suite, as far as one process can play it: one test per module, named after it.

The suite itself is run from outside against a running installation (docs/automation.md). These tests assert what its modules
assert, in seconds, so that nobody learns of a fault from the suite first.
"""
