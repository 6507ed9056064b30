"""E-licenses: their kinds, issuing, the page, the code on it, their life, the holder's wallet.

This room refuses to know how a person proved who he is (it sees a `Caller`), and it never judges a paper: that
is verification's.
"""
