CREATE TABLE form_version (
    form_id VARCHAR(64) NOT NULL,
    version VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    source TEXT NOT NULL,
    bundle TEXT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_form_version PRIMARY KEY (form_id, version)
);

CREATE TABLE login_attempt (
    id VARCHAR(36) NOT NULL,
    subject VARCHAR(120) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_login_attempt PRIMARY KEY (id)
);

CREATE INDEX ix_login_attempt_subject_at ON login_attempt (subject, at);

CREATE TABLE place (
    id VARCHAR(16) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    parent_id VARCHAR(16),
    CONSTRAINT pk_place PRIMARY KEY (id),
    CONSTRAINT ck_place_parent_unless_province CHECK ((kind = 'province') = (parent_id IS NULL)),
    CONSTRAINT ck_place_kind_known CHECK (kind IN ('province', 'commune', 'village')),
    CONSTRAINT fk_place_parent_id FOREIGN KEY(parent_id) REFERENCES place (id)
);

CREATE INDEX ix_place_parent_id ON place (parent_id);

CREATE TABLE server_state (
    key VARCHAR(40) NOT NULL,
    value VARCHAR(200) NOT NULL,
    CONSTRAINT pk_server_state PRIMARY KEY (key)
);

CREATE TABLE account (
    id VARCHAR(36) NOT NULL,
    username VARCHAR(60) NOT NULL,
    display_name VARCHAR(120) NOT NULL,
    role VARCHAR(16) NOT NULL,
    place_id VARCHAR(16),
    password_hash VARCHAR(200) NOT NULL,
    active BOOLEAN NOT NULL,
    session_epoch INTEGER NOT NULL,
    language VARCHAR(5) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT ck_account_role_known CHECK (role IN ('enumerator', 'supervisor', 'province', 'admin')),
    CONSTRAINT fk_account_place_id FOREIGN KEY(place_id) REFERENCES place (id),
    CONSTRAINT uq_account_username UNIQUE (username)
);

CREATE TABLE commune_counter (
    commune_id VARCHAR(16) NOT NULL,
    value INTEGER NOT NULL,
    CONSTRAINT pk_commune_counter PRIMARY KEY (commune_id),
    CONSTRAINT fk_commune_counter_commune_id FOREIGN KEY(commune_id) REFERENCES place (id)
);

CREATE TABLE household (
    commune_id VARCHAR(16) NOT NULL,
    id VARCHAR(36) NOT NULL,
    code VARCHAR(20) NOT NULL,
    village_id VARCHAR(16) NOT NULL,
    base_head_name VARCHAR(120) NOT NULL,
    base_class VARCHAR(16),
    base_answers TEXT,
    head_name VARCHAR(120) NOT NULL,
    current_class VARCHAR(16),
    current_answers TEXT,
    current_submission_id VARCHAR(36),
    created_by_entry VARCHAR(64),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_household PRIMARY KEY (commune_id, id),
    CONSTRAINT ck_household_base_class_known CHECK (base_class IN ('ho_ngheo', 'ho_can_ngheo', 'khong_ngheo')),
    CONSTRAINT ck_household_current_class_known CHECK (current_class IN ('ho_ngheo', 'ho_can_ngheo', 'khong_ngheo')),
    CONSTRAINT fk_household_commune_id FOREIGN KEY(commune_id) REFERENCES place (id),
    CONSTRAINT fk_household_village_id FOREIGN KEY(village_id) REFERENCES place (id)
);

CREATE INDEX ix_household_village ON household (commune_id, village_id);

CREATE TABLE place_period (
    place_id VARCHAR(16) NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    name VARCHAR(120) NOT NULL,
    division VARCHAR(40) NOT NULL,
    area VARCHAR(16),
    region VARCHAR(40),
    CONSTRAINT pk_place_period PRIMARY KEY (place_id, valid_from),
    CONSTRAINT ck_place_period_area_known CHECK (area IN ('nong_thon', 'thanh_thi')),
    CONSTRAINT ck_place_period_forward CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT fk_place_period_place_id FOREIGN KEY(place_id) REFERENCES place (id)
);

