"""A sandbox of an authoritative register: a process of its own that knows fictional people and companies and signs its answers.

It stands where the population register and the company register stand in a real installation, so it imports nothing of ours.
Start it with `python -m deploy.demo.register --port 8002 --data data/register`.
"""
