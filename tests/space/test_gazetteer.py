"""Words to places in a town small enough to know by heart: two townships, three villages, two streets, one settlement."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.domain.places import FormerName, Level, MatchedPart, NamedKind, NameMatch, PlacePrecision
from geogrid.space.crs import SRID_STORED, geodesic_m
from geogrid.space.gazetteer import Gazetteer
from geogrid.space.house_numbers import LEAST_RADIUS_M
from geogrid.space.place_reasons import reason_words
from tests.space.lattice import frame, lonlat, road

NUMBERS = (2, 4, 6, 10, 12, 20)


def square(x, y, width=1000, height=1000):
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return shapely.MultiPolygon([shapely.Polygon(lonlat(*np.array(corners).T))])


def units():
    rows = [
        ("999901000000", "模拟区", "district", "", square(0, 0, 2000, 2000)),
        ("999901001000", "河东街道", "township", "999901000000", square(0, 0, 2000, 1000)),
        ("999901101000", "山北镇", "township", "999901000000", square(0, 1000, 2000, 1000)),
        ("999901001001", "清泉社区", "village", "999901001000", square(0, 0)),
        ("999901001002", "柳荫社区", "village", "999901001000", square(1000, 0)),
        ("999901101201", "棠坡村", "village", "999901101000", square(0, 1000, 2000, 1000)),
    ]
    names = ("code", "name", "level", "parent_code", "geometry")
    return gpd.GeoDataFrame([dict(zip(names, row, strict=True)) for row in rows], geometry="geometry", crs=SRID_STORED)


def places(**columns):
    """A school; a settlement with numbers 1 and 3; Qinghe Road's numbers, ten metres each, from 100 m eastwards."""
    rows = [("柳荫第二小学", "landmark", "", (1500, 600)), ("东棠坡屯", "settlement", "", (600, 1500))]
    rows += [(f"清河路{n}号", "address", f"模拟区河东街道清泉社区清河路{n}号", (100 + 10 * n, 500)) for n in NUMBERS]
    rows += [(f"东棠坡屯{n}号", "address", f"模拟区山北镇棠坡村东棠坡屯{n}号", (600 + 20 * n, 1500)) for n in (1, 3)]
    table = {"name": [row[0] for row in rows], "kind": [row[1] for row in rows], "address": [row[2] for row in rows]}
    points = shapely.points(np.vstack([lonlat(*row[3]) for row in rows]))
    extra = {name: [values.get(row[0], "") for row in rows] for name, values in columns.items()}
    return gpd.GeoDataFrame(table | extra, geometry=points, crs=SRID_STORED)


def roads():
    rows = [road((100, 500), (1900, 500), 1, 2, name="清河路"), road((1500, 100), (1500, 900), 3, 4, name="新风街")]
    return frame(rows)


@pytest.fixture(scope="module")
def town():
    return Gazetteer.from_frames(units(), places(), roads())


def first(town, text, **more):
    found = town.find(text, **more)
    assert found, text
    return found[0]


def metres_from(candidate, x, y):
    return float(geodesic_m(*candidate.point_lonlat, *lonlat(x, y)[0]))


@pytest.mark.parametrize(
    "text",
    [
        "模拟区河东街道清泉社区清河路12号",
        "模拟区 河东街道 清泉社区 清河路 １２ 号",
        "河东街道清泉社区清河路十二号",
        "清泉社区清河路12号",
        "河东清泉清河路12号",
        "清河路12号",
        "河东街道清泉社区清河路12-3号2单元",
        "群众反映：模拟区河东街道清泉社区清河路12号3号楼门前有人堆放杂物，已经3天",
        "qinghe lu 12 hao",
        "Qīnghé Lù 12",
        "qing2he2 lu4 12hao",
        "hedong jiedao qingquan shequ qinghe lu 12 hao",
        "qhl 12 hao",
    ],
)
def test_a_number_that_is_known_is_its_address_point(town, text):
    found = first(town, text)
    assert (found.name, found.precision) == ("河东街道清泉社区清河路12号", PlacePrecision.ADDRESS)
    assert found.village_code == "999901001001"
    assert metres_from(found, 220, 500) < 0.01


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("河东街道清泉社区青河路12号", NameMatch.SOUND),
        ("河东街道清泉社区清某路12号", NameMatch.TYPO),
        ("河东街道清泉社清河路12号", NameMatch.TYPO),
        ("河东街道清泉大社区清河路12号", NameMatch.TYPO),
    ],
)
def test_one_wrong_missing_or_needless_character_is_forgiven_and_told(town, text, match):
    found = first(town, text)
    assert found.name == "河东街道清泉社区清河路12号"
    assert match in {part.match for part in found.reason}
    assert found.confidence < first(town, "河东街道清泉社区清河路12号").confidence


