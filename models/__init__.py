"""The tables: columns, constraints, relations; no decisions.

Every table that grows with households carries `commune_id` first in its key, so that one commune's rows sit together
and a large deployment can be partitioned by commune on PostgreSQL without a rewrite.
"""

from models.base import Base, JSONText, UTCDateTime
from models.collect import CollectFile, CollectToken, CollectUpload
from models.facts import HouseholdFact, PlaceTally
from models.forms import (
    FormDraft,
    FormDraftFile,
    FormVersion,
    FormVersionFile,
    PointsEntry,
    PointsTable,
    ReadingConfirmation,
    StoredFile,
)
from models.jobs import Job
from models.outcomes import HouseholdOutcome, OutcomeDecision, OutcomeFile
from models.people import (
    Account,
    AccountVillage,
    AuditEvent,
    Device,
    FormerVillage,
    HouseholdAssignment,
    LoginAttempt,
)
from models.places import CommuneCounter, FormerCommune, Place, PlaceEvent, PlacePeriod
from models.plan import PlanFigure, PlanFigureStep, PlanPlaceSet, PlanTarget
from models.programmes import (
    Fund,
    FundEntry,
    Programme,
    Project,
    ProjectMember,
    ProjectMemberStep,
    Serves,
    SupportKind,
)
from models.proofs import ProofKey, ProofLeaf, RoundProof, StartRow
from models.proposals import Proposal, ProposalAnswer
from models.register import Alike, AlikeVerdict, ChangeDecision, ChangeRequest, RegisterEvent, RosterRow, VillageCounter
from models.residents import ResidentCount, ResidentStep
from models.round_communes import RoundCommune, RoundRequest, RoundStep
from models.rounds import Household, ListWord, Member, RegisterEntry, RegisterGone, Round, Standard
from models.scenarios import SavedScenario, ScenarioWithdrawal
from models.submissions import (
    OF_COUNTED,
    OF_SUBMISSION,
    Assessment,
    AssessmentReading,
    Attachment,
    Deprivation,
    LostReceipt,
    Receipt,
    ServerState,
    Submission,
    SubmissionEvent,
    SubmissionFile,
    SubmissionStatus,
    Thumbnail,
    Upload,
)
from models.supports import Support, SupportAnswer, SupportClaim, SupportEntry, SupportReversal

__all__ = [
    "OF_COUNTED",
    "OF_SUBMISSION",
    "Account",
    "AccountVillage",
    "Alike",
    "AlikeVerdict",
    "Assessment",
    "AssessmentReading",
    "Attachment",
    "AuditEvent",
    "Base",
    "ChangeDecision",
    "ChangeRequest",
    "CollectFile",
    "CollectToken",
    "CollectUpload",
    "CommuneCounter",
    "Deprivation",
    "Device",
    "FormDraft",
    "FormDraftFile",
    "FormVersion",
    "FormVersionFile",
    "FormerCommune",
    "FormerVillage",
    "Household",
    "HouseholdAssignment",
    "HouseholdFact",
    "HouseholdOutcome",
    "JSONText",
    "Job",
    "ListWord",
    "LoginAttempt",
    "LostReceipt",
    "Member",
    "OutcomeDecision",
    "OutcomeFile",
    "Place",
    "PlaceEvent",
    "PlacePeriod",
    "PlaceTally",
    "PlanFigure",
    "PlanFigureStep",
    "PlanPlaceSet",
    "PlanTarget",
    "PointsEntry",
    "PointsTable",
    "ProofKey",
    "ProofLeaf",
    "Proposal",
    "ProposalAnswer",
    "ReadingConfirmation",
    "Receipt",
    "RegisterEntry",
    "RegisterEvent",
    "RegisterGone",
    "ResidentCount",
    "ResidentStep",
    "RosterRow",
    "Round",
    "RoundCommune",
    "RoundProof",
    "RoundRequest",
    "RoundStep",
    "SavedScenario",
    "ScenarioWithdrawal",
    "ServerState",
    "Standard",
    "StartRow",
    "StoredFile",
    "Submission",
    "SubmissionEvent",
    "SubmissionFile",
    "SubmissionStatus",
    "Thumbnail",
    "UTCDateTime",
    "Upload",
    "VillageCounter",
    "Fund",
    "FundEntry",
    "Programme",
    "Project",
    "ProjectMember",
    "ProjectMemberStep",
    "Serves",
    "SupportKind",
    "Support",
    "SupportAnswer",
    "SupportClaim",
    "SupportEntry",
    "SupportReversal",
]
