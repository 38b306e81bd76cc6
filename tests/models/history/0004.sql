CREATE TABLE upload (
    id VARCHAR(32) NOT NULL,
    commune_id VARCHAR(16) NOT NULL,
    account_id VARCHAR(36) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    size INTEGER NOT NULL,
    media_type VARCHAR(60) NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_upload PRIMARY KEY (id),
    CONSTRAINT ck_upload_size_known CHECK (size > 0),
    CONSTRAINT fk_upload_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_upload_commune_id FOREIGN KEY(commune_id) REFERENCES place (id),
    CONSTRAINT uq_upload_commune_id_account_id_sha256 UNIQUE (commune_id, account_id, sha256)
);

CREATE TABLE thumbnail (
    commune_id VARCHAR(16) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    media_type VARCHAR(60) NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_thumbnail PRIMARY KEY (commune_id, sha256),
    CONSTRAINT fk_thumbnail_commune_id FOREIGN KEY(commune_id) REFERENCES place (id)
);
