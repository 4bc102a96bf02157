-- A row goes only when its hash stays, as with the journal of a run.

CREATE TRIGGER paper_journal_is_append_only_update BEFORE UPDATE ON paper_journal
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never changed');
END;

CREATE TRIGGER paper_journal_is_append_only_delete BEFORE DELETE ON paper_journal
WHEN NOT EXISTS (
    SELECT 1 FROM erased_journal AS e
    WHERE e.run_id = OLD.paper_id AND e.seq = OLD.seq AND e.hash = OLD.hash)
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never deleted');
END;

CREATE TRIGGER feed_journal_is_append_only_update BEFORE UPDATE ON feed_journal
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never changed');
END;

CREATE TRIGGER feed_journal_is_append_only_delete BEFORE DELETE ON feed_journal
BEGIN
    SELECT RAISE(ABORT, 'a journal row is never deleted');
END;
