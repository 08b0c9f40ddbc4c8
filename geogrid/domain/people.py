"""People who work the grids."""

from __future__ import annotations

from geogrid.domain.labelled import LabelledEnum


class WorkerRole(LabelledEnum):
    """What a worker is to a grid."""

    GRID_LEADER = "grid_leader", "Grid leader"
    GRID_WORKER = "grid_worker", "Grid worker"
    MEDIATOR = "mediator", "Mediator"
    PROFESSIONAL = "professional", "Professional"