CREATE TABLE receipt (
    commune_id VARCHAR(16) NOT NULL,
    entry_id VARCHAR(64) NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    body TEXT NOT NULL,
    signature VARCHAR(120) NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_receipt PRIMARY KEY (commune_id, entry_id, content_hash),
    CONSTRAINT fk_receipt_commune_id FOREIGN KEY(commune_id) REFERENCES place (id)
);

CREATE TABLE round (
    id VARCHAR(36) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    year INTEGER NOT NULL,
    title VARCHAR(120) NOT NULL,
    standard VARCHAR(40) NOT NULL,
    b1_method VARCHAR(16) NOT NULL,
    form_id VARCHAR(64) NOT NULL,
    form_version VARCHAR(64) NOT NULL,
    opens_on DATE NOT NULL,
    closes_on DATE NOT NULL,
    state VARCHAR(16) NOT NULL,
    CONSTRAINT pk_round PRIMARY KEY (id),
    CONSTRAINT ck_round_b1_method_known CHECK (b1_method IN ('bang_diem', 'nhap_tong', 'thu_nhap')),
    CONSTRAINT ck_round_kind_known CHECK (kind IN ('dinh_ky', 'thuong_xuyen')),
    CONSTRAINT ck_round_state_known CHECK (state IN ('open', 'closed')),
    CONSTRAINT ck_round_forward CHECK (closes_on >= opens_on),
    CONSTRAINT fk_round_form_id_form_version FOREIGN KEY(form_id, form_version) REFERENCES form_version (form_id, version)
);

CREATE TABLE account_village (
    account_id VARCHAR(36) NOT NULL,
    village_id VARCHAR(16) NOT NULL,
    CONSTRAINT pk_account_village PRIMARY KEY (account_id, village_id),
    CONSTRAINT fk_account_village_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_account_village_village_id FOREIGN KEY(village_id) REFERENCES place (id)
);

CREATE TABLE attachment (
    commune_id VARCHAR(16) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    size INTEGER NOT NULL,
    media_type VARCHAR(60) NOT NULL,
    account_id VARCHAR(36) NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_attachment PRIMARY KEY (commune_id, sha256),
    CONSTRAINT fk_attachment_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_attachment_commune_id FOREIGN KEY(commune_id) REFERENCES place (id)
);

