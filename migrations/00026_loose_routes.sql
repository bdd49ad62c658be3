-- The changes that are not in the table yet, by their rows, so that they can be
-- folded into it a row at a time and in any order: a route is never set to what
-- an earlier revision than its own says. What many numbers changed to is read by
-- every edge at once, so it is not compressed.

-- +goose Up
CREATE TABLE route_loose (
    revision bigint NOT NULL,
    first    text COLLATE "C" NOT NULL,
    last     text COLLATE "C" NOT NULL,
    PRIMARY KEY (revision, first)
);
INSERT INTO route_loose SELECT revision, first, last FROM route_changes WHERE revision > (SELECT folded FROM route_head);
ALTER TABLE route_head DROP COLUMN folded;
ALTER TABLE route_changes ALTER COLUMN numbers SET STORAGE EXTERNAL, ALTER COLUMN people SET STORAGE EXTERNAL;

-- +goose Down
ALTER TABLE route_changes ALTER COLUMN numbers SET STORAGE EXTENDED, ALTER COLUMN people SET STORAGE EXTENDED;
INSERT INTO routes AS r (number, rule, person, revision)
    SELECT DISTINCT ON (n.number) n.number, c."to", n.person, c.revision
    FROM route_loose JOIN route_changes c USING (revision, first), unnest(c.numbers, c.people) n (number, person)
    ORDER BY n.number, c.revision DESC
    ON CONFLICT (number) DO UPDATE SET rule = excluded.rule, person = excluded.person, revision = excluded.revision
    WHERE r.revision < excluded.revision;
ALTER TABLE route_head ADD COLUMN folded bigint NOT NULL DEFAULT 0;
UPDATE route_head SET folded = revision;
DROP TABLE route_loose;
