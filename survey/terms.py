"""The field's vocabulary: every state, role and class the product speaks of, with the official Vietnamese term.

The members' values are what the database, the API and the CSV hold; the labels are message ids for Babel
(Vietnamese is the source language of the terms themselves, since the law is written in it; the English stands beside).
"""

from __future__ import annotations

from enum import StrEnum


class Term(StrEnum):
    """A stored value with its official Vietnamese term and an English one: ``Role.ENUMERATOR.vi``."""

    vi: str
    en: str

    def __new__(cls, value: str, vi: str = "", en: str = "") -> Term:
        member = str.__new__(cls, value)
        member._value_ = value
        member.vi = vi
        member.en = en
        return member

    def label(self, language: str) -> str:
        """The term in `language` ("vi" or "en")."""
        return self.en if language == "en" else self.vi


class Role(Term):
    """Who somebody is. An area belongs to each role: villages, a commune, a province, everything."""

    ENUMERATOR = "enumerator", "Rà soát viên", "Enumerator"
    SUPERVISOR = "supervisor", "Cán bộ phụ trách xã, phường", "Commune supervisor"
    PROVINCE = "province", "Cán bộ tỉnh", "Province officer"
    ADMIN = "admin", "Quản trị", "Administrator"


class PlaceKind(Term):
    PROVINCE = "province", "Tỉnh", "Province"
    COMMUNE = "commune", "Xã, phường", "Commune"
    VILLAGE = "village", "Thôn, bản, tiểu khu, tổ dân phố", "Village"


class PlaceChange(Term):
    """What happened to a village: a row of `place_event` each; `borders/villages.py` has the rules."""

    FOUND = "found", "Có trong danh sách thôn, bản", "On the list of villages"
    RENAMED = "renamed", "Đổi tên", "Renamed"
    AREA = "area", "Đổi khu vực thành thị, nông thôn", "Urban or rural changed"
    MERGED = "merged", "Sáp nhập vào thôn, bản khác", "Merged into another village"
    SPLIT = "split", "Tách ra một thôn, bản mới", "A new village split off"
    REZONED = "rezoned", "Chuyển sang xã, phường khác", "Moved to another commune"
    FORMER = "former", "Ghi xã, phường cũ", "Former commune entered"
    VOID = "void", "Hoàn tác", "Undone"


class Area(Term):
    """Which income line applies (NĐ 07/2021/NĐ-CP Art. 3): a setting per village, see shared domain notes."""

    RURAL = "nong_thon", "Nông thôn", "Rural"
    URBAN = "thanh_thi", "Thành thị", "Urban"


class HouseholdClass(Term):
    """The outcome of the review (NĐ 07/2021/NĐ-CP Art. 3)."""

    POOR = "ho_ngheo", "Hộ nghèo", "Poor household"
    NEAR_POOR = "ho_can_ngheo", "Hộ cận nghèo", "Near-poor household"
    NOT_POOR = "khong_ngheo", "Không thuộc hộ nghèo, hộ cận nghèo", "Neither poor nor near-poor"


class RoundKind(Term):
    PERIODIC = "dinh_ky", "Rà soát định kỳ", "Periodic review"
    AD_HOC = "thuong_xuyen", "Rà soát thường xuyên", "Ad-hoc review"


class RoundState(Term):
    """A round as a whole, and what a phone is told of it: open while it is planned or open in any commune."""

    OPEN = "open", "Đang mở", "Open"
    CLOSED = "closed", "Đã đóng", "Closed"


class JobState(Term):
    """Where long work stands that is done beside the pages (`survey/jobs`)."""

    QUEUED = "queued", "Đang chờ đến lượt", "Waiting for its turn"
    RUNNING = "running", "Đang làm", "Under way"
    DONE = "done", "Đã xong", "Done"
    FAILED = "failed", "Không làm được", "Failed"
    CANCELLED = "cancelled", "Đã dừng", "Stopped"


