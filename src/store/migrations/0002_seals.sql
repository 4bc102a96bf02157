-- A seal is the SHA-256 of what a row says (`seal.rs`). A row that does not fit its seal was
-- changed by something else than this program and is never served. The rows that are there are
-- sealed by the same step; a row without a seal is a damaged row.

ALTER TABLE runs ADD COLUMN origin_seal BYTEA;

ALTER TABLE runs ADD COLUMN state_seal BYTEA;

ALTER TABLE idempotency ADD COLUMN seal BYTEA;

ALTER TABLE scores ADD COLUMN seal BYTEA;
