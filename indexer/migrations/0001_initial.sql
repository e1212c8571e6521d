-- Facts of the chain: blocks, events, transactions. Everything below them is folded from events and can be made anew.
-- Hashes, ids and addresses are blobs; amounts of wei are decimal texts.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest row is the cursor.
CREATE TABLE blocks (
    number    INTEGER PRIMARY KEY,
    hash      BLOB NOT NULL,
    parent    BLOB NOT NULL,
    timestamp INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    block             INTEGER NOT NULL REFERENCES blocks (number) ON DELETE CASCADE,
    log_index         INTEGER NOT NULL,
    transaction_hash  BLOB NOT NULL,
    transaction_index INTEGER NOT NULL,
    address           BLOB NOT NULL,
    source            TEXT NOT NULL,
    topics            BLOB NOT NULL,
    data              BLOB NOT NULL,
    name              TEXT NOT NULL,
    arguments         TEXT NOT NULL,
    job               BLOB,
    executor          INTEGER,
    model             BLOB,
    PRIMARY KEY (block, log_index)
) STRICT;

CREATE INDEX events_by_job ON events (job, block, log_index) WHERE job IS NOT NULL;
CREATE INDEX events_by_executor ON events (executor, block, log_index) WHERE executor IS NOT NULL;
CREATE INDEX events_by_model ON events (model, block, log_index) WHERE model IS NOT NULL;

CREATE TABLE transactions (
    hash      BLOB PRIMARY KEY,
    block     INTEGER NOT NULL REFERENCES blocks (number) ON DELETE CASCADE,
    sender    BLOB NOT NULL,
    gas_used  INTEGER NOT NULL,
    gas_price TEXT NOT NULL,
    succeeded INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX transactions_by_block ON transactions (block);

CREATE TABLE jobs (
    id        BLOB PRIMARY KEY,
    block     INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    requester BLOB NOT NULL,
    phase     TEXT NOT NULL,
    record    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_by_time ON jobs (block, log_index);
CREATE INDEX jobs_by_requester ON jobs (requester, block, log_index);
CREATE INDEX jobs_by_phase ON jobs (phase, block, log_index);

CREATE TABLE job_executors (
    job      BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    executor INTEGER NOT NULL,
    PRIMARY KEY (executor, job)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_executors_by_job ON job_executors (job);

CREATE TABLE executors (
    id     INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

CREATE TABLE models (
    id     BLOB PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