class CommuneState(Term):
    """Where a round stands in one commune; `round_steps.STEPS` says how it moves."""

    PLANNED = "planned", "Dự kiến", "Planned"
    OPEN = "open", "Đang mở", "Open"
    CLOSED = "closed", "Đã đóng, chờ tỉnh duyệt", "Closed, for the province to accept"
    ACCEPTED = "accepted", "Tỉnh đã duyệt kết quả", "Accepted by the province"
    CANCELLED = "cancelled", "Đã huỷ", "Cancelled"


class RoundAction(Term):
    """What was done to a round in a commune: one row of `round_step` each."""

    PLAN = "plan", "Lập kế hoạch", "Planned"
    OPEN = "open", "Mở đợt", "Opened"
    DATES = "dates", "Đổi ngày", "Days changed"
    CLOSE = "close", "Đóng đợt", "Closed"
    ACCEPT = "accept", "Duyệt kết quả", "Accepted"
    REOPEN = "reopen", "Mở lại", "Reopened"
    CANCEL = "cancel", "Huỷ đợt", "Cancelled"


class RoundWeight(Term):
    """Whether what a round finds counts."""

    OFFICIAL = "official", "Chính thức", "Official"
    TRIAL = "trial", "Chạy thử, không dùng làm kết quả chính thức", "Trial, not an official result"


class B1Method(Term):
    """How a round settles the income side while no official B1 points table is loaded."""

    TABLE = "bang_diem", "Tính từ bảng điểm B1", "From the B1 points table"
    TOTAL = "nhap_tong", "Nhập tổng điểm B1", "B1 total keyed in"
    INCOME = "thu_nhap", "Thu nhập bình quân đầu người", "Stated income per person"


class SourceKind(Term):
    """How a questionnaire was given: the ending of its file."""

    XLSX = "xlsx", "Sổ tính Excel", "Excel workbook"
    CSV = "csv", "Bảng CSV", "CSV"
    MARKDOWN = "md", "Bảng Markdown", "Markdown"


class FormState(Term):
    """Where a questionnaire stands."""

    DRAFT = "draft", "Bản nháp", "Draft"
    PUBLISHED = "published", "Đã công bố", "Published"
    RETIRED = "retired", "Thôi dùng", "Retired"


class PointsState(Term):
    """Where a points table stands that two people type."""

    TYPING = "typing", "Đang nhập", "Being typed"
    AGREED = "agreed", "Hai người đã khớp", "Agreed by two people"
    DROPPED = "dropped", "Đã bỏ", "Dropped"


class RegisterState(Term):
    """What became of one household in one round: each is accounted for exactly once."""

    TO_VISIT = "to_visit", "Chưa đến", "To visit"
    RECEIVED = "received", "Đã nhận, chờ duyệt", "Received, to be reviewed"
    RETURNED = "returned", "Trả lại để sửa", "Returned"
    ACCEPTED = "accepted", "Đã duyệt phiếu", "Accepted"


class HouseholdState(Term):
    """Whether a household is still one of the register's, and why not: `register/ledger.py` says how that changes."""

    PRESENT = "present", "Đang có trong danh sách", "On the register"
    MERGED = "merged", "Đã gộp vào hộ khác", "Merged into another household"
    DISSOLVED = "dissolved", "Không còn là một hộ", "Dissolved"
    DIED_OUT = "died_out", "Không còn ai sống", "Died out"
    DUPLICATE = "duplicate", "Trùng với hộ khác", "Duplicate of another household"
    TEST = "test", "Hộ thử", "Test household"
    MOVED = "moved", "Đã chuyển sang xã, phường khác", "Moved to another commune"
    WITHDRAWN = "withdrawn", "Đã huỷ việc ghi vào danh sách", "Its entry was taken back"


