-- Links by which somebody without an account reads one plan or one report, and every
-- time that somebody did.

-- +goose Up
CREATE TABLE shared_links (
    id      text COLLATE "C" PRIMARY KEY,
    -- path is the page, and pinned are the filters that nobody who reads it changes.
    path    text NOT NULL,
    pinned  text NOT NULL,
    reader  text NOT NULL CHECK (reader <> ''),
    by      text COLLATE "C" NOT NULL,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL CHECK (expires > created),
    revoked timestamptz,
    -- The secret itself is kept nowhere.
    sum     bytea NOT NULL CHECK (octet_length(sum) = 32)
);
CREATE INDEX shared_links_by ON shared_links (by, id);

CREATE TABLE shared_uses (
    serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    link   text COLLATE "C" NOT NULL REFERENCES shared_links (id),
    at     timestamptz NOT NULL,
    what   text NOT NULL,
    origin text NOT NULL
);
CREATE INDEX shared_uses_link ON shared_uses (link, serial);
CREATE TRIGGER shared_uses_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shared_uses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE shared_uses, shared_links;