CREATE TABLE audit_event (
    id VARCHAR(36) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    account_id VARCHAR(36),
    verb VARCHAR(60) NOT NULL,
    subject VARCHAR(120) NOT NULL,
    detail TEXT,
    CONSTRAINT pk_audit_event PRIMARY KEY (id),
    CONSTRAINT fk_audit_event_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE INDEX ix_audit_event_at ON audit_event (at);

CREATE TABLE device (
    id VARCHAR(64) NOT NULL,
    account_id VARCHAR(36) NOT NULL,
    label VARCHAR(200) NOT NULL,
    app_version VARCHAR(64) NOT NULL,
    last_contact_at TIMESTAMP WITH TIME ZONE NOT NULL,
    clock_skew_seconds INTEGER,
    unsent TEXT NOT NULL,
    in_progress INTEGER NOT NULL,
    storage TEXT,
    CONSTRAINT pk_device PRIMARY KEY (id, account_id),
    CONSTRAINT fk_device_account_id FOREIGN KEY(account_id) REFERENCES account (id)
);

CREATE TABLE former_village (
    account_id VARCHAR(36) NOT NULL,
    village_id VARCHAR(16) NOT NULL,
    CONSTRAINT pk_former_village PRIMARY KEY (account_id, village_id),
    CONSTRAINT fk_former_village_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_former_village_village_id FOREIGN KEY(village_id) REFERENCES place (id)
);

CREATE TABLE member (
    commune_id VARCHAR(16) NOT NULL,
    household_id VARCHAR(36) NOT NULL,
    position INTEGER NOT NULL,
    full_name VARCHAR(120) NOT NULL,
    "values" TEXT NOT NULL,
    CONSTRAINT pk_member PRIMARY KEY (commune_id, household_id, position),
    CONSTRAINT fk_member_commune_id_household_id FOREIGN KEY(commune_id, household_id) REFERENCES household (commune_id, id)
);

CREATE TABLE register_entry (
    commune_id VARCHAR(16) NOT NULL,
    round_id VARCHAR(36) NOT NULL,
    household_id VARCHAR(36) NOT NULL,
    village_id VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    opening_class VARCHAR(16),
    opening_answers TEXT,
    opening_indicators TEXT,
    submission_id VARCHAR(36),
    change INTEGER NOT NULL,
    CONSTRAINT pk_register_entry PRIMARY KEY (commune_id, round_id, household_id),
    CONSTRAINT ck_register_entry_opening_class_known CHECK (opening_class IN ('ho_ngheo', 'ho_can_ngheo', 'khong_ngheo')),
    CONSTRAINT ck_register_entry_state_known CHECK (state IN ('to_visit', 'received', 'returned', 'accepted')),
    CONSTRAINT fk_register_entry_commune_id_household_id FOREIGN KEY(commune_id, household_id) REFERENCES household (commune_id, id),
    CONSTRAINT fk_register_entry_round_id FOREIGN KEY(round_id) REFERENCES round (id),
    CONSTRAINT fk_register_entry_village_id FOREIGN KEY(village_id) REFERENCES place (id)
);

CREATE INDEX ix_register_entry_change ON register_entry (commune_id, change);

CREATE INDEX ix_register_entry_village_state ON register_entry (commune_id, round_id, village_id, state);

CREATE TABLE submission (
    commune_id VARCHAR(16) NOT NULL,
    id VARCHAR(36) NOT NULL,
    entry_id VARCHAR(64) NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    content TEXT NOT NULL,
    household_id VARCHAR(64),
    round_id VARCHAR(64),
    form_id VARCHAR(64),
    form_version VARCHAR(64),
    account_id VARCHAR(36) NOT NULL,
    device_id VARCHAR(64) NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at_said VARCHAR(40),
    finalised_at_said VARCHAR(40),
    CONSTRAINT pk_submission PRIMARY KEY (commune_id, id),
    CONSTRAINT fk_submission_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_submission_commune_id FOREIGN KEY(commune_id) REFERENCES place (id),
    CONSTRAINT uq_submission_commune_id_entry_id_content_hash UNIQUE (commune_id, entry_id, content_hash)
);

CREATE INDEX ix_submission_entry_id ON submission (entry_id);

CREATE INDEX ix_submission_household ON submission (commune_id, round_id, household_id);

CREATE TABLE assessment (
    commune_id VARCHAR(16) NOT NULL,
    submission_id VARCHAR(36) NOT NULL,
    standard VARCHAR(40) NOT NULL,
    household_class VARCHAR(16),
    b1_points DOUBLE PRECISION,
    b2_points DOUBLE PRECISION,
    deprived_count INTEGER,
    illustrative BOOLEAN NOT NULL,
    persons INTEGER NOT NULL,
    problems TEXT NOT NULL,
    phone_agrees BOOLEAN,
    head_name VARCHAR(120) NOT NULL,
    "values" TEXT NOT NULL,
    CONSTRAINT pk_assessment PRIMARY KEY (commune_id, submission_id),
    CONSTRAINT ck_assessment_household_class_known CHECK (household_class IN ('ho_ngheo', 'ho_can_ngheo', 'khong_ngheo')),
    CONSTRAINT fk_assessment_commune_id_submission_id FOREIGN KEY(commune_id, submission_id) REFERENCES submission (commune_id, id)
);

CREATE TABLE deprivation (
    commune_id VARCHAR(16) NOT NULL,
    submission_id VARCHAR(36) NOT NULL,
    indicator VARCHAR(32) NOT NULL,
    dimension VARCHAR(32) NOT NULL,
    deprived BOOLEAN NOT NULL,
    because TEXT NOT NULL,
    CONSTRAINT pk_deprivation PRIMARY KEY (commune_id, submission_id, indicator),
    CONSTRAINT ck_deprivation_dimension_known CHECK (dimension IN ('viec_lam', 'y_te', 'giao_duc', 'nha_o', 'nuoc_ve_sinh', 'thong_tin')),
    CONSTRAINT ck_deprivation_indicator_known CHECK (indicator IN ('viec_lam', 'nguoi_phu_thuoc', 'dinh_duong', 'bhyt', 'gd_nguoi_lon', 'gd_tre_em', 'nha_o_chat_luong', 'nha_o_dien_tich', 'nuoc', 'nha_tieu', 'vien_thong', 'phuong_tien_tt')),
    CONSTRAINT fk_deprivation_commune_id_submission_id FOREIGN KEY(commune_id, submission_id) REFERENCES submission (commune_id, id)
);

CREATE TABLE submission_event (
    commune_id VARCHAR(16) NOT NULL,
    id VARCHAR(36) NOT NULL,
    submission_id VARCHAR(36) NOT NULL,
    seq INTEGER NOT NULL,
    action VARCHAR(16) NOT NULL,
    to_state VARCHAR(16) NOT NULL,
    reason VARCHAR(32),
    detail TEXT,
    comments TEXT,
    account_id VARCHAR(36),
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_submission_event PRIMARY KEY (commune_id, id),
    CONSTRAINT ck_submission_event_action_known CHECK (action IN ('receive', 'quarantine', 'accept', 'return', 'supersede', 'release', 'reopen')),
    CONSTRAINT ck_submission_event_reason_known CHECK (reason IN ('unknown_form', 'unknown_household', 'outside_area', 'round_closed', 'id_reused', 'bad_answers', 'bad_shape', 'too_large', 'future_date', 'already_accepted', 'two_interviews', 'revoked')),
    CONSTRAINT ck_submission_event_to_state_known CHECK (to_state IN ('submitted', 'returned', 'accepted', 'superseded', 'quarantined')),
    CONSTRAINT fk_submission_event_account_id FOREIGN KEY(account_id) REFERENCES account (id),
    CONSTRAINT fk_submission_event_commune_id_submission_id FOREIGN KEY(commune_id, submission_id) REFERENCES submission (commune_id, id),
    CONSTRAINT uq_submission_event_commune_id_submission_id_seq UNIQUE (commune_id, submission_id, seq)
);

CREATE TABLE submission_file (
    commune_id VARCHAR(16) NOT NULL,
    submission_id VARCHAR(36) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    path VARCHAR(200) NOT NULL,
    CONSTRAINT pk_submission_file PRIMARY KEY (commune_id, submission_id, sha256),
    CONSTRAINT fk_submission_file_commune_id_submission_id FOREIGN KEY(commune_id, submission_id) REFERENCES submission (commune_id, id)
);

CREATE TABLE submission_status (
    commune_id VARCHAR(16) NOT NULL,
    submission_id VARCHAR(36) NOT NULL,
    state VARCHAR(16) NOT NULL,
    reason VARCHAR(32),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_submission_status PRIMARY KEY (commune_id, submission_id),
    CONSTRAINT ck_submission_status_reason_iff_held CHECK ((state = 'quarantined') = (reason IS NOT NULL)),
    CONSTRAINT ck_submission_status_reason_known CHECK (reason IN ('unknown_form', 'unknown_household', 'outside_area', 'round_closed', 'id_reused', 'bad_answers', 'bad_shape', 'too_large', 'future_date', 'already_accepted', 'two_interviews', 'revoked')),
    CONSTRAINT ck_submission_status_state_known CHECK (state IN ('submitted', 'returned', 'accepted', 'superseded', 'quarantined')),
    CONSTRAINT fk_submission_status_commune_id_submission_id FOREIGN KEY(commune_id, submission_id) REFERENCES submission (commune_id, id)
);

CREATE INDEX ix_submission_status_state ON submission_status (commune_id, state);