class EndState(Term):
    """What became of a household in a round, in the end: each is in exactly one (`rounds/end_states.py`)."""

    DONE = "done", "Đã rà soát", "Interviewed"
    REFUSED = "refused", "Từ chối rà soát", "Refused"
    ABSENT = "absent", "Vắng mặt", "Absent"
    MOVED_AWAY = "moved_away", "Chuyển đi nơi khác", "Moved away"
    DIED_OUT = "died_out", "Không còn ai sống", "Died out"
    SPLIT = "split", "Đã tách, không còn là một hộ", "Split up, no household any more"
    MERGED = "merged", "Đã gộp vào hộ khác", "Merged into another household"
    DUPLICATE = "duplicate", "Trùng với hộ khác", "Duplicate of another household"
    NOT_FOUND = "not_found", "Không tìm thấy hộ", "Not found"
    TEST = "test", "Hộ thử", "Test household"


class Origin(Term):
    """How a household came into a round."""

    START = "start", "Có trong danh sách đầu kỳ", "On the list at the start"
    MET = "met", "Gặp trong đợt", "Met during the round"


class CountBase(Term):
    """Of which households of a round a figure is: the id that pages, files and tests quote (`tallies/bases.py`)."""

    LISTED = "listed", "Trong danh sách rà soát", "On the list"
    START = "start", "Có trong danh sách đầu kỳ", "On the list at the start"
    MET = "met", "Gặp trong đợt", "Met during the round"
    ENDED = "ended", "Đã rõ kết quả cuối", "With an end"
    RECEIVED = "received", "Đã nhận, chờ duyệt", "Received, to be reviewed"
    ACCEPTED = "accepted", "Đã duyệt phiếu", "Accepted"
    CLASSIFIED = "classified", "Đã phân loại", "Classified"
    REFUSED = "refused", "Chưa đồng ý trả lời", "Refused to answer"
    NO_CLASS = "no_class", "Chưa phân loại được", "Cannot be classified yet"
    RECOGNISED = "recognised", "Đã có quyết định công nhận", "Recognised by decision"
    RESIDENT = "resident", "Hộ dân cư, nhân khẩu trên địa bàn", "Resident households and persons"
    KNOWN = "known", "Đã rõ chỉ số", "Indicator known"
    APPLICABLE = "applicable", "Có người thuộc diện của chỉ số", "Somebody whom the indicator asks about"


class ResidentStatus(Term):
    """How well the number of residents of a place is known."""

    PUBLISHED = "published", "Số liệu đã công bố", "Published"
    RECORDED = "recorded", "Theo sổ quản lý cư trú", "From the register of residence"
    ESTIMATED = "estimated", "Ước tính", "Estimated"
    REGISTER = "register", "Theo danh sách hộ, xã, phường xác nhận là đủ", "From the register, declared complete"


class ResidentAction(Term):
    """What became of a number of residents that somebody entered."""

    CONFIRM = "confirm", "Xác nhận", "Confirmed"
    REFUSE = "refuse", "Không xác nhận", "Refused"
    WITHDRAW = "withdraw", "Người nhập rút lại", "Taken back by who entered it"
    REVOKE = "revoke", "Bỏ số đã xác nhận", "Taken out after it was confirmed"


class ResidentState(Term):
    """Where a number of residents stands that somebody entered (`residents/residents.py`)."""

    WAITING = "waiting", "Chờ người khác xác nhận", "Waits for another to confirm"
    CONFIRMED = "confirmed", "Đã xác nhận", "Confirmed"
    REFUSED = "refused", "Không được xác nhận", "Refused"
    WITHDRAWN = "withdrawn", "Đã rút lại", "Taken back"
    REVOKED = "revoked", "Đã bỏ", "Taken out"


