"""Who may take a step: a post with one of the step's roles, held where the matter is or by one of its parties."""

from __future__ import annotations

from collections.abc import Collection

from geogrid.domain.matters import Matter
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.programmes import Party, PartyKind

OF_NO_PLACE = frozenset({Role.SYSTEM, Role.CITIZEN})


def post_for(actor: Actor, roles: Collection[Role], matter: Matter) -> Post | None:
    """Return the first of the actor's posts with one of the roles that reaches this matter, None where he holds none.

    Who is a party himself (a mediator whom the citizen picked) is reached by it wherever his post is held.
    """
    named = any(party.kind is PartyKind.PERSON and str(party) == actor.id for party in matter.parties())
    return next((post for post in actor.posts if post.role in roles and (named or covers(post, matter))), None)


def holds(actor: Actor, roles: Collection[Role], matter: Matter) -> bool:
    """Whether the actor holds one of the roles for this matter."""
    return post_for(actor, roles, matter) is not None


def covers(post: Post, matter: Matter) -> bool:
    """Whether a post reaches a matter.

    A territory's post reaches what lies in its unit, or is owned by it; a department's and a station's what its party has to do
    with. A matter of no place is reached by the posts of the unit that owns it, which is the district.
    """
    if post.role in OF_NO_PLACE:
        return True
    parties = matter.parties()
    if post.department:
        return Party(PartyKind.DEPARTMENT, post.department) in parties
    if post.station:
        return Party(PartyKind.STATION, post.station) in parties
    lies_in = {unit for _, unit in matter.units} | {party.code for party in parties if party.kind is PartyKind.UNIT}
    return post.unit in lies_in
