"""E-seals: whose they are, who may use them, how they look, and sealing a PDF with them.

This room does not know what a license is: it is given a page, a purpose and the digest of a record.
"""
