-- Where the journal of a season's feed ends: kept apart from its lines, so that lost ones are missed.

CREATE TABLE feed_heads (
    market TEXT NOT NULL,
    season BIGINT NOT NULL CHECK (season >= 0),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash BYTEA NOT NULL CHECK (length(head_hash) = 32),
    PRIMARY KEY (market, season)
);

INSERT INTO feed_heads (market, season, head_seq, head_hash)
SELECT market, season, seq, hash FROM feed_journal AS line
WHERE seq = (
    SELECT MAX(seq) FROM feed_journal AS other
    WHERE other.market = line.market AND other.season = line.season);