class PlanMeasure(Term):
    """What a target of a plan is of: a closed list; what each divides by stands in `plan/measures.py`."""

    POVERTY_RATE = "poverty_rate", "Tỷ lệ hộ nghèo", "Poverty rate"
    NEAR_POOR_RATE = "near_poor_rate", "Tỷ lệ hộ cận nghèo", "Near-poor rate"
    MULTIDIMENSIONAL = "multidimensional_rate", "Tỷ lệ nghèo đa chiều", "Multidimensional poverty rate"
    DTTS_OF_GROUP = (
        "dtts_poverty_of_group", "Tỷ lệ hộ nghèo DTTS trên tổng số hộ DTTS", "Ethnic-minority poor, of the group"
    )  # fmt: skip
    DTTS_OF_ALL = "dtts_poverty_of_all", "Tỷ lệ hộ nghèo DTTS trên tổng số hộ", "Ethnic-minority poor, of all"
    LACK_EMPLOYMENT = "lack_viec_lam", "Thiếu hụt chiều việc làm", "Deprived in employment"
    LACK_HEALTH = "lack_y_te", "Thiếu hụt chiều y tế", "Deprived in health"
    LACK_EDUCATION = "lack_giao_duc", "Thiếu hụt chiều giáo dục", "Deprived in education"
    LACK_HOUSING = "lack_nha_o", "Thiếu hụt chiều nhà ở", "Deprived in housing"
    LACK_WATER = "lack_nuoc_ve_sinh", "Thiếu hụt chiều nước sinh hoạt và vệ sinh", "Deprived in water and sanitation"
    LACK_INFORMATION = "lack_thong_tin", "Thiếu hụt chiều thông tin", "Deprived in information"
    POOR = "poor_households", "Số hộ nghèo", "Poor households"
    NEAR_POOR = "near_poor_households", "Số hộ cận nghèo", "Near-poor households"
    DTTS_POOR = "dtts_poor_households", "Số hộ nghèo DTTS", "Ethnic-minority poor households"
    DTTS_NEAR_POOR = "dtts_near_poor_households", "Số hộ cận nghèo DTTS", "Ethnic-minority near-poor households"
    RESIDENT = "resident_households", "Tổng số hộ dân cư", "Resident households"
    STEADY_WORK = (
        "steady_work", "Hộ nghèo, cận nghèo có ít nhất một thành viên có việc làm bền vững",
        "Poor and near-poor households with a member in steady work",
    )  # fmt: skip
    JOBS = "jobs", "Lao động được kết nối việc làm", "Workers connected to jobs"
    JOBS_OF_POOR = (
        "jobs_poor_share", "Lao động hộ nghèo, cận nghèo, mới thoát nghèo trong số được kết nối việc làm",
        "Of those connected, from poor, near-poor and newly escaped households",
    )  # fmt: skip
    TRAINED = "trained", "Lao động được đào tạo", "Workers trained"
    ABROAD = "abroad", "Lao động đi làm việc ở nước ngoài theo hợp đồng", "Workers abroad under contract"
    MODELS = "models", "Mô hình giảm nghèo", "Livelihood models"
    PILOTS = "pilots", "Mô hình thí điểm du lịch cộng đồng, khởi nghiệp", "Pilots of community tourism and start-ups"


class Unit(StrEnum):
    """In what is counted."""

    HOUSEHOLDS = "households"
    PERSONS = "persons"


class PlanUnit(Term):
    PERCENT = "percent", "%", "%"
    HOUSEHOLDS = "households", "hộ", "households"
    PERSONS = "persons", "người", "persons"
    MODELS = "models", "mô hình", "models"


class TargetKind(Term):
    """How a target is meant: that a measure is at a value, fell by it since a year, sums up to it within the year, is
    such a share of what was done in the year."""

    LEVEL = "level", "Mức đạt được", "Level"
    FALL = "fall", "Mức giảm so với năm gốc", "Fall since the base year"
    SUM = "sum", "Cộng dồn trong năm", "Sum within the year"
    SHARE = "share", "Tỷ trọng trong năm", "Share within the year"


class Comparison(Term):
    """How a value is to be reached; of a range the lower bound decides."""

    LESS = "lt", "<", "<"
    AT_MOST = "le", "≤", "≤"
    MORE = "gt", ">", ">"
    AT_LEAST = "ge", "≥", "≥"
    RANGE = "range", "từ … đến …", "range"


class PlanStatus(Term):
    """How well the number of a target, or which communes a set has, is known."""

    PUBLISHED = "published", "Đã công bố", "Published"
    DECIDED = "decided", "Theo văn bản của kế hoạch", "By the plan's own paper"
    TO_CONFIRM = "to_confirm", "Cần đối chiếu lại văn bản", "To be confirmed"
    TO_ENTER = "to_enter", "Có chỉ tiêu, chưa có số", "Exists, the number is to be entered"
    NO_NUMBER = "no_number", "Nêu là nhiệm vụ, không có số", "A task without a number"


