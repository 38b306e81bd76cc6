CREATE TABLE collect_token (
    id VARCHAR(36) NOT NULL,
    account_id VARCHAR(36) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by VARCHAR(36) NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    last_device VARCHAR(80) NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoked_by VARCHAR(36),
    CONSTRAINT pk_collect_token PRIMARY KEY (id),
    CONSTRAINT fk_collect_token_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_collect_token_made_by FOREIGN KEY(made_by) REFERENCES account (id),
    CONSTRAINT fk_collect_token_revoked_by FOREIGN KEY(revoked_by) REFERENCES account (id),
    CONSTRAINT uq_collect_token_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_collect_token_account_id ON collect_token (account_id);

CREATE TABLE collect_upload (
    commune_id VARCHAR(16) NOT NULL,
    xml_hash VARCHAR(64) NOT NULL,
    entry_id VARCHAR(64) NOT NULL,
    xml TEXT NOT NULL,
    account_id VARCHAR(36) NOT NULL,
    device_id VARCHAR(64) NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    entry_hash VARCHAR(64),
    CONSTRAINT pk_collect_upload PRIMARY KEY (commune_id, xml_hash),
    CONSTRAINT fk_collect_upload_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_collect_upload_commune_id FOREIGN KEY(commune_id) REFERENCES place (id)
);

CREATE INDEX ix_collect_upload_account ON collect_upload (account_id, entry_hash);

CREATE TABLE collect_file (
    commune_id VARCHAR(16) NOT NULL,
    xml_hash VARCHAR(64) NOT NULL,
    name VARCHAR(200) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    late BOOLEAN NOT NULL,
    CONSTRAINT pk_collect_file PRIMARY KEY (commune_id, xml_hash, name),
    CONSTRAINT fk_collect_file_commune_id_xml_hash FOREIGN KEY(commune_id, xml_hash) REFERENCES collect_upload (commune_id, xml_hash)
);
