ALTER TABLE device ADD COLUMN revoked_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX ix_device_account ON device (account_id);

CREATE TABLE lost_receipt (
    commune_id VARCHAR(16) NOT NULL,
    entry_id VARCHAR(64) NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    body TEXT NOT NULL,
    signature VARCHAR(120) NOT NULL,
    shown_at TIMESTAMP WITH TIME ZONE NOT NULL,
    shown_by VARCHAR(36) NOT NULL,
    CONSTRAINT pk_lost_receipt PRIMARY KEY (commune_id, entry_id, content_hash),
    CONSTRAINT fk_lost_receipt_commune_id FOREIGN KEY(commune_id) REFERENCES place (id),
    CONSTRAINT fk_lost_receipt_shown_by FOREIGN KEY(shown_by) REFERENCES account (id)
);
