"""Cards and goods on their pages: scanning, bad uploads, inspection on every path (P-1, P-4, P-7, G-10)."""

from io import BytesIO

import pytest

from backoffice.calls.models import CallState
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods.models import GoodsReceipt
from backoffice.repairs.models import CardState, Inspection, RepairCard
from tests import factories as make
from tests.custody import make_card, make_entry, make_receipt, make_taken_call
from tests.pictures import png


@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
def test_a_scanned_card_opens_for_those_who_may_see_it(as_role, role, technician):
    """P-1: the QR code opens the card; not for another technician, and not for those who read no cards."""
    card = make_card(technician=technician)
    answer = as_role(make.make_user(role)).get(f"/repair-cards/scan/{card.number}")
    may = role in (Role.ASSISTANT, Role.SUPERVISOR, Role.MANAGER)
    assert answer.status_code == (302 if may else 404 if role is Role.TECHNICIAN else 403)
    if may:
        assert answer.location.endswith(f"/repair-cards/details/?id={card.id}")


def test_a_card_scanned_in_another_branch_does_not_exist(as_role):
    """P-1: nor one with a number that nobody has, or that is none."""
    card = make_card()
    client = as_role(make.make_user(Role.SUPERVISOR, make.make_branch("SH")))
    for number in (card.number, "XK-0", "%00", "a" * 3000, "<script>"):
        assert client.get(f"/repair-cards/scan/{number}").status_code in (400, 404)
    own = make_card()
    assert as_role(db.session.get_one(RepairCard, own.id).technician).get(
        f"/repair-cards/scan/{own.number}"
    ).status_code == 302  # fmt: skip


def test_the_repairer_inspects_on_no_path(as_role, supervisor):
    """W-4.5, P-4, P-7: button, page, address, bulk action many at once; another card in the same run passes."""
    card, other = make_card(CardState.REPAIRED, finished_by_id=supervisor.id), make_card(CardState.REPAIRED)
    client = as_role(supervisor)
    page = client.get(f"/repair-cards/details/?id={card.id}").text
    assert "act/inspect?" not in page
    assert "（P-4）" in page or "(P-4)" in page
    sent = client.post("/repair-cards/act/inspect", data={"id": card.id, "note": "ok", "version": card.version})
    assert sent.status_code == 403
    for name, more in (("inspect", {"note": ""}), ("send_back", {"note": "n"})):
        client.post("/repair-cards/action/", data={"action": name, "rowid": [card.id], "confirmed": "1", **more})
        client.post(f"/repair-cards/act/{name}", data={"rowid": [card.id], "confirmed": "1", **more})
    assert db.session.get_one(RepairCard, card.id).state is CardState.REPAIRED
    assert db.session.query(Inspection).count() == 0
    client.post("/repair-cards/act/inspect", data={"rowid": [card.id, other.id], "confirmed": "1", "note": ""})
    assert db.session.get_one(RepairCard, card.id).state is CardState.REPAIRED
    assert db.session.get_one(RepairCard, other.id).state is CardState.INSPECTED


def _taking_away(call, photo, scan):
    return {
        "id": call.id, "version": call.version, "customer": call.customer_id, "items-0-model_text": "旧水泵",
        "items-0-accessories": "无", "items-0-appearance": "锈蚀", "items-0-fault_text": "不转",
        "items-0-promised_return_on": "2099-01-01", "items-0-photos": photo, "signature_mode": "on_paper", "scan": scan,
        "signed_by": "张三",
    }  # fmt: skip


def test_a_photo_that_is_none_is_refused_beside_its_field_and_nothing_is_written(as_role, technician):
    """G-10, W-1.5: whatever its name says; what was typed comes back."""
    call = make.make_call(CallState.ON_SITE, technician=technician)
    client = as_role(technician)
    fake = (BytesIO(b"MZ\x90 not a picture"), "pump.jpg")
    answer = client.post(
        "/calls/act/take_away", data=_taking_away(call, fake, (BytesIO(b"<html>"), "s.png")),
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.text.count("pump.jpg") == 1
    assert "旧水泵" in answer.text
    assert db.session.query(GoodsReceipt).count() == 0


def test_two_papers_for_one_are_refused_and_none_is_left_out_in_silence(as_role, technician):
    """G-10, W-1.5: a signature has one paper."""
    call = make.make_call(CallState.ON_SITE, technician=technician)
    two = [(BytesIO(png()), "a.png"), (BytesIO(png()), "b.png")]
    answer = as_role(technician).post(
        "/calls/act/take_away", data=_taking_away(call, (BytesIO(png()), "p.png"), two),
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code == 422
    assert 'id="scan-error"' in answer.text
    assert db.session.query(GoodsReceipt).count() == 0


def test_too_late_a_promise_is_refused_beside_its_field(as_role, technician):
    """E-11: the act's own refusal finds the field of the item."""
    call = make.make_call(CallState.ON_SITE, technician=technician)
    answer = as_role(technician).post(
        "/calls/act/take_away",
        data=_taking_away(call, (BytesIO(png()), "p.png"), (BytesIO(png()), "s.png")),
        content_type="multipart/form-data",
    )
    assert answer.status_code == 409
    assert 'id="items-0-promised_return_on-error"' in answer.text
    assert db.session.query(GoodsReceipt).count() == 0


def test_the_form_for_goods_begins_with_the_calls_unit_and_more_items_without_scripts(as_role, technician):
    """Nothing typed twice: unit, fault and a promised day are there; the address asks for more items."""
    call = make.make_call(CallState.ON_SITE, technician=technician, fault_text="泵抱死")
    page = as_role(technician).get(f"/calls/act/take_away?id={call.id}&items=3").text
    assert page.count('name="items-') > 20
    assert 'name="items-2-accessories"' in page
    assert call.unit.serial_no in page
    assert "泵抱死" in page


@pytest.mark.parametrize("path", ["/goods/", "/receipts/", "/goods-sent/", "/repair-cards/", "/workshop/", "/delays/"])
def test_lists_show_the_own_branch_and_mask_persons(as_role, path):
    """P-1, X-20: what hangs in another branch is not there, on list, board and count."""
    there = make.make_branch("SH")
    foreign = make_card(CardState.REPAIRING, technician=make.make_user(Role.TECHNICIAN, there), branch=there)
    own = make_card(CardState.REPAIRING)
    make_entry(make_receipt(make_taken_call()))
    page = as_role(make.make_user(Role.SUPERVISOR)).get(path).text
    assert foreign.number not in page
    assert foreign.entry.number not in page
    if path in ("/repair-cards/", "/workshop/"):
        assert own.number in page


def test_the_workshop_costs_the_same_for_few_and_many_cards(as_role, count_statements, supervisor):
    """SPEED: a fixed number of statements."""
    client = as_role(supervisor)
    make_card(CardState.REPAIRED)
    with count_statements() as few:
        client.get("/workshop/")
    for state in (CardState.PENDING, CardState.REPAIRING, CardState.REPAIRED, CardState.INSPECTED) * 4:
        make_card(state)
    with count_statements() as many:
        assert client.get("/workshop/").status_code == 200
    assert len(many.texts) == len(few.texts)
