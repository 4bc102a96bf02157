-- Paper trading. `market` names the feed, its settings and its data: who trades another market has
-- another account. `header` is the text whose SHA-256 is `genesis`.

CREATE TABLE paper_accounts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    market TEXT NOT NULL,
    season BIGINT NOT NULL CHECK (season >= 0),
    created_at BIGINT NOT NULL,
    header TEXT NOT NULL,
    genesis BYTEA NOT NULL CHECK (length(genesis) = 32),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash BYTEA NOT NULL CHECK (length(head_hash) = 32),
    last_activity_at BIGINT NOT NULL,
    UNIQUE (account_id, market, season)
);

CREATE INDEX paper_accounts_by_season ON paper_accounts (market, season, id);

CREATE TABLE paper_journal (
    paper_id TEXT NOT NULL REFERENCES paper_accounts (id),
    seq BIGINT NOT NULL CHECK (seq >= 1),
    at BIGINT NOT NULL,
    command TEXT NOT NULL,
    prev BYTEA NOT NULL CHECK (length(prev) = 32),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (paper_id, seq)
);

-- What an operator pushed: an instrument or a quote a line, each chained to the one before it.

CREATE TABLE feed_journal (
    market TEXT NOT NULL,
    season BIGINT NOT NULL CHECK (season >= 0),
    seq BIGINT NOT NULL CHECK (seq >= 1),
    at BIGINT NOT NULL,
    line TEXT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (market, season, seq)
);

-- Calls of the bot API: of the month and of the minute, which are numbered since 1970.

CREATE TABLE bot_usage (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    month BIGINT NOT NULL,
    month_calls BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    minute_calls BIGINT NOT NULL,
    minute_orders BIGINT NOT NULL,
    seal BYTEA NOT NULL CHECK (length(seal) = 32)
);
