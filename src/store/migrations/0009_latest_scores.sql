-- The runs that were published last stand on the start page: whoever opens it must not wait until
-- every result there is has been read.

CREATE INDEX scores_by_publication ON scores (published_at DESC, run_id);
