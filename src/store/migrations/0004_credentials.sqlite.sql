-- A journal row goes only when its hash stays.

DROP TRIGGER journal_is_append_only_delete;

CREATE TRIGGER journal_is_append_only_delete BEFORE DELETE ON journal
WHEN NOT EXISTS (
    SELECT 1 FROM erased_journal AS e
    WHERE e.run_id = OLD.run_id AND e.seq = OLD.seq AND e.hash = OLD.hash)
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never deleted');
END;

CREATE TRIGGER erased_journal_stays BEFORE DELETE ON erased_journal
BEGIN
    SELECT RAISE(ABORT, 'the hash of a journal row is never deleted');
END;

CREATE TRIGGER erased_journal_is_final BEFORE UPDATE ON erased_journal
BEGIN
    SELECT RAISE(ABORT, 'the hash of a journal row is never changed');
END;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'an audit row is never changed');
END;
