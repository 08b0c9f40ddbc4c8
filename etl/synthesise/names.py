"""Made-up names: neutral syllables put together, none taken from a real district's list."""

from __future__ import annotations

from itertools import product

import numpy as np

FIRST = "瑞嘉锦澄晴芳翠岚霁沐朗熙泽润棠槐榆枫檀桐穗禾菀苇"
SECOND = "丰原台溪坪湾岗泉庄桥林坡洲甸屯河埠"
ROAD_FIRST = "昭明景和顺安宁盛启文德信慧怀允秉谦敏诚雅"
ROAD_SECOND = "华阳光祥庆泰达通运兴远志行礼风月星云"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严金魏姜谢邹苏潘葛范彭鲁马方任袁史唐薛雷贺汤"
GIVEN_FIRST = "文志春秋明晓玉海建国立永长庆书思佳丽秀俊德新景云安"
GIVEN_SECOND = "华英梅兰军强伟杰敏静芳红霞燕平波涛林森山川松柏宁然"

DIGITS = "零一二三四五六七八九"


def place_names(rng: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` different names of two syllables (of three where two are used up)."""
    return _combined(rng, count, FIRST, SECOND)


def road_names(rng: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` different stems of street names."""
    return _combined(rng, count, ROAD_FIRST, ROAD_SECOND)


def person_names(rng: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` names of made-up people; they may repeat, as names do."""
    parts = (np.array(list(syllables)) for syllables in (SURNAMES, GIVEN_FIRST, GIVEN_SECOND))
    surnames, firsts, seconds = (part[rng.integers(len(part), size=count)] for part in parts)
    two = rng.random(count) < 0.75
    return [a + (b if long else "") + c for a, b, c, long in zip(surnames, firsts, seconds, two, strict=True)]


def numeral(number: int) -> str:
    """Return ``number`` (1 to 99) in Chinese numerals."""
    tens, units = divmod(number, 10)
    if tens == 0:
        return DIGITS[units]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[units] if units else "")


def _combined(rng: np.random.Generator, count: int, first: str, second: str) -> list[str]:
    pool = ["".join(pair) for pair in product(first, second)]
    rng.shuffle(pool)
    if count > len(pool):
        pool += ["".join(parts) for parts in product("东西南北新上下前后", pool)]
    return pool[:count]
