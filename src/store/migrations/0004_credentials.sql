-- Who is behind an account, and everything that opens it. Secrets are kept as their SHA-256.

ALTER TABLE accounts ADD COLUMN handle TEXT;

ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;

CREATE UNIQUE INDEX accounts_by_handle ON accounts (lower(handle));

-- `shown` is what the provider calls the person.

CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    shown TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identities_by_account ON identities (account_id);

-- A browser that is signed in.

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_account ON sessions (account_id, created_at);

-- What is good once and not for long. A used one stays until it expires, to know a second use by.

CREATE TABLE tickets (
    hash BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    purpose TEXT NOT NULL,
    body TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX tickets_by_age ON tickets (expires_at);

-- Registered clients; `digest` is of what they registered.

CREATE TABLE oauth_clients (
    id TEXT NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);

CREATE INDEX oauth_clients_by_age ON oauth_clients (last_used_at);

-- What a person allowed a client; the family of all tokens that follow from it.

CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX grants_by_account ON grants (account_id, created_at);

-- A refresh token that was used keeps the salt from which its successors follow, so that a
-- repeated call within the grace gets the same ones.

CREATE TABLE tokens (
    hash BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    grant_id TEXT NOT NULL REFERENCES grants (id),
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    salt BYTEA
);

CREATE INDEX tokens_by_grant ON tokens (grant_id);

CREATE INDEX tokens_by_age ON tokens (expires_at);

-- What happened to credentials.

CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    account_id TEXT,
    event TEXT NOT NULL,
    about TEXT NOT NULL
);

CREATE INDEX audit_by_account ON audit (account_id, at);

-- What stays of the private runs of an erased account: the hashes of their journals.

CREATE TABLE erased_journal (
    run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (run_id, seq)
);
