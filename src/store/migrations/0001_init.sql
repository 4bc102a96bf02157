-- The first schema, one text for SQLite and PostgreSQL. A statement ends at a blank line.
-- Times are microseconds since 1970, money is in units of 1e-8, ids are texts of lower-case
-- ASCII, digests are 32 bytes.

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    plan TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    family TEXT NOT NULL CHECK (family IN ('benchmark', 'bot')),
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX api_keys_by_account ON api_keys (account_id, created_at);

-- A version never changes once a run has used it: runs point at slug, version and digest.

CREATE TABLE scenario_versions (
    slug TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    first_used_at BIGINT NOT NULL,
    PRIMARY KEY (slug, version),
    UNIQUE (slug, version, digest)
);

-- `header` is the text whose SHA-256 is `genesis`, the first link of the journal. From `status`
-- to `last_activity_at` the columns are derived by replay and kept for lists.

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    key_id TEXT REFERENCES api_keys (id),
    scenario_slug TEXT NOT NULL,
    scenario_version BIGINT NOT NULL,
    scenario_digest TEXT NOT NULL,
    rules_version BIGINT NOT NULL,
    attempt BIGINT NOT NULL CHECK (attempt >= 1),
    bot_name TEXT,
    agent_info TEXT,
    created_at BIGINT NOT NULL,
    header TEXT NOT NULL,
    genesis BYTEA NOT NULL CHECK (length(genesis) = 32),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash BYTEA NOT NULL CHECK (length(head_hash) = 32),
    status TEXT NOT NULL CHECK (status IN ('active', 'completed', 'liquidated', 'abandoned')),
    sim_time BIGINT NOT NULL,
    cash BIGINT NOT NULL,
    equity BIGINT NOT NULL,
    completed_at BIGINT,
    last_activity_at BIGINT NOT NULL,
    published_at BIGINT,
    UNIQUE (account_id, scenario_slug, attempt),
    FOREIGN KEY (scenario_slug, scenario_version, scenario_digest)
        REFERENCES scenario_versions (slug, version, digest)
);

CREATE INDEX runs_by_account ON runs (account_id, created_at, id);

CREATE INDEX runs_by_scenario ON runs (scenario_slug, published_at);

CREATE INDEX runs_by_activity ON runs (status, last_activity_at);

CREATE TABLE journal (
    run_id TEXT NOT NULL REFERENCES runs (id),
    seq BIGINT NOT NULL CHECK (seq >= 1),
    at BIGINT NOT NULL,
    command TEXT NOT NULL,
    prev BYTEA NOT NULL CHECK (length(prev) = 32),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE idempotency (
    run_id TEXT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32),
    body TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (run_id, key)
);

CREATE INDEX idempotency_by_age ON idempotency (at);

CREATE TABLE scores (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    scenario_slug TEXT NOT NULL,
    scenario_version BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    return_pct DOUBLE PRECISION NOT NULL,
    sharpe DOUBLE PRECISION,
    sortino DOUBLE PRECISION,
    max_drawdown DOUBLE PRECISION,
    final_equity BIGINT NOT NULL,
    trade_count BIGINT NOT NULL,
    liquidated BIGINT NOT NULL CHECK (liquidated IN (0, 1)),
    published_at BIGINT NOT NULL,
    results TEXT NOT NULL
);

CREATE INDEX scores_by_scenario ON scores (scenario_slug, return_pct);
