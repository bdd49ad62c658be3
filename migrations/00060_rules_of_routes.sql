-- +goose Up
-- The ranges and the default among a million numbers: a way back asks where they would
-- lead a number that has no route of its own.
CREATE INDEX route_leads ON routes (number) WHERE number = 'default' OR number LIKE '%..%';

-- +goose Down
DROP INDEX route_leads;
