-- Users of another user system have no phone number here: NULL, where it was required before.
CREATE TABLE user_without_number (
  id           INTEGER PRIMARY KEY,
  phone_number TEXT    UNIQUE,  -- NULL: none
  nickname     TEXT    NOT NULL,
  sex          INTEGER NOT NULL,
  avatar_url   TEXT    NOT NULL,
  extra        TEXT    NOT NULL,
  created      INTEGER NOT NULL,
  updated      INTEGER NOT NULL
) STRICT;

INSERT INTO user_without_number SELECT * FROM user;
DROP TABLE user;
ALTER TABLE user_without_number RENAME TO user;