def test_between_two_known_numbers_a_number_lies_on_the_way_from_one_to_the_other(town):
    found = first(town, "清泉社区清河路8号")
    assert found.precision is PlacePrecision.INTERPOLATED
    assert metres_from(found, 180, 500) < 0.01
    assert found.reason[-1] == MatchedPart(PlacePrecision.INTERPOLATED, "8", "6–10", NameMatch.BETWEEN)


def test_beyond_the_last_number_the_last_one_stands_for_it_with_a_larger_radius(town):
    beyond, between = first(town, "清泉社区清河路60号"), first(town, "清泉社区清河路8号")
    assert metres_from(beyond, 300, 500) < 0.01
    assert beyond.reason[-1].match is NameMatch.NEAREST
    assert beyond.radius_m > between.radius_m >= LEAST_RADIUS_M
    assert beyond.confidence < between.confidence


def test_a_number_on_a_stretch_without_known_numbers_falls_back_to_the_street_there(town):
    found = first(town, "柳荫社区清河路12号")
    assert (found.name, found.precision) == ("河东街道柳荫社区清河路", PlacePrecision.STREET)
    assert metres_from(found, 1450, 500) < 150 and found.radius_m >= 300


def test_a_wrong_township_costs_confidence_and_is_named(town):
    right, wrong = first(town, "河东街道清泉社区清河路12号"), first(town, "山北镇清泉社区清河路12号")
    assert wrong.name == right.name
    assert wrong.confidence < 0.9 < right.confidence
    assert MatchedPart(PlacePrecision.TOWNSHIP, "山北镇", "山北镇", NameMatch.ELSEWHERE) in wrong.reason


def test_a_district_that_is_not_ours_costs_confidence_and_is_named(town):
    found = first(town, "道里区清河路12号")
    assert found.name == "河东街道清泉社区清河路12号" and found.confidence < 0.9
    assert found.reason[-1] == MatchedPart(Level.DISTRICT, "道里区", "", NameMatch.ELSEWHERE)


@pytest.mark.parametrize(
    ("text", "name", "precision"),
    [
        ("山北镇棠坡村田间", "山北镇棠坡村", PlacePrecision.VILLAGE),
        ("棠坡", "山北镇棠坡村", PlacePrecision.VILLAGE),
        ("山北镇", "山北镇", PlacePrecision.TOWNSHIP),
        ("东棠坡屯旁", "山北镇棠坡村东棠坡屯", PlacePrecision.SETTLEMENT),
        ("东棠坡屯3号", "山北镇棠坡村东棠坡屯3号", PlacePrecision.ADDRESS),
        ("新风街", "河东街道柳荫社区新风街", PlacePrecision.STREET),
        ("柳荫第二小学", "河东街道柳荫社区柳荫第二小学", PlacePrecision.LANDMARK),
        ("第二小学门口", "河东街道柳荫社区柳荫第二小学", PlacePrecision.LANDMARK),
        ("liuyin di er xiaoxue", "河东街道柳荫社区柳荫第二小学", PlacePrecision.LANDMARK),
    ],
)
def test_every_kind_of_thing_is_found_with_its_precision(town, text, name, precision):
    found = first(town, text)
    assert (found.name, found.precision) == (name, precision)


def test_around_a_landmark_is_a_larger_place_than_the_landmark(town):
    assert first(town, "柳荫第二小学周边").radius_m > first(town, "柳荫第二小学").radius_m


def test_a_street_through_two_villages_is_one_place_until_a_village_is_named(town):
    whole = first(town, "清河路")
    assert whole.name == "河东街道清河路" and whole.village_code is None
    assert whole.radius_m > first(town, "清河路，清泉社区").radius_m


@pytest.mark.parametrize("text", ["", "12号", "请尽快处理，谢谢", "模拟区", "??", "a" * 5000, "\u200b"])
def test_words_that_name_no_place_find_none(town, text):
    assert town.find(text) == ()


def test_old_names_are_found_and_said_to_be_old():
    town = Gazetteer.from_frames(units(), places(old_name={"柳荫第二小学": "红旗小学;东风小学"}), roads())
    found = first(town, "东风小学")
    assert found.name == "河东街道柳荫社区柳荫第二小学"
    assert found.reason == (MatchedPart(PlacePrecision.LANDMARK, "东风小学", "柳荫第二小学", NameMatch.OLD_NAME),)


