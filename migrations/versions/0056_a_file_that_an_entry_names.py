"""Whether an entry names a file, and how many bytes an account brought within a day, is found without reading all"""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_submission_file_sha256"), "submission_file", ["commune_id", "sha256"])
    op.create_index(op.f("ix_attachment_account_id"), "attachment", ["account_id", "received_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_attachment_account_id"), "attachment")
    op.drop_index(op.f("ix_submission_file_sha256"), "submission_file")
