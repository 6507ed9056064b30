"""The story of Yinxin over HTTP, as citizen, officer and verifier live it: `yinxin tour` plays it against a running demo.

It uses nothing but addresses and forms: every page is fetched, every form filled, every answer checked.
"""