def test_what_fits_alike_shares_the_confidence_and_nearness_decides():
    twins = places()
    other = twins[twins["name"] == "柳荫第二小学"].assign(geometry=shapely.points(lonlat(300, 1800)))
    town = Gazetteer.from_frames(units(), gpd.GeoDataFrame(gpd.pd.concat([twins, other], ignore_index=True), crs=SRID_STORED))
    both = town.find("柳荫第二小学")
    assert [one.confidence for one in both] == [0.5, 0.5]
    for there in both:
        assert first(town, "柳荫第二小学", near_lonlat=there.point_lonlat).point_lonlat == there.point_lonlat
    assert first(town, "柳荫第二小学", near_lonlat=both[1].point_lonlat).confidence > 0.5


def test_the_order_of_the_rows_changes_no_answer(town):
    turned = Gazetteer.from_frames(units()[::-1], places()[::-1], roads()[::-1])
    for text in ("清河路12号", "清河路", "小学", "棠坡", "河东街道清泉社区青河路7号", "qinghe lu"):
        assert town.find(text) == turned.find(text)


def test_only_as_many_as_asked_for(town):
    assert len(town.find("清河路12号")) > 1
    assert town.find("清河路12号", most=1) == town.find("清河路12号")[:1]


def test_every_frame_may_be_missing():
    assert Gazetteer.from_frames().find("清河路12号") == ()
    found = first(Gazetteer.from_frames(places=places(), metric_srid=4551), "清河路12号")
    assert found.village_code is None and found.precision is PlacePrecision.ADDRESS
    assert metres_from(found, 220, 500) < 0.01
    assert first(Gazetteer.from_frames(roads=roads()), "新风街").precision is PlacePrecision.STREET


def test_the_reason_is_told_in_the_readers_language(town):
    found = first(town, "河东街道清泉社区青河路8号")
    assert reason_words(found, "zh") == [
        "乡镇街道“河东街道”：名称一致",
        "村、社区“清泉社区”：名称一致",
        "道路“青河路”：清河路，读音相同",
        "按相邻门牌推算“8”：6–10，介于已知门牌之间",
    ]
    assert reason_words(found, "en")[2] == "Street 青河路: 清河路, by its sound"


def test_names_in_letters_are_found_in_any_case_and_shown_as_they_are():
    streets = frame(
        [road((100, 500), (1900, 500), 1, 2, name="Mannerheimintie"), road((0, 0), (0, 900), 3, 4, name="Eerikinkatu")]
    )
    town = Gazetteer.from_frames(roads=streets)
    for text in ("MANNERHEIMINTIE", "Manerheimintie", "on Mannerheimintie, Helsinki"):
        (found,) = town.find(text)
        assert (found.name, found.precision) == ("Mannerheimintie", PlacePrecision.STREET)


def test_a_settlement_counted_in_numerals_is_found_by_digits_and_shown_as_it_is_written():
    numbered = places()
    numbered.loc[numbered["name"] == "东棠坡屯", "name"] = "棠坡二十一组"
    town = Gazetteer.from_frames(units(), numbered)
    assert first(town, "棠坡21组").name == first(town, "棠坡村棠坡二十一组").name == "山北镇棠坡村棠坡二十一组"


# -- crossings, directions, former names, other scripts -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "清河路与新风街交叉口",
        "清河路和新风街交汇处",
        "清河路新风街路口车辆乱停",
        "新风街、清河路十字路口",
        "清河路/新风街路口",
        "柳荫社区清河路与新风街的交叉口：信号灯故障",
        "corner of Qinghe Lu and Xinfeng Jie",
    ],
)
def test_a_crossing_is_where_its_streets_meet(town, text):
    found = first(town, text)
    assert (found.name, found.precision) == (
        "河东街道柳荫社区清河路与新风街交叉口",
        PlacePrecision.CROSSING,
    ) or "新风街与清河路" in found.name
    assert metres_from(found, 1500, 500) < 1 and found.radius_m <= 100
    assert found.confidence >= 0.9
    assert found.village_code == "999901001002"


def test_streets_named_together_without_a_crossing_are_no_crossing(town):
    assert all(one.precision is not PlacePrecision.CROSSING for one in town.find("清河路12号、新风街有人堆放杂物"))
    assert all(one.precision is not PlacePrecision.CROSSING for one in town.find("清河路与清河路交叉口"))


