-- What people said of differences between the call log and the CRM's own. Every word
-- stays; of one difference the latest counts, for as long as it is the same one.

-- +goose Up
CREATE TABLE call_explanations (
    serial     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day        date NOT NULL,
    -- difference is a hash of both records and of what differs: numbers may stand in it.
    difference text COLLATE "C" NOT NULL,
    actor      text NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    at         timestamptz NOT NULL,
    withdrawn  boolean NOT NULL
);
CREATE INDEX call_explanations_day ON call_explanations (day, difference, serial);
CREATE TRIGGER call_explanations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON call_explanations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE call_explanations;
