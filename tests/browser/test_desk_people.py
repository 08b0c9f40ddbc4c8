"""People at the desk with Chromium: views, orders with receipts, the shift log, milestones, urging, supervising, approvals."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from geogrid.domain.people import Post, Role
from geogrid.store import people
from geogrid.store.session import session_scope
from tests.browser.browsers import address, phone, shot
from tests.browser.test_desk import DESK
from tests.build_district import IN_A1, TOWNSHIP_A, VILLAGE_A
from tests.build_installation import DISTRICT
from webmap.installation import installation
from webmap.login import COOKIE

pytestmark = pytest.mark.browser

IN_A_MINUTE_MS = 60_000


def person(small, *roles: Role, name: str, **place: str):
    """A colleague with an account and a name: the client of the API, and whose cookie a browser takes."""
    client = small.login_as(*roles, **(place or {"unit": DISTRICT}))
    with session_scope(installation(small.app).engine) as session:
        people.change(session, client.person_id, {"name": name})
    return client


@contextmanager
def at_desk(small, client, *, event=None, language: str = "zh-CN"):
    """The desk in a browser of this colleague's own."""
    with phone(DESK, language) as (page, seen):
        secret = client.get_cookie(COOKIE).value
        page.context.add_cookies([{"name": COOKIE, "value": secret, "url": address(small, "/")}])
        page.goto(address(small, f"/desk?event={event.id}" if event else "/desk"))
        page.wait_for_selector("#rows > li")
        page.wait_for_selector("#matter-body h2")
        yield page
        assert seen.errors == [] and seen.outside == []


def sent(page) -> None:
    """Send what is open and wait until it is closed."""
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#sheet", state="hidden")


def step(client, event, code: str, **details):
    answer = client.post(f"/api/v1/events/{event.id}/steps", json={"step": code, "details": details})
    assert answer.status_code == 201, answer.get_json()


def dispatched(small, to: str = f"unit:{VILLAGE_A}"):
    event, client = small.accept(IN_A1, words="井盖缺失，行人绕行"), small.login_as(Role.DISPATCHER, unit=DISTRICT)
    step(client, event, "open", category="C01")
    step(client, event, "dispatch", party=to)
    return event


def test_a_view_is_kept_shared_opened_by_another_and_changed_by_its_owner_alone(streaming):
    streaming.accept(IN_A1, words="路灯不亮")
    streaming.accept(None, words="说不清在哪里")
    owner, other = (person(streaming, Role.DISPATCHER, name=name) for name in ("甲派遣", "乙派遣"))
    with at_desk(streaming, owner) as page:
        page.keyboard.press("f")
        expect(page.locator("[data-change]")).to_be_hidden()
        page.check("#filter-form [name=unplaced]")
        page.fill("#filter-form [data-name]", "待落格清单")
        page.check("#filter-form [data-shared]")
        page.click("#filter-form [data-save]")
        expect(page.locator("#filter-form .told")).to_contain_text("待落格清单")
        expect(page.locator("#rows > li")).to_have_count(1)
        shot(page, "desk_view_zh")
    with at_desk(streaming, other) as page:
        expect(page.locator("#rows > li")).to_have_count(2)
        page.select_option("#views", label="待落格清单（共享）")
        expect(page.locator("#rows > li")).to_have_count(1)
        page.keyboard.press("f")
        for hidden in ("[data-change]", "[data-forget]"):
            expect(page.locator(hidden)).to_be_hidden()
        page.keyboard.press("Escape")
    with at_desk(streaming, owner) as page:
        page.select_option("#views", label="待落格清单（共享）")
        expect(page.locator("#rows > li")).to_have_count(1)
        page.keyboard.press("f")
        page.uncheck("#filter-form [name=unplaced]")
        page.select_option("#filter-form [name=channel]", "patrol")
        page.click("#filter-form [data-change]")
        expect(page.locator("#filter-form .told")).to_contain_text("已修改")
        expect(page.locator("#rows > li")).to_have_count(2)
    (view,) = other.get("/api/v1/desk/views").get_json()["views"]
    assert (view["query"], view["shared"], view["mine"]) == ({"channel": "patrol"}, True, False)


