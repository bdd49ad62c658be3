-- A route becomes one text, its rule: the sides, and behind a space what it says
-- beyond them, as JSON; empty for none. The changes of a revision become few
-- rows: up to a hundred numbers are a row each, more are chunks of numbers that
-- changed alike. Those who follow the table read the changes, so no index of
-- routes stands in the way of an update.

-- +goose Up

-- route_rule writes terms as the program does: its own order, no spaces.
-- +goose StatementBegin
CREATE FUNCTION route_rule(sides text[], terms jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_string(sides, ',') || CASE WHEN terms = '{}' THEN '' ELSE ' {' || (
        SELECT string_agg(to_json(key)::text || ':' || value::text, ',' ORDER BY array_position(ARRAY[
            'how', 'share', 'queue', 'answers', 'valid_from', 'valid_until', 'hours', 'otherwise'], key))
        FROM jsonb_each(terms)) || '}' END
$$;
-- +goose StatementEnd

ALTER TABLE route_head ADD COLUMN folded bigint NOT NULL DEFAULT 0;
UPDATE route_head SET folded = revision;

DROP INDEX routes_revision;
ALTER TABLE routes ADD COLUMN rule text COLLATE "C" NOT NULL DEFAULT '';
UPDATE routes SET rule = route_rule(sides, terms);
ALTER TABLE routes DROP COLUMN sides, DROP COLUMN terms;

ALTER TABLE route_changes RENAME TO route_changes_by_number;
ALTER TABLE route_changes_by_number RENAME CONSTRAINT route_changes_pkey TO route_changes_by_number_pkey;
DROP INDEX route_changes_number;

-- first and last are the ends of numbers, which are in order. People are whose
-- they were known to be. run is the workflow run that made a chunk; that of a
-- single number stands in its revision alone.
CREATE TABLE route_changes (
    revision bigint NOT NULL,
    first    text COLLATE "C" NOT NULL,
    last     text COLLATE "C" NOT NULL,
    "from"   text COLLATE "C" NOT NULL,
    "to"     text COLLATE "C" NOT NULL,
    run      text NOT NULL DEFAULT '',
    numbers  text[] COLLATE "C" NOT NULL,
    people   text[] NOT NULL CHECK (cardinality(people) = cardinality(numbers)),
    PRIMARY KEY (revision, first)
);
INSERT INTO route_changes (revision, first, last, "from", "to", numbers, people)
    SELECT c.revision, c.number, c.number, route_rule(c."from", c.from_terms), route_rule(c."to", c.to_terms), ARRAY[c.number],
        ARRAY[coalesce(nullif(c.person, ''), r.person, '')]
    FROM route_changes_by_number c LEFT JOIN routes r USING (number);
CREATE INDEX route_changes_number ON route_changes (first, revision) WHERE first = last;
CREATE INDEX route_changes_chunk ON route_changes (first, last) WHERE first <> last;
CREATE INDEX route_changes_run ON route_changes (run) WHERE run <> '';
CREATE TRIGGER route_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON route_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DROP TABLE route_changes_by_number;
DROP FUNCTION route_rule;

-- +goose Down
CREATE FUNCTION route_sides(rule text) RETURNS text[] LANGUAGE sql IMMUTABLE AS
    $$SELECT string_to_array(split_part(rule, ' ', 1), ',')$$;
CREATE FUNCTION route_terms(rule text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$SELECT coalesce(substring(rule FROM ' (.*)')::jsonb, '{}')$$;

INSERT INTO routes (number, person, rule, revision)
    SELECT n.number, n.person, c."to", c.revision
    FROM route_head h JOIN route_changes c ON c.revision > h.folded, unnest(c.numbers, c.people) n (number, person)
    ON CONFLICT (number) DO UPDATE SET person = excluded.person, rule = excluded.rule, revision = excluded.revision;
ALTER TABLE routes ADD COLUMN sides text[] NOT NULL DEFAULT '{}' CHECK (cardinality(sides) <= 2 AND sides <@ '{old,new}'),
    ADD COLUMN terms jsonb NOT NULL DEFAULT '{}';
UPDATE routes SET sides = route_sides(rule), terms = route_terms(rule);
ALTER TABLE routes DROP COLUMN rule, ALTER COLUMN sides DROP DEFAULT;
CREATE INDEX routes_revision ON routes (revision);

ALTER TABLE route_changes RENAME TO route_changes_by_chunk;
ALTER TABLE route_changes_by_chunk RENAME CONSTRAINT route_changes_pkey TO route_changes_by_chunk_pkey;
DROP INDEX route_changes_number;
CREATE TABLE route_changes (
    revision   bigint NOT NULL,
    number     text COLLATE "C" NOT NULL,
    "from"     text[] NOT NULL,
    "to"       text[] NOT NULL,
    person     text NOT NULL DEFAULT '',
    from_terms jsonb NOT NULL DEFAULT '{}',
    to_terms   jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (revision, number)
);
INSERT INTO route_changes (revision, number, "from", "to", person, from_terms, to_terms)
    SELECT c.revision, n.number, route_sides(c."from"), route_sides(c."to"), n.person, route_terms(c."from"), route_terms(c."to")
    FROM route_changes_by_chunk c, unnest(c.numbers, c.people) n (number, person);
CREATE INDEX route_changes_number ON route_changes (number, revision);
CREATE TRIGGER route_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON route_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TABLE route_changes_by_chunk;
DROP FUNCTION route_sides, route_terms;
ALTER TABLE route_head DROP COLUMN folded;
