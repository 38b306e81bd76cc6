"""The columns that no question gives: what identifies a row, and what the review says of it. Their words stand in both
languages side by side, as in the codebook."""

from __future__ import annotations

from collections.abc import Sequence

from survey.exports.columns import Code, Codes, DataColumn, fixed
from survey.form.form import Form
from survey.poverty.readings import readings
from survey.terms import (
    CommuneState,
    Dimension,
    HouseholdClass,
    Indicator,
    OutcomeKind,
    OutcomeState,
    RegisterState,
    Term,
)


def _terms(terms: type[Term]) -> Codes:
    """The codes of a term, numbered as they stand: who adds one adds it at the end, or the numbers of old files would
    mean something else (`tests/exports/test_columns.py` holds them)."""
    return tuple(Code(term.value, number, {"vi": term.vi, "en": term.en}) for number, term in enumerate(terms, start=1))


FLAGS: Codes = (
    Code("0", 0, {"vi": "Không", "en": "No"}),
    Code("1", 1, {"vi": "Có", "en": "Yes"}),
)  # of each 0/1 column


IDENTITY = (
    fixed("round_id", "text", "Mã đợt rà soát", "Round"),
    fixed("round_year", "integer", "Năm rà soát", "Year of the round"),
    fixed("trial", "0/1", "Chạy thử (1 = không phải kết quả chính thức)", "Trial (1 = no official result)"),
    fixed("commune_id", "text", "Mã xã, phường", "Commune code"),
    fixed("commune_name", "text", "Xã, phường", "Commune"),
    fixed("village_id", "text", "Mã thôn, bản", "Village code"),
    fixed("village_name", "text", "Thôn, bản, tiểu khu, tổ dân phố", "Village"),
    fixed("household_id", "text", "Mã hộ trong hệ thống", "Household id in this system"),
    fixed("household_code", "text", "Mã hộ", "Household code"),
    fixed("entry_id", "text", "Mã phiếu", "Entry id"),
    fixed("state", "select_one", "Tình trạng duyệt", "State of review", _terms(RegisterState)),
    fixed("provisional", "0/1", "Chưa duyệt (1 = số liệu tạm)", "Not yet accepted (1 = provisional)"),
    fixed(
        "round_state",
        "select_one",
        "Đợt rà soát ở xã, phường (tỉnh chưa duyệt kết quả = số liệu tạm tính)",
        "The round in the commune (not accepted by the province = provisional)",
        _terms(CommuneState),
    ),
    fixed("household_class", "select_one", "Phân loại hộ", "Class of the household", _terms(HouseholdClass)),
    fixed(
        "b1_illustrative",
        "0/1",
        "Điểm B1 theo bảng minh hoạ (1 = chưa phải bảng chính thức)",
        "B1 rests on the illustrative table (1 = not the official one)",
    ),
)
OF_HOUSEHOLD = (
    fixed("head_name", "text", "Họ tên chủ hộ", "Head of household"),
    fixed("opening_class", "select_one", "Phân loại năm trước", "Class last year", _terms(HouseholdClass)),
    fixed("b1_points", "decimal", "Điểm B1", "B1 points"),
    fixed("b2_points", "decimal", "Điểm B2", "B2 points"),
    fixed("deprived_count", "integer", "Số chỉ số thiếu hụt", "Number of indicators deprived"),
    fixed("persons", "integer", "Số nhân khẩu", "Number of persons"),
    fixed("standard", "text", "Chuẩn nghèo áp dụng", "Standard applied"),
    fixed("form_id", "text", "Mã mẫu phiếu", "Form"),
    fixed("form_version", "text", "Phiên bản mẫu phiếu", "Version of the form"),
    fixed("surveyed_by", "text", "Tài khoản rà soát", "Account of the enumerator"),
    fixed("received_at", "dateTime", "Máy chủ nhận lúc (UTC)", "Received by the server (UTC)"),
    fixed("decided_at", "dateTime", "Tình trạng từ lúc (UTC)", "In this state since (UTC)"),
)  # fmt: skip
OF_MEMBER = (fixed("member_position", "integer", "Số thứ tự thành viên", "Position of the member"),)
OF_NO_INTERVIEW = (
    fixed("head_name", "text", "Họ tên chủ hộ", "Head of household"),
    fixed("outcome", "select_one", "Vì sao không có phiếu rà soát", "Why there is no interview", _terms(OutcomeKind)),
    fixed("outcome_state", "select_one", "Xã, phường đã xác nhận chưa", "Confirmed or not", _terms(OutcomeState)),
    fixed("reason", "text", "Lý do đã ghi", "Reason as written"),
    fixed("visits", "integer", "Số lần đến đã ghi", "Visits noted"),
    fixed("position", "text", "Vị trí lúc báo: vĩ độ, kinh độ, độ cao, sai số", "Where it was said"),
    fixed("said_by", "text", "Tài khoản đã báo", "Account that said it"),
    fixed("said_at", "text", "Báo lúc (giờ của điện thoại)", "Said at (by the phone's clock)"),
    fixed("received_at", "dateTime", "Máy chủ nhận lúc (UTC)", "Received by the server (UTC)"),
    fixed("decided_by", "text", "Tài khoản quyết định", "Account that decided"),
    fixed("decided_at", "dateTime", "Quyết định lúc (UTC)", "Decided at (UTC)"),
    fixed("decision_reason", "text", "Lý do của quyết định", "Reason of the decision"),
)  # fmt: skip
OF_DEPRIVATION = (
    fixed("dimension", "select_one", "Mã chiều thiếu hụt", "Dimension", _terms(Dimension)),
    fixed("dimension_name", "text", "Chiều thiếu hụt", "Name of the dimension"),
    fixed("indicator", "select_one", "Mã chỉ số", "Indicator", _terms(Indicator)),
    fixed("indicator_name", "text", "Chỉ số", "Name of the indicator"),
    fixed("deprived", "0/1", "Thiếu hụt (1 = có)", "Deprived (1 = yes)"),
    fixed("because", "text", "Vì sao", "Because"),
)


