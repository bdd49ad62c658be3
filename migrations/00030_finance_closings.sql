-- Months that were closed, and those that were opened again. A closing is what was
-- known at a time; nothing of it is changed afterwards.

-- +goose Up
CREATE TABLE finance_closings (
    serial   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan     text COLLATE "C" NOT NULL,
    month    date NOT NULL CHECK (extract(day FROM month) = 1),
    kind     text NOT NULL CHECK (kind IN ('close', 'reopen')),
    known_at timestamptz NOT NULL,
    digest   text NOT NULL DEFAULT '', -- of the lines of the month
    actor    text NOT NULL,
    reason   text NOT NULL CHECK (reason <> ''),
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX finance_closings_month ON finance_closings (plan, month, serial);
CREATE TRIGGER finance_closings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON finance_closings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE finance_closings;
