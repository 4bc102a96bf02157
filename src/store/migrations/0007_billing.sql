-- Plans that somebody pays for. What was charged is Stripe's to know: kept is what a plan follows
-- from. `read_at` is when Stripe was asked for what the rest of the row says.

CREATE TABLE customers (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    customer_id TEXT NOT NULL UNIQUE,
    subscription_id TEXT,
    status TEXT,
    plan TEXT,
    period_end BIGINT,
    ends BIGINT NOT NULL CHECK (ends IN (0, 1)),
    past_due_since BIGINT,
    read_at BIGINT NOT NULL
);

-- What a person began to buy; `key_id` is the key that was made for it, once.

CREATE TABLE checkouts (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    plan TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    paid_at BIGINT,
    key_id TEXT
);

CREATE INDEX checkouts_by_account ON checkouts (account_id, created_at);

-- Events that were heeded, for as long as Stripe repeats them.

CREATE TABLE stripe_events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE INDEX stripe_events_by_age ON stripe_events (at);

-- An account that nobody signs in to is the operator's own: it has no limit of runs.

UPDATE accounts SET plan = 'unlimited' WHERE plan = 'free' AND deleted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM identities WHERE identities.account_id = accounts.id);
