-- Keys with which the operator's own servers call. Written by the command line, also beside a
-- running server, which only reads them.
CREATE TABLE api_key (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  name    TEXT    NOT NULL,
  hash    BLOB    NOT NULL UNIQUE,  -- SHA-256; the key itself is stored nowhere
  scopes  INTEGER NOT NULL,         -- bit n: pb.Scope n
  created INTEGER NOT NULL,
  revoked INTEGER NOT NULL          -- 0: in force
) STRICT;
