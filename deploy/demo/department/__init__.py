"""What the demo's department sites have in common: a relying party and an API client made of public libraries only.

It shows what a department has to write itself: about five hundred lines, the half of them for signing in and out.
"""