class FigureStatus(Term):
    """How well a figure is known; of those of one year the first in this order is used."""

    RECOGNISED = "recognised", "Theo quyết định công nhận", "Recognised by decision"
    PUBLISHED = "published", "Đã công bố", "Published"
    REPORTED = "reported", "Cơ quan thực hiện báo cáo", "Reported by who carries it out"
    SECOND_HAND = "second_hand", "Chép lại từ bảng thống kê, chưa đối chiếu", "Copied second-hand, not compared"
    DOUBTFUL = "doubtful", "Đã công bố, chưa rõ mẫu số", "Published, its denominator is doubtful"
    DERIVED = "derived", "Tự tính từ số đã công bố", "Derived from published numbers"
    PROVISIONAL = "provisional", "Tạm tính từ số liệu đã ghi", "Provisional, from what is recorded here"
    ILLUSTRATIVE = "illustrative", "Theo bảng điểm minh hoạ", "By illustrative points"
    ESTIMATED = "estimated", "Ước tính", "Estimated"
    FORECAST = "forecast", "Dự báo", "Forecast"


class Light(Term):
    """How a target stands; the rule is `plan/judging.py`."""

    GREEN = "green", "Đúng hoặc vượt lộ trình", "On or better than the path"
    AMBER = "amber", "Chậm ít so với lộ trình", "A little short of the path"
    RED = "red", "Chậm nhiều so với lộ trình", "Far short of the path"
    GREY = "grey", "Chưa đánh giá được", "Cannot be told"


class LeafPart(StrEnum):
    """Which list of a proof a leaf is of."""

    START = "start"
    END = "end"


class LikenessVerdict(Term):
    """What a person said of two households that may be one."""

    ONE = "one", "Là một", "The same"
    TWO = "two", "Không phải một", "Not the same"
    ASKED_AGAIN = "asked_again", "Hỏi lại", "Asked again"


class RegisterKind(Term):
    """What happened to a household or a person: a row of `register_event` each; `register/ledger.py` has the rules."""

    ENTER = "enter", "Ghi vào danh sách", "Entered"
    CORRECT = "correct", "Sửa thông tin", "Corrected"
    MOVE = "move", "Chuyển chỗ ở", "Moved"
    SPLIT = "split", "Tách hộ", "Split"
    MERGE = "merge", "Gộp hộ", "Merged"
    UNMERGE = "unmerge", "Bỏ gộp hộ", "Merge ended"
    DISSOLVE = "dissolve", "Không còn là một hộ", "Dissolved"
    DIED_OUT = "died_out", "Không còn ai sống", "Died out"
    DUPLICATE = "duplicate", "Trùng với hộ khác", "Duplicate"
    TEST = "test", "Đánh dấu là hộ thử", "Marked as a test"
    RESTORE = "restore", "Đưa lại vào danh sách", "Restored"
    BORN = "born", "Sinh ra", "Born"
    JOINED = "joined", "Vào hộ", "Joined"
    MARRIED_IN = "married_in", "Kết hôn, về ở trong hộ", "Married in"
    DIED = "died", "Qua đời", "Died"
    LEFT = "left", "Rời hộ", "Left"
    MARRIED_OUT = "married_out", "Kết hôn, đi khỏi hộ", "Married out"
    TRANSFERRED = "transferred", "Chuyển sang hộ khác", "Transferred"
    PERSON = "person", "Sửa thông tin thành viên", "Person corrected"
    HEAD = "head", "Đổi chủ hộ", "Head changed"
    IDENTIFIED = "identified", "Xác định là ai", "Identified"
    VOID = "void", "Hoàn tác", "Undone"


