"""Department grids, one department at a time: hatching by department over the base grids, never a second fill."""

from __future__ import annotations

from sqlalchemy import Select

from geogrid.domain.grids import Department
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.shapes import areas, said
from layers.view import View

# Direction and colour both tell departments apart, for eyes that do not tell the colours.
ANGLES_DEG = (45.0, 135.0, 0.0, 90.0, 45.0, 135.0, 0.0, 90.0)


def select_department_grids(view: View) -> Select:
    """Department grids in the view, of ``filters["department"]`` where given; see ``areas`` for its indexes."""
    found = areas(view, "department_grids", "name", "department")
    department = view.filters.get("department")
    return found.where(said("department").element == department) if department else found


def _hatching(department: Department, angle_deg: float) -> Rule:
    token = f"department-{department.value}"
    symbol = Symbol(Shape.HATCH, stroke=token, fill=token, width_px=1.5, angle_deg=angle_deg)
    return Rule(department.label, symbol, {"department": department.value}, context="Department")


LAYER = Layer(
    name="department_grids",
    title="Department grids",
    group=Group.ANALYSIS,
    rules=tuple(_hatching(department, angle) for department, angle in zip(Department, ANGLES_DEG, strict=True)),
    popup=(
        PopupField("code", "Code"),
        PopupField("department", "Department", Department),
        PopupField("leader", "Leader"),
        PopupField("area_km2", "Area (km²)"),
    ),
    select=select_department_grids,
    at_once=False,
    choice="department",
    label="name",
    label_from_zoom=12,
)
