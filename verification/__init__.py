"""Is this license genuine and in force? The room for everybody who is shown a license and has no account.

It answers in three ways (valid, not valid, cannot say), never green by default, always with the age of its evidence.
It holds one private key (for receipts), refuses to know who asks, and keeps nothing of what it is shown. What a visitor reports
of his own will it hands on, sealed, under a number that only he knows.
"""