def test_a_stretch_between_two_streets_lies_between_them():
    more = road((500, 100), (500, 900), 5, 6, name="前进街")
    rows = [road((100, 500), (1900, 500), 1, 2, name="清河路"), road((1500, 100), (1500, 900), 3, 4, name="新风街"), more]
    town = Gazetteer.from_frames(units(), places(), frame(rows))
    for text in ("清河路（前进街至新风街段）", "清河路前进街与新风街之间", "Qinghe Lu between Qianjin Jie and Xinfeng Jie"):
        found = first(town, text)
        assert found.precision is PlacePrecision.BETWEEN, text
        assert metres_from(found, 1000, 500) < 1 and 480 <= found.radius_m <= 600


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("柳荫第二小学以北200米", 1500, 800),
        ("柳荫第二小学北侧约200米处", 1500, 800),
        ("柳荫第二小学往东二百米", 1700, 600),
        ("柳荫第二小学200米以南", 1500, 400),
        ("柳荫第二小学西南0.1公里", 1429, 529),
        ("清河路12号以北100米", 220, 600),
        ("清河路与新风街路口以东50米", 1550, 500),
        ("200 m north of 柳荫第二小学", 1500, 800),
    ],
)
def test_a_distance_in_a_direction_moves_the_point_and_widens_the_radius(town, text, x, y):
    found = first(town, text)
    assert found.precision is PlacePrecision.OFFSET
    assert metres_from(found, x, y) < 2
    assert found.radius_m > 40 and found.confidence >= 0.9


@pytest.mark.parametrize("text", ["柳荫第二小学北200000米", "柳荫第二小学北京路", "清河路12号北楼", "柳荫第二小学南门"])
def test_what_is_no_distance_moves_nothing(town, text):
    assert all(one.precision is not PlacePrecision.OFFSET for one in town.find(text))


def test_former_names_with_their_years():
    former = (
        FormerName(NamedKind.ROAD, "解放路", name="清河路", from_date=date(1950, 1, 1), to_date=date(1998, 1, 1)),
        FormerName(NamedKind.UNIT, "红星公社", code="999901101201"),
        FormerName(NamedKind.PLACE, "职工子弟学校", name="柳荫第二小学", source="县志"),
        FormerName(NamedKind.GRID, "旧网格一", code="999901001001001"),
        FormerName(NamedKind.UNIT, "无此单位", code="999901999999"),
    )
    row = {
        "code": "999901001001001",
        "name": "清泉社区第一网格",
        "village_code": "999901001001",
        "geometry": square(0, 0, 500, 500),
    }
    grid = gpd.GeoDataFrame([row], geometry="geometry", crs=SRID_STORED)
    town = Gazetteer.from_frames(units(), places(), roads(), grids=grid, former=former)
    found = first(town, "解放路12号")
    assert (found.name, found.precision) == ("河东街道清泉社区清河路12号", PlacePrecision.ADDRESS)
    assert reason_words(found, "en")[0] == "Street 清河路, formerly 解放路 (1950–1998)"
    assert reason_words(found, "zh")[0] == "道路清河路，原称“解放路”（1950–1998）"
    assert first(town, "红星公社").name == "山北镇棠坡村"
    assert first(town, "职工子弟学校").name.endswith("柳荫第二小学")
    for text in ("旧网格一", "清泉社区第一网格", "999901001001001"):
        assert (first(town, text).precision, first(town, text).village_code) == (PlacePrecision.GRID, "999901001001")
    assert not town.find("无此单位")


def test_traditional_characters_are_the_simplified_ones(town):
    found = first(town, "河東街道清泉社區清河路１２號")
    assert (found.name, found.confidence) == ("河东街道清泉社区清河路12号", first(town, "河东街道清泉社区清河路12号").confidence)


def test_a_name_within_a_longer_word_is_not_that_name():
    town = Gazetteer.from_frames(roads=frame([road((0, 0), (100, 0), 1, 2, name="Puistotie")]))
    assert first(town, "Puistotie 4").name.startswith("Puistotie")
    assert not town.find("Koivupuistotie 4")


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text", ["路" * 5000, "清河路与" * 300, "12号" * 400, "\u202e\x00\ud800清河路", "a" * 100_000, "(" * 500, "北200米" * 200]
)
def test_hostile_text_is_answered_soon_and_without_an_error(town, text):
    town.find(text)
