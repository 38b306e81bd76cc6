"""The vocabulary of programmes, their projects and what is given under them: `survey/terms.py` of the supports."""

from __future__ import annotations

from survey.terms import Term


class Provenance(Term):
    """How well a row of a programme is known: what nobody read is never shown as if it were the law."""

    VERIFIED = "verified", "Đã đọc tại nguồn nêu tên", "Read in the source that is named"
    DECIDED = "decided", "Theo văn bản của tỉnh, xã, phường", "By a paper of the province or the commune"
    MEMORY = "memory", "Theo trí nhớ, cần xác nhận", "From memory, to be confirmed"
    PROPOSAL = "proposal", "Phần mềm đề xuất, chưa có căn cứ pháp lý", "Proposed by the product, no legal basis found"
    TO_ENTER = "to_enter", "Chờ nhập khi có văn bản", "To be entered when the paper is at hand"


class ProgrammeKind(Term):
    """What a programme is: of the country, of the province, or a policy outside any programme."""

    NATIONAL = "national", "Chương trình mục tiêu quốc gia", "National target programme"
    PROVINCE = "province", "Chương trình, kế hoạch của tỉnh", "Programme or plan of the province"
    POLICY = "policy", "Chính sách ngoài chương trình", "Policy outside a programme"


class ProjectKind(Term):
    """A project of a programme, or a model or group that people take part in."""

    PROJECT = "project", "Dự án, tiểu dự án", "Project or sub-project"
    LIVESTOCK = "livestock", "Mô hình chăn nuôi", "Livestock model"
    CROPS = "crops", "Mô hình trồng trọt", "Crop model"
    CRAFTS = "crafts", "Mô hình nghề thủ công, làng nghề", "Crafts model"
    TOURISM = "tourism", "Mô hình du lịch cộng đồng", "Community tourism"
    STARTUP = "startup", "Mô hình khởi nghiệp", "Start-up"

    @property
    def is_model(self) -> bool:
        """Whether households and persons are members of it."""
        return self is not ProjectKind.PROJECT


class SupportSubject(Term):
    """Whom one support of a kind is given to."""

    PERSON = "person", "Một người", "A person"
    HOUSEHOLD = "household", "Cả hộ", "The household"


class SupportWindow(Term):
    """Within what the same subject gets a kind's benefit once."""

    NONE = "none", "Không giới hạn số lần", "No limit"
    MONTH = "month", "Mỗi tháng một lần", "Once a month"
    YEAR = "calendar_year", "Mỗi năm (dương lịch) một lần", "Once a calendar year"
    PROGRAMME = "programme", "Mỗi chương trình một lần", "Once in a programme"
    LIFE = "life", "Chỉ một lần", "Once for good"


class SupportCount(Term):
    """Which figure of the plan a support of a kind adds a person to."""

    JOBS = "jobs", "Lao động được kết nối việc làm", "Workers connected to jobs"
    TRAINED = "trained", "Lao động được đào tạo nghề", "Workers trained"
    ABROAD = "abroad", "Lao động đi làm việc ở nước ngoài theo hợp đồng", "Workers abroad under contract"


class FundAct(Term):
    """What is done with the money of a fund; `programmes/funds.py` says what each moves."""

    ALLOCATE = "allocate", "Giao vốn", "Allocated"
    COMMIT = "commit", "Cam kết chi", "Committed"
    PAY = "pay", "Giải ngân", "Paid"
    RETURN = "return", "Thu hồi", "Returned to the fund"
    HAND_BACK = "hand_back", "Nộp trả ngân sách", "Handed back to the budget"
    REVERSE = "reverse", "Ghi đảo bút toán", "Reversed"


class MemberAct(Term):
    """What became of a member of a model."""

    OUTCOME = "outcome", "Kết quả", "Outcome"
    LEFT = "left", "Ra khỏi mô hình", "Left"
    VOID = "void", "Bỏ dòng ghi nhầm", "Written by mistake"


class MemberOutcome(Term):
    """How the model goes with a member, looked at about a year later."""

    GROWN = "grown", "Còn duy trì và mở rộng", "Kept and grown"
    KEPT = "kept", "Còn duy trì", "Kept"
    STOPPED = "stopped", "Đã dừng", "Stopped"
    LOST = "lost", "Mất do dịch bệnh, thiên tai", "Lost to disease or disaster"
    NOT_KNOWN = "not_known", "Chưa rõ", "Not known"


class SupportOrigin(Term):
    """By which way a support was written down."""

    DESK = "desk", "Cán bộ nhập", "Entered at a desk"
    PHONE = "phone", "Từ điện thoại", "From a phone"
    LIST = "list", "Từ danh sách", "From a list"


class SupportState(Term):
    """What a phone is told of a support that it told of."""

    HELD = "held", "Chưa ghi được, chờ cán bộ xem", "Not written down yet, waits for the commune"
    ACCEPTED = "accepted", "Đã ghi", "Written down"
    REFUSED = "refused", "Không ghi", "Not written down"
    REVERSED = "reversed", "Đã ghi, sau đó thu hồi", "Written down, and taken back since"


# Of one support, wherever it is told.
MOST_MONEY = 1_000_000_000_000  # đồng: more than any fund of a commune
MOST_PIECES = 1_000_000
MAX_DOCUMENT, MAX_NOTE = 200, 500  # characters
