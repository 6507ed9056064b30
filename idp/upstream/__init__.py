"""People who are known elsewhere: a province's account signs in here, and the province is named in every token.

`configured` says whom we ask, `metadata` and `breaker` how he is reached, `begin` sends a person there, `answer` judges what
comes back, `arrive` finds whose it is here, `links` and `ending` undo it. Nothing is ever linked by an address or a name.
"""
