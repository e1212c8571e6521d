-- Challenges of answers before courts. A case is named by its court's job.

ALTER TABLE events ADD COLUMN court_job BLOB;

CREATE INDEX events_by_court_job ON events (court_job, block, log_index) WHERE court_job IS NOT NULL;

CREATE TABLE cases (
    id        BLOB PRIMARY KEY,
    block     INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    job       BLOB NOT NULL,
    executor  INTEGER NOT NULL,
    verdict   TEXT NOT NULL,
    record    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_by_time ON cases (block, log_index);
CREATE INDEX cases_by_job ON cases (job, block, log_index);
CREATE INDEX cases_by_executor ON cases (executor, block, log_index);