def test_a_shared_view_is_deleted_by_its_owner_who_is_asked_once_more(streaming):
    streaming.accept(IN_A1, words="路灯不亮")
    owner, other = (person(streaming, Role.DISPATCHER, name=name) for name in ("甲派遣", "乙派遣"))
    kept = owner.post("/api/v1/desk/views", json={"name": "待落格清单", "query": {"channel": "patrol"}, "shared": True})
    assert kept.status_code == 201
    with at_desk(streaming, owner) as page:
        page.select_option("#views", index=1)
        page.keyboard.press("f")
        page.click("#filter-form [data-forget]")
        expect(page.locator("[data-forget]")).to_contain_text("其他人将不能再使用")
        assert other.get("/api/v1/desk/views").get_json()["views"], "asked once more before it is gone"
        page.click("#filter-form [data-forget]")
        expect(page.locator("#filter-form .told")).to_contain_text("待落格清单")
    assert other.get("/api/v1/desk/views").get_json()["views"] == []


def test_an_order_to_a_township_and_to_one_worker_is_read_and_the_giver_sees_it_without_reload(streaming):
    event = dispatched(streaming)
    giver = person(streaming, Role.DISPATCHER, name="派遣员")
    worker = person(streaming, Role.OFFICER, name="张三", unit=VILLAGE_A)
    leader = person(streaming, Role.TOWNSHIP_LEADER, name="李四", unit=TOWNSHIP_A)
    with at_desk(streaming, giver, event=event) as page:
        page.keyboard.press("o")
        page.select_option("#sheet [name=to]", f"unit:{TOWNSHIP_A}")
        expect(page.locator("#sheet [name=one] option").first).to_have_text("全体人员（2 人）")
        page.fill("#sheet textarea[name=text]", "今晚巡查河堤")
        page.keyboard.press("Control+Enter")
        first = page.locator("#sheet .orders > li").first
        expect(first.locator("summary")).to_contain_text("已读 0/2")
        first.locator("summary").click()
        expect(first.locator(".receipts li")).to_have_count(2)
        order = giver.get("/api/v1/desk/orders").get_json()["orders"][0]["id"]
        assert worker.post(f"/api/v1/desk/orders/{order}/read").status_code == 201
        expect(first.locator("summary")).to_contain_text("已读 1/2", timeout=IN_A_MINUTE_MS)
        expect(first.locator(".receipts li.read")).to_have_count(1)
        expect(first.locator("details")).to_have_attribute("open", "")
        shot(page, "desk_order_zh")
        page.select_option("#sheet [name=to]", f"unit:{TOWNSHIP_A}")
        page.select_option("#sheet [name=one]", f"person:{worker.person_id}")
        page.fill("#sheet textarea[name=text]", "去现场看一眼")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet .orders > li").first.locator("summary")).to_contain_text("已读 0/1")
        expect(page.locator("#sheet .orders > li").first.locator("b")).to_have_text("张三")
    assert len(leader.get("/api/v1/desk/orders").get_json()["orders"]) == 1, "the second one was for the worker alone"
    with at_desk(streaming, worker) as page:
        expect(page.locator("#order-open")).to_have_attribute("data-count", "1")
        page.keyboard.press("o")
        page.wait_for_selector("#sheet .orders > li")
        assert page.locator("#sheet textarea").count() == 0, "who gives no orders is offered no form for one"
        page.locator("#sheet .orders > li").first.get_by_role("button", name="我已阅读").click()
        expect(page.locator("#order-open")).to_have_attribute("data-count", "")


def test_a_shift_is_written_handed_over_and_accepted_by_who_is_named_and_nobody_else(streaming):
    event = dispatched(streaming)
    now, following, third = (person(streaming, Role.DISPATCHER, name=name) for name in ("早班", "中班", "旁人"))
    with at_desk(streaming, now, event=event) as page:
        page.keyboard.press("l")
        page.fill("#sheet textarea[name=text]", "河堤巡查已派")
        page.check("#sheet [name=about]")
        page.keyboard.press("Control+Enter")
        line = page.locator("#sheet .history > li").first
        expect(line.locator("a")).to_have_text(event.number)
        page.fill("#sheet textarea[name=text]", "两件未派，请接着办")
        page.select_option("#sheet [name=to]", f"person:{following.person_id}")
        expect(page.locator("#sheet button[type=submit]")).to_have_text("交班")
        page.keyboard.press("Control+Enter")
        expect(line.locator(".badge")).to_contain_text("中班")
        expect(line.locator(".badge")).to_contain_text("○")
        shot(page, "desk_shift_zh")
    with at_desk(streaming, third) as page:
        expect(page.locator("#log-open")).to_have_attribute("data-count", "")
        page.keyboard.press("l")
        page.wait_for_selector("#sheet .history > li .badge")
        assert page.locator("#sheet .history button").count() == 0, "it was not handed to him"
    number = third.get("/api/v1/desk/shift-log").get_json()["lines"][0]["id"]
    assert third.post(f"/api/v1/desk/shift-log/handover/{number}/accept").status_code == 403
    with at_desk(streaming, following) as page:
        expect(page.locator("#log-open")).to_have_attribute("data-count", "1")
        page.keyboard.press("l")
        page.click("#sheet .history button.main")
        expect(page.locator("#sheet .history > li .badge").first).to_contain_text("✓")
        expect(page.locator("#log-open")).to_have_attribute("data-count", "")


