"""Unified service management: what operators of hub, departments and provinces see and do. Refuses to know how anything is done.

It may ask every room; no room asks it. What lower rooms have to tell it lies in `hub.inbox`.
"""
