-- What a closed month holds, as it was made when it was closed: reports are made of
-- it from then on. Its digest is that of the closing, so its bytes are kept as they
-- are. A month that was closed before this was kept has none.

-- +goose Up
CREATE TABLE finance_posted (
    serial  bigint PRIMARY KEY REFERENCES finance_closings (serial),
    content json NOT NULL
);
CREATE TRIGGER finance_posted_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON finance_posted
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE finance_posted;
