CREATE TABLE stored_file (
    sha256 VARCHAR(64) NOT NULL,
    size INTEGER NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_stored_file PRIMARY KEY (sha256),
    CONSTRAINT ck_stored_file_size_known CHECK (size >= 0)
);

CREATE TABLE form_draft (
    id VARCHAR(36) NOT NULL,
    source_name VARCHAR(120) NOT NULL,
    source_kind VARCHAR(8) NOT NULL,
    source_sha256 VARCHAR(64) NOT NULL,
    form_id VARCHAR(64),
    version VARCHAR(64),
    title VARCHAR(200) NOT NULL,
    hash VARCHAR(64),
    bundle TEXT,
    faults TEXT NOT NULL,
    advice TEXT NOT NULL,
    account_id VARCHAR(36),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_form_draft PRIMARY KEY (id),
    CONSTRAINT ck_form_draft_source_kind_known CHECK (source_kind IN ('xlsx', 'csv', 'md')),
    CONSTRAINT ck_form_draft_compiled_whole CHECK ((bundle IS NULL) = (hash IS NULL)),
    CONSTRAINT fk_form_draft_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_form_draft_source_sha256 FOREIGN KEY(source_sha256) REFERENCES stored_file (sha256)
);

CREATE TABLE form_draft_file (
    draft_id VARCHAR(36) NOT NULL,
    name VARCHAR(100) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    media_type VARCHAR(60) NOT NULL,
    CONSTRAINT pk_form_draft_file PRIMARY KEY (draft_id, name),
    CONSTRAINT fk_form_draft_file_draft_id FOREIGN KEY(draft_id) REFERENCES form_draft (id),
    CONSTRAINT fk_form_draft_file_sha256 FOREIGN KEY(sha256) REFERENCES stored_file (sha256)
);

CREATE TABLE form_version_file (
    form_id VARCHAR(64) NOT NULL,
    version VARCHAR(64) NOT NULL,
    name VARCHAR(100) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    media_type VARCHAR(60) NOT NULL,
    CONSTRAINT pk_form_version_file PRIMARY KEY (form_id, version, name),
    CONSTRAINT fk_form_version_file_form_id_version FOREIGN KEY(form_id, version) REFERENCES form_version (form_id, version),
    CONSTRAINT fk_form_version_file_sha256 FOREIGN KEY(sha256) REFERENCES stored_file (sha256)
);

CREATE TABLE points_table (
    id VARCHAR(36) NOT NULL,
    form_id VARCHAR(64) NOT NULL,
    form_version VARCHAR(64) NOT NULL,
    name VARCHAR(64) NOT NULL,
    decision VARCHAR(120) NOT NULL,
    decided_on DATE NOT NULL,
    state VARCHAR(16) NOT NULL,
    layout TEXT NOT NULL,
    rows TEXT,
    rows_hash VARCHAR(64),
    account_id VARCHAR(36),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    agreed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_points_table PRIMARY KEY (id),
    CONSTRAINT ck_points_table_agreed_at_known CHECK ((state = 'agreed') = (agreed_at IS NOT NULL)),
    CONSTRAINT ck_points_table_agreed_rows_known CHECK ((state = 'agreed') = (rows_hash IS NOT NULL)),
    CONSTRAINT ck_points_table_state_known CHECK (state IN ('typing', 'agreed', 'dropped')),
    CONSTRAINT fk_points_table_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_points_table_form_id_form_version FOREIGN KEY(form_id, form_version) REFERENCES form_version (form_id, version)
);

CREATE TABLE points_entry (
    table_id VARCHAR(36) NOT NULL,
    place INTEGER NOT NULL,
    account_id VARCHAR(36) NOT NULL,
    figures TEXT NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    handed_in_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_points_entry PRIMARY KEY (table_id, place),
    CONSTRAINT ck_points_entry_two_people CHECK (place IN (1, 2)),
    CONSTRAINT fk_points_entry_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_points_entry_table_id FOREIGN KEY(table_id) REFERENCES points_table (id),
    CONSTRAINT uq_points_entry_table_id_account_id UNIQUE (table_id, account_id)
);

ALTER TABLE form_version ADD COLUMN published_by VARCHAR(36) CONSTRAINT fk_form_version_published_by REFERENCES account (id);

ALTER TABLE form_version ADD COLUMN source_name VARCHAR(120);

ALTER TABLE form_version ADD COLUMN source_kind VARCHAR(8) CONSTRAINT ck_form_version_source_kind_known CHECK (source_kind IN ('xlsx', 'csv', 'md'));

ALTER TABLE form_version ADD COLUMN source_sha256 VARCHAR(64) CONSTRAINT fk_form_version_source_sha256 REFERENCES stored_file (sha256) CONSTRAINT ck_form_version_source_whole CHECK ((source_sha256 IS NULL) = (source_kind IS NULL));

ALTER TABLE form_version ADD COLUMN xform TEXT;

ALTER TABLE form_version ADD COLUMN retired_at TIMESTAMP WITH TIME ZONE;
