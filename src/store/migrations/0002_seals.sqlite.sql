CREATE TRIGGER run_origin_seal_is_frozen BEFORE UPDATE OF origin_seal ON runs
WHEN OLD.origin_seal IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the origin of a run never changes');
END;
