-- Contracts as they were imported. Each row of finance's tables says from when to
-- when it was known: a report that is asked for again as it was known at a time
-- finds the same rows.

-- +goose Up

-- known_at is the time of the latest write. Its row's lock puts writes in the
-- order in which they became known, each at a time of its own.
CREATE TABLE finance_knowledge (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    known_at timestamptz NOT NULL
);
INSERT INTO finance_knowledge VALUES (true, 'epoch');

CREATE TABLE contract_books (
    name        text COLLATE "C" NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    hash        text NOT NULL,
    document    jsonb NOT NULL,
    source      text NOT NULL,
    author      text NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (name, number)
);

-- The versions of each contract by the days on which they hold and by when they
-- were known.
CREATE TABLE contract_versions (
    book        text COLLATE "C" NOT NULL,
    contract    text COLLATE "C" NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date NOT NULL,
    system      text NOT NULL,
    hash        text NOT NULL,
    content     jsonb NOT NULL,
    number      integer NOT NULL, -- of the book that brought it
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (book, contract, valid_from, known_from),
    FOREIGN KEY (book, number) REFERENCES contract_books (name, number)
);

-- +goose Down
DROP TABLE contract_versions, contract_books, finance_knowledge;
