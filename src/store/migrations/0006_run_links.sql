-- The private link of a run that is not published: who has it sees the run.

CREATE TABLE run_links (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    created_at BIGINT NOT NULL
);
