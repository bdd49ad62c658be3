-- Round trips by hand: something went to the new side and came back, which proves
-- that there is a way back for what no switch takes back by itself.

-- +goose Up
CREATE TABLE canaries (
    id           text COLLATE "C" PRIMARY KEY,
    class        text NOT NULL,
    subject      text NOT NULL,
    restored     boolean NOT NULL,
    evidence     text NOT NULL,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed_at timestamptz,
    CHECK (confirmed_by <> actor)
);
CREATE INDEX canaries_class ON canaries (class, at);

-- +goose Down
DROP TABLE canaries;
