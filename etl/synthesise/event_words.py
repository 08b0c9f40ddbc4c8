"""Words of made-up reports: what was seen, by kind; none names a person."""

from __future__ import annotations

import numpy as np
import pandas as pd

from etl.synthesise.ground import Ints
from geogrid.domain.events import EventKind

WORDS = {
    EventKind.DISPUTE: (
        "两家邻居因楼道堆放杂物发生争执，请求调解",
        "摊主与顾客因货款数额争吵，情绪激动",
        "租户与房东就押金退还意见不一",
        "几名工人反映工资未按时结清",
        "楼上漏水，住户对赔偿数额有分歧",
        "两户因宅基地边界发生口角",
        "物业收费问题引发业主聚集讨论",
        "家庭成员因赡养费用发生矛盾",
    ),
    EventKind.ENVIRONMENT: (
        "垃圾桶满溢，周围散落垃圾",
        "路边有建筑垃圾未清运",
        "排水沟堵塞，有异味",
        "夜间施工噪声影响休息",
        "有人焚烧秸秆，烟雾较大",
        "绿化带内堆放杂物",
    ),
    EventKind.FACILITY: (
        "井盖破损，存在坠落风险",
        "路灯多日不亮",
        "公交站牌倾斜",
        "路面塌陷约半平方米",
        "健身器材螺丝松动",
        "供水管道漏水",
    ),
    EventKind.SAFETY: (
        "楼道内电动车飞线充电",
        "消防通道被堵塞",
        "空置房屋墙体开裂",
        "高处广告牌松动，有坠落危险",
        "液化气瓶存放不当",
        "冰面有人行走，请提醒",
    ),
    EventKind.ORDER: (
        "商贩占道经营",
        "店铺外摆影响通行",
        "违规张贴小广告",
        "广场音响音量过大",
        "流动摊点聚集",
    ),
    EventKind.TRAFFIC: (
        "车辆乱停放，堵塞路口",
        "信号灯故障",
        "农用车占道停放",
        "小型刮碰，双方协商未果",
        "路口视线被遮挡",
    ),
    EventKind.SERVICE: (
        "独居老人需要代办手续",
        "居民咨询医保报销流程",
        "行动不便，请求上门办理",
        "咨询低保申请材料",
        "请求帮助联系开锁",
    ),
    EventKind.ENTERPRISE: (
        "企业反映门前道路排水不畅",
        "园区企业用工合同纠纷",
        "企业反映供电不稳",
        "合作双方因交货期限发生争议",
        "小微企业咨询贷款贴息政策",
    ),
    EventKind.AGRICULTURE: (
        "相邻地块因灌溉先后发生争执",
        "农机作业压坏田埂",
        "土地流转合同款项未付清",
        "发现疑似病虫害，请技术指导",
        "牲畜进入庄稼地造成损失",
    ),
    EventKind.OTHER: ("发现走失宠物", "捡到遗失物品，请协助联系失主", "其他情况，请现场核实", "请求核实一处临时搭建"),
}


def words(rng: np.random.Generator, kind: Ints, address: pd.Series) -> pd.Series:
    """Return what each report says: the place in words, then what was seen."""
    said = np.empty(len(kind), object)
    for number, name in enumerate(EventKind):
        own = np.flatnonzero(kind == number)
        said[own] = np.array(WORDS[name], object)[rng.integers(len(WORDS[name]), size=len(own))]
    return address + "：" + pd.Series(said, index=address.index, dtype="str")
