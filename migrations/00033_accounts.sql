-- Who is let in: accounts of our own, tokens of programs, roles for a while, and
-- sessions of browsers.

-- +goose Up
CREATE TABLE accounts (
    name     text COLLATE "C" PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('person', 'service')),
    -- oidc: the roles are those that the identity provider said at the last sign-in.
    source   text NOT NULL DEFAULT 'local' CHECK (source IN ('local', 'oidc')),
    roles    text[] NOT NULL DEFAULT '{}',
    disabled boolean NOT NULL DEFAULT false,
    password text NOT NULL DEFAULT '',
    created  timestamptz NOT NULL,
    by       text NOT NULL
);

CREATE TABLE api_tokens (
    id        text COLLATE "C" PRIMARY KEY,
    name      text NOT NULL,
    owner     text COLLATE "C" NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('person', 'service')),
    roles     text[] NOT NULL,
    created   timestamptz NOT NULL,
    expires   timestamptz NOT NULL,
    revoked   timestamptz,
    last_used timestamptz,
    by        text NOT NULL,
    sum       bytea NOT NULL CHECK (octet_length(sum) = 32)
);
CREATE INDEX api_tokens_owner ON api_tokens (owner, id);

CREATE TABLE role_grants (
    id     text COLLATE "C" PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    role   text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    by     text NOT NULL,
    since  timestamptz NOT NULL,
    until  timestamptz NOT NULL CHECK (until > since),
    ended  timestamptz
);
CREATE INDEX role_grants_holder ON role_grants (holder, until);

-- The columns are those that the sessions' store asks for; the token is hashed.
CREATE TABLE sessions (
    token  text PRIMARY KEY,
    data   bytea NOT NULL,
    expiry timestamptz NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);

-- +goose Down
DROP TABLE accounts, api_tokens, role_grants, sessions;
