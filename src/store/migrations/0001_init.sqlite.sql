-- What SQLite needs beside 0001_init.sql: the facts that no statement may change.

CREATE TRIGGER journal_is_append_only_update BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never changed');
END;

CREATE TRIGGER journal_is_append_only_delete BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never deleted');
END;

CREATE TRIGGER scenario_version_is_frozen BEFORE UPDATE ON scenario_versions
BEGIN
    SELECT RAISE(ABORT, 'a scenario version never changes once a run has used it');
END;

CREATE TRIGGER run_origin_is_frozen
BEFORE UPDATE OF id, account_id, key_id, scenario_slug, scenario_version, scenario_digest,
    rules_version, attempt, bot_name, agent_info, created_at, header, genesis ON runs
BEGIN
    SELECT RAISE(ABORT, 'the origin of a run never changes');
END;

CREATE TRIGGER run_publication_is_final BEFORE UPDATE OF published_at ON runs
WHEN OLD.published_at IS NOT NULL AND NEW.published_at IS NOT OLD.published_at
BEGIN
    SELECT RAISE(ABORT, 'a published run stays published');
END;
