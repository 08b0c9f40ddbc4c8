"""The steps of a programme by what they do with merged matters."""

from __future__ import annotations

from geogrid.domain.programmes import Programme
from geogrid.errors import StepUnknown


def step_with(programme: Programme, effect: str) -> str:
    """Return the code of the step that has an effect; raises StepUnknown where the programme, or its version, knows none."""
    found = next((step.code for step in programme.steps if effect in step.does), None)
    if found is None:
        raise StepUnknown(programme=f"{programme.code} {programme.version}", step=effect, possible="-")
    return found