def test_what_is_on_the_key_list_has_milestones_overdue_ones_are_red_and_reaching_one_says_how(streaming):
    event = dispatched(streaming)
    with at_desk(streaming, person(streaming, Role.COMMANDER, name="指挥长"), event=event) as page:
        page.keyboard.press("g")
        page.fill("#sheet textarea[name=note]", "涉及多部门")
        sent(page)
        for title, day in (("完成勘察", "2025-06-17"), ("施工进场", "2025-06-30")):
            page.get_by_role("button", name="添加节点").click()
            page.fill("#sheet [name=title]", title)
            page.fill("#sheet [name=due_on]", day)
            sent(page)
            expect(page.locator("#matter-body")).to_contain_text(title)
        late = page.locator("#matter-body li.late")
        expect(late).to_have_count(1)
        expect(late).to_contain_text("完成勘察")
        expect(late).to_contain_text("超期")
        expect(late.locator(".light.red")).to_have_count(1)
        late.get_by_role("button").click()
        expect(page.locator("#sheet")).to_be_visible()
        page.keyboard.press("Control+Enter")
        assert page.is_visible("#sheet"), "how it was reached is asked for"
        page.fill("#sheet textarea[name=note]", "已勘察，报告附后")
        sent(page)
        expect(page.locator("#matter-body li.done")).to_contain_text("已勘察，报告附后")
        expect(late).to_have_count(0)
        shot(page, "desk_milestones_zh")


def test_urging_and_supervising_are_told_in_the_history_and_on_the_row(streaming):
    event = dispatched(streaming)
    with at_desk(streaming, person(streaming, Role.COMMANDER, name="指挥长"), event=event) as page:
        page.keyboard.press("u")
        page.fill("#sheet textarea[name=note]", "群众再次来电")
        sent(page)
        page.keyboard.press("s")
        page.fill("#sheet textarea[name=note]", "请街道过问")
        sent(page)
        history = page.locator("#matter-body .history")
        expect(history).to_contain_text("群众再次来电")
        expect(history).to_contain_text("请街道过问")
        row = page.locator("#rows > li[aria-selected=true]")
        expect(row).to_contain_text("督办")
        expect(row).to_contain_text("催办")


def test_a_pause_is_asked_for_with_its_reason_by_one_and_approved_by_another_never_by_himself(streaming):
    event = dispatched(streaming)
    both = (Post(Role.GRID_LEADER, VILLAGE_A, "", ""), Post(Role.TOWNSHIP_LEADER, TOWNSHIP_A, "", ""))
    asking = streaming.login_as(Role.GRID_LEADER, unit=VILLAGE_A)
    with at_desk(streaming, asking, event=event) as page:
        page.click("#matter-body details.others summary")
        page.click("#matter-body [data-step=pause]")
        page.select_option("#sheet [name=pause]", "third_party_report")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sheet")).to_be_visible()
        page.fill("#sheet [name=reason]", "等第三方检测")
        sent(page)
        expect(page.locator("#toast")).to_contain_text("已申请，待审批：暂停计时")  # nothing stands still yet
        expect(page.locator("#matter-body .approvals")).to_contain_text("暂停计时")
        assert page.locator("#matter-body [data-deed=approve]").count() == 0
        expect(page.locator("#matter-body .history")).to_contain_text("申请：暂停计时")
    holder = streaming.login_as(posts=both)
    own = dispatched(streaming)
    step(holder, own, "extend", reason="分段施工", amount="1wd")
    with at_desk(streaming, holder, event=own) as page:
        if page.locator("#matter-body .approvals").count():
            assert page.locator("#matter-body [data-deed=approve]").count() == 0, "not what he asked for himself"
    with at_desk(streaming, streaming.login_as(Role.TOWNSHIP_LEADER, unit=TOWNSHIP_A), event=event) as page:
        page.keyboard.press("a")
        expect(page.locator("#sheet")).to_contain_text("暂停原因：第三方出具报告")
        shot(page, "desk_approve_zh")
        page.get_by_role("button", name="不同意").click()
        expect(page.locator("#sheet .told[data-face=failed]")).to_be_visible()
        sent(page)
        expect(page.locator("#matter-body .history")).to_contain_text("同意：暂停计时")
        expect(page.locator("#matter-body .approvals")).to_have_count(0)
