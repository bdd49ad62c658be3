-- How each plan stood in money when its facts were last sampled: what a hold costs a
-- day, the budget and the warnings. Summing over all seats takes longer than somebody
-- who looks at a plan waits.

-- +goose Up
CREATE TABLE finance_standings (
    plan     text COLLATE "C" PRIMARY KEY,
    standing jsonb,
    -- unknown is why nothing can be told.
    unknown  text NOT NULL CHECK (standing IS NOT NULL OR unknown <> '')
);

-- +goose Down
DROP TABLE finance_standings;