class PersonState(Term):
    """Whether a person lives in a household, and why not: `register/persons.py` says how that changes."""

    MEMBER = "member", "Đang ở trong hộ", "A member"
    MISSING = "missing", "Không còn trong hộ, chưa rõ lý do", "Gone, not known why"
    LEFT = "left", "Đã rời hộ", "Left"
    MARRIED = "married", "Đã kết hôn, đi khỏi hộ", "Married out"
    MOVED = "moved", "Đã chuyển sang hộ ở xã, phường khác", "Moved to a household of another commune"
    DEAD = "dead", "Đã mất", "Dead"
    SAME = "same", "Trùng với một người đã có", "The same as another person"


class RequestVerdict(Term):
    """What became of a request for a change of the register."""

    ACCEPTED = "accepted", "Đã đồng ý, đã ghi vào sổ", "Accepted and written down"
    REFUSED = "refused", "Không đồng ý", "Refused"
    WITHDRAWN = "withdrawn", "Người đề nghị đã rút", "Taken back by who asked"


class SubmissionState(Term):
    """Where a submission stands; `lifecycle.TRANSITIONS` says how it moves."""

    SUBMITTED = "submitted", "Chờ duyệt", "To be reviewed"
    RETURNED = "returned", "Đã trả lại", "Returned"
    ACCEPTED = "accepted", "Đã duyệt phiếu", "Accepted"
    SUPERSEDED = "superseded", "Đã có bản thay thế", "Superseded"
    DISCARDED = "discarded", "Đã loại, còn lưu", "Discarded, kept"
    QUARANTINED = "quarantined", "Chờ xem lại", "Held for a look"


class Action(Term):
    """What was done to a submission: one row of `submission_event` each."""

    RECEIVE = "receive", "Nhận", "Received"
    QUARANTINE = "quarantine", "Chờ xem lại", "Held"
    ACCEPT = "accept", "Duyệt", "Accepted"
    RETURN = "return", "Trả lại", "Returned"
    SUPERSEDE = "supersede", "Thay bằng bản mới", "Superseded"
    RELEASE = "release", "Cho qua để duyệt", "Released"
    REOPEN = "reopen", "Mở lại", "Reopened"
    ATTACH = "attach", "Gắn vào hộ", "Attached to a household"
    DISCARD = "discard", "Loại", "Discarded"
    RESTORE = "restore", "Lấy lại", "Taken back"
    PASS_OVER = "pass_over", "Chọn phiếu khác", "Another one counts"
    DATE = "date", "Xác nhận ngày phỏng vấn", "Day of the interview confirmed"


class QuarantineReason(Term):
    """Why an entry that arrived well is held until a person has looked."""

    UNKNOWN_FORM = "unknown_form", "Phiên bản phiếu không có trên máy chủ", "Form version unknown to the server"
    UNKNOWN_HOUSEHOLD = "unknown_household", "Không có hộ này trong danh sách", "Household not on the register"
    OUTSIDE_AREA = "outside_area", "Ngoài địa bàn được giao", "Outside the assigned area"
    ROUND_CLOSED = "round_closed", "Đợt rà soát đã đóng hoặc không có", "Round closed or unknown"
    ROUND_CANCELLED = "round_cancelled", "Đợt rà soát đã bị huỷ", "Round cancelled"
    ID_REUSED = "id_reused", "Trùng mã phiếu nhưng khác nội dung", "Same id, other content"
    BAD_ANSWERS = "bad_answers", "Câu trả lời thiếu hoặc không hợp lệ", "Answers missing or invalid"
    BAD_SHAPE = "bad_shape", "Phiếu sai cấu trúc", "Entry has the wrong shape"
    TOO_LARGE = "too_large", "Phiếu quá lớn", "Entry too large"
    FUTURE_DATE = "future_date", "Ngày phỏng vấn ở tương lai", "Interview dated in the future"
    DOUBTFUL_DATE = "doubtful_date", "Ngày phỏng vấn đáng ngờ", "Day of the interview in doubt"
    SERVER_CLOCK = "server_clock", "Nghi đồng hồ máy chủ sai", "The server's clock is in doubt"
    OUTSIDE_STANDARD = (
        "outside_standard",
        "Ngày rà soát ngoài thời hạn của chuẩn nghèo",
        "Interviewed outside the period of the poverty standard",
    )
    ALREADY_ACCEPTED = "already_accepted", "Hộ này đã được duyệt trong đợt", "Household already accepted in this round"
    TWO_INTERVIEWS = (
        "two_interviews",
        "Hộ này đã có phiếu khác đang chờ",
        "Another interview of it is waiting",
    )
    REVOKED = "revoked", "Tài khoản không còn quyền", "Account no longer permitted"
    TOO_MANY = "too_many", "Hộ này có quá nhiều phiếu đang chờ", "Too many interviews of it are waiting"
    TOO_MUCH = "too_much", "Quy tắc của phiếu tính quá nhiều với phiếu này", "The form's rules take too much for it"