OF_WIDE = (
    *(
        fixed(f"lacks__{one.value}", "0/1", f"Thiếu hụt: {one.vi}", f"Deprived: {one.en}")
        for one in Indicator
    ),
    fixed("members_beside", "integer", "Số thành viên không có trong dòng này", "Members that are not in this row"),
)  # fmt: skip


_KEY = fixed("key", "text", "Mã dòng, tạo mới cho mỗi lần phát hành", "Key, new for each release")
_AREA = fixed("area", "text", "Khu vực: các xã, phường liền mã, xem report.md", "Area: communes, see report.md")
_SIZE = fixed("size", "text", "Số nhân khẩu của hộ", "Persons of the household")
_CHILDREN = fixed("children", "text", "Số trẻ em dưới 16 tuổi của hộ", "Children under 16 of the household")
_CLASS = fixed("household_class", "select_one", "Phân loại hộ", "Class of the household", _terms(HouseholdClass))
OF_RESEARCH_HOUSEHOLD = (
    _KEY, _AREA, _SIZE,
    fixed("sex", "select_one", "Giới tính chủ hộ", "Sex of the head"),
    fixed("age", "text", "Nhóm tuổi chủ hộ", "Age band of the head"),
    fixed("people", "select_one", "Dân tộc chủ hộ", "Ethnic group of the head"),
    _CHILDREN, _CLASS, *OF_WIDE[:-1],
)  # fmt: skip
OF_RESEARCH_PERSON = (
    _KEY, _AREA, _SIZE,
    fixed("sex", "select_one", "Giới tính", "Sex"),
    fixed("age", "text", "Nhóm tuổi", "Age band"),
    fixed("people", "select_one", "Dân tộc", "Ethnic group"),
    _CHILDREN, _CLASS,
)  # fmt: skip
TRIAL = IDENTITY[2]
OF_RESEARCH_PLACE = (
    fixed("cell", "text", "Ô 5 km: vĩ độ, kinh độ của tâm", "Cell of 5 km: latitude, longitude of its middle"),
)


def of_household(forms: Sequence[Form]) -> tuple[DataColumn, ...]:
    """OF_HOUSEHOLD, and on which unconfirmed readings of the texts the class hangs; the choices are the readings."""
    asked = {one.name: one.question for form in forms for one in readings(form)}
    hanging = fixed(
        "hanging_readings", "select_multiple", "Phân loại tuỳ cách hiểu chưa được xác nhận",
        "Unconfirmed readings that the class hangs on",
        tuple(Code(name, number, question) for number, (name, question) in enumerate(asked.items(), start=1)),
    )  # fmt: skip
    return (*OF_HOUSEHOLD, hanging)
