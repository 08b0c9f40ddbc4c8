"""The parts of the API's description beside events and grids."""

from __future__ import annotations

from flask_openapi import Tag

MATTERS = Tag(name="matters", description="What a district does with an event: steps, clocks, approvals")
DIRECTORY = Tag(name="directory", description="Units, people and programmes")
HOOKS = Tag(name="webhooks", description="Other systems are told what happens")
ENTERPRISES = Tag(name="enterprises", description="Enterprises: visits, problems raised and solved, disputes, the visit plan")
HOTLINE = Tag(name="hotline", description="Work orders of outside channels such as 12345: sent in, and told back")
DESK = Tag(name="desk", description="One queue of all channels, and what is done from it")
DISPUTES = Tag(name="disputes", description="Mediation: parties and consent, sessions, agreement, confirmation, referrals, cases")
