-- Passwords of those users who set one.
CREATE TABLE password (
  user_id INTEGER PRIMARY KEY,
  hash    TEXT    NOT NULL,  -- argon2id, with its salt and cost
  updated INTEGER NOT NULL
) STRICT;
