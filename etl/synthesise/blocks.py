"""What people call the parts of a village: a street in the core, a settlement in the countryside; addresses in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.synthesise.cells import Cells
from etl.synthesise.ground import Ground, Ints
from etl.synthesise.names import numeral
from etl.synthesise.roads import Roads
from etl.synthesise.tree import Tree

SIDES = "前后东西中上下南北大小新老"
COLUMN_STREETS, ROW_STREETS = 1000, 2000  # numbers of the core's streets begin here


def block_names(cells: Cells, tree: Tree, roads: Roads) -> list[str]:
    """Return the name of each cell: the street along its row in the core, else its settlement's."""
    names, count = [], {}
    for cell, village in enumerate(tree.village_of.tolist()):
        if cell < cells.core:
            names.append(roads.street_names[ROW_STREETS + int(cells.lattice[cell, 0])])
            continue
        number = count[village] = count.get(village, -1) + 1
        stem = tree.village_names[village][:2]
        names.append(f"{SIDES[number]}{stem}屯" if number < len(SIDES) else f"{stem}{numeral(number + 1)}组")
    return names


def unit_names(ground: Ground, tree: Tree) -> np.ndarray:
    """Return district, township and village in words for each village."""
    towns = np.array(tree.township_names, object)[tree.township_of]
    return ground.profile.name + towns + np.array(tree.village_names, object)


def addresses(ground: Ground, tree: Tree, blocks: list[str], cell: Ints, house: Ints) -> pd.Series:
    """Return addresses in words: district, township, village, street or settlement, house number."""
    stems = unit_names(ground, tree)[tree.village_of] + np.array(blocks, object)
    return pd.Series(stems[cell], dtype="str") + pd.Series(house + 1).astype("str") + "号"