class OutcomeKind(Term):
    """Why a household has no interview in a round: said by one person, confirmed by another."""

    ABSENT = "absent", "Vắng nhà, đã đến nhiều lần", "Away at every visit"
    REFUSED = "refused", "Chưa đồng ý trả lời", "Did not agree to answer"
    MOVED_AWAY = "moved_away", "Đã chuyển đi nơi khác", "Moved away"
    DIED_OUT = "died_out", "Không còn ai sống", "Died out"
    SPLIT = "split", "Đã tách ra, không còn là một hộ", "Split up, no longer one household"
    MERGED = "merged", "Đã về chung với hộ khác", "Joined another household"
    DUPLICATE = "duplicate", "Trùng với hộ khác trong danh sách", "Listed twice"
    NOT_FOUND = "not_found", "Không tìm thấy hộ này", "Not found"
    TEST = "test", "Hộ thử, không có thật", "Test household, not real"


class OutcomeAction(Term):
    """What was decided about an outcome that somebody said: one row of `outcome_decision` each."""

    CONFIRM = "confirm", "Xác nhận", "Confirmed"
    SEND_BACK = "send_back", "Trả lại", "Sent back"
    TAKE_BACK = "take_back", "Rút lại quyết định", "Decision taken back"


class OutcomeState(Term):
    """Where one outcome stands; `outcome_steps.STEPS` says how it moves."""

    WAITING = "waiting", "Chờ xác nhận", "To be confirmed"
    CONFIRMED = "confirmed", "Đã xác nhận", "Confirmed"
    SENT_BACK = "sent_back", "Đã trả lại", "Sent back"


class ProposalState(Term):
    """What a phone is told of what was proposed from it."""

    WAITING = "waiting", "Chờ cán bộ xem", "Waits for the commune"
    HELD = "held", "Chưa ghi được, chờ cán bộ xem", "Cannot be written down yet, waits for the commune"
    ACCEPTED = "accepted", "Đã ghi vào sổ", "Written down by the commune"
    REFUSED = "refused", "Không đồng ý", "Not agreed to by the commune"
    UNDONE = "undone", "Đã ghi, sau đó bỏ lại", "Written down, and undone since"


class Dimension(Term):
    """The six dimensions of NĐ 07/2021/NĐ-CP, in the order of Mẫu 7.4."""

    EMPLOYMENT = "viec_lam", "Việc làm", "Employment"
    HEALTH = "y_te", "Y tế", "Health"
    EDUCATION = "giao_duc", "Giáo dục", "Education"
    HOUSING = "nha_o", "Nhà ở", "Housing"
    WATER = "nuoc_ve_sinh", "Nước sinh hoạt và vệ sinh", "Water and sanitation"
    INFORMATION = "thong_tin", "Thông tin", "Information"


