-- The sums of 24 hours of many queues lie in one row: a report of 90 days reads
-- hundreds of rows instead of thousands, and settling writes as many less.

-- +goose Up
ALTER TABLE rollup_cuts RENAME TO rollup_cuts_by_key;
ALTER INDEX rollup_cuts_pkey RENAME TO rollup_cuts_by_key_pkey;
CREATE TABLE rollup_cuts (
    cut       smallint NOT NULL,
    day       date NOT NULL,
    system_id integer NOT NULL,
    page      integer NOT NULL, -- of the keys from 256 times it on
    epoch     integer NOT NULL,
    sums      bytea NOT NULL,   -- for each key itself, in four bytes, and its figures
    PRIMARY KEY (cut, day, system_id, page, epoch)
) WITH (fillfactor = 60, toast_tuple_target = 8160);
ALTER TABLE rollup_cuts ALTER COLUMN sums SET STORAGE EXTERNAL;
INSERT INTO rollup_cuts
    SELECT cut, day, system_id, key >> 8, epoch, string_agg(int4send(key) || figures, '' ORDER BY key)
    FROM rollup_cuts_by_key GROUP BY cut, day, system_id, key >> 8, epoch ORDER BY 1, 2, 3, 4, 5;
DROP TABLE rollup_cuts_by_key;

-- +goose Down
-- What is packed cannot be told apart by SQL: from here on all days are summed from
-- quarter hours.
DROP TABLE rollup_cuts;
CREATE TABLE rollup_cuts (
    cut       smallint NOT NULL,
    day       date NOT NULL,
    system_id integer NOT NULL,
    key       integer NOT NULL,
    epoch     integer NOT NULL,
    figures   bytea NOT NULL,
    PRIMARY KEY (cut, day, system_id, key, epoch)
) WITH (fillfactor = 80);
UPDATE call_knowledge SET cuts = 0;