class Indicator(Term):
    """The twelve indicators of NĐ 07/2021/NĐ-CP, in the order of Mẫu 7.4 (shared/domain/b2_items.csv)."""

    JOB = "viec_lam", "Việc làm", "Employment"
    DEPENDANTS = "nguoi_phu_thuoc", "Người phụ thuộc trong hộ gia đình", "Dependants in the household"
    NUTRITION = "dinh_duong", "Dinh dưỡng", "Nutrition"
    INSURANCE = "bhyt", "Bảo hiểm y tế", "Health insurance"
    ADULT_EDUCATION = "gd_nguoi_lon", "Trình độ giáo dục của người lớn", "Adults' education"
    CHILD_SCHOOLING = "gd_tre_em", "Tình trạng đi học của trẻ em", "Children's schooling"
    HOUSE_QUALITY = "nha_o_chat_luong", "Chất lượng nhà ở", "Housing quality"
    HOUSE_AREA = "nha_o_dien_tich", "Diện tích nhà ở bình quân đầu người", "Housing area per person"
    WATER = "nuoc", "Nguồn nước sinh hoạt", "Water source"
    TOILET = "nha_tieu", "Nhà tiêu hợp vệ sinh", "Hygienic latrine"
    TELECOM = "vien_thong", "Sử dụng dịch vụ viễn thông", "Telecommunication services"
    MEDIA = "phuong_tien_tt", "Phương tiện phục vụ tiếp cận thông tin", "Means of access to information"


DIMENSION_OF: dict[Indicator, Dimension] = {
    Indicator.JOB: Dimension.EMPLOYMENT,
    Indicator.DEPENDANTS: Dimension.EMPLOYMENT,
    Indicator.NUTRITION: Dimension.HEALTH,
    Indicator.INSURANCE: Dimension.HEALTH,
    Indicator.ADULT_EDUCATION: Dimension.EDUCATION,
    Indicator.CHILD_SCHOOLING: Dimension.EDUCATION,
    Indicator.HOUSE_QUALITY: Dimension.HOUSING,
    Indicator.HOUSE_AREA: Dimension.HOUSING,
    Indicator.WATER: Dimension.WATER,
    Indicator.TOILET: Dimension.WATER,
    Indicator.TELECOM: Dimension.INFORMATION,
    Indicator.MEDIA: Dimension.INFORMATION,
}


class TaskAction(Term):
    """What is done with a task of the plan by one who received it, or with what they said."""

    PROGRESS = "progress", "Báo cáo tiến độ", "Report progress"
    DONE = "done", "Báo cáo đã hoàn thành", "Report it as done"
    ACCEPT = "accept", "Công nhận hoàn thành", "Accept as done"
    RETURN = "return", "Trả lại, yêu cầu làm tiếp", "Send back"


class TaskState(Term):
    """Where a task stands with one who received it (`plan/task_steps.py`)."""

    OPEN = "open", "Chưa báo cáo", "Nothing reported"
    UNDER_WAY = "under_way", "Đang thực hiện", "Under way"
    REPORTED = "reported", "Đã báo hoàn thành, chờ công nhận", "Reported as done"
    RETURNED = "returned", "Bị trả lại", "Sent back"
    ACCEPTED = "accepted", "Đã hoàn thành", "Done"


class SessionKind(Term):
    """What a session is for (`accounts/sessions.py`): a phone's opens no page, a desk's no phone's door. `BOTH`: begun
    before there were two; no sign-in begins one any more."""

    BOTH = "both", "Điện thoại và máy văn phòng", "Phone and desk"
    SEND = "send", "Chỉ gửi phiếu", "Sending only"
    HALF = "half", "Đã nhập mật khẩu, chờ mã", "Password typed, code awaited"
    PHONE = "phone", "Điện thoại", "Phone"
    DESK = "desk", "Máy văn phòng", "Desk"


class SessionEnd(Term):
    """Why a session is over."""

    SIGNED_OUT = "signed_out", "Đã đăng xuất", "Signed out"
    ENDED = "ended", "Bị kết thúc từ nơi khác", "Ended from another place"
    REPLACED = "replaced", "Đã đăng nhập lại trên máy đó", "Signed in again there"
    PASSWORD = "password", "Mật khẩu hoặc quyền đã đổi", "The password or the rights changed"
    TIME = "time", "Đã hết thời hạn", "Its time was over"
    GUESSED = "guessed", "Nhập sai năm lần liền", "Five wrong tries within it"
