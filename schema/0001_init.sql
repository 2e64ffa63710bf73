-- The first schema. Times are milliseconds since 1970 (UTC); numbers of enumerations are those of
-- proto/pb. Only the store's writer thread writes; "user 0" and "device 0" mean none.

-- Facts about the database itself, written when it is made and by the merge.
--   epoch        random text: another database (or a restored copy given a new one) has another
--   merged_upto  the last message whose entries are all in `inbox` and whose key is in `dedup_key`
--   dedup_day    the server's day, which ends when it has run for 24 hours in it; dedup_day_ms: how
--                long it has
CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value ANY  NOT NULL
) STRICT, WITHOUT ROWID;

-- The log, and the truth: a message is acknowledged when its row is committed. Ids are handed out
-- by the writer, without a gap. `recipients` are pairs of varints (user, seq in that user's inbox):
-- from them `inbox` is built behind the log, and again after a crash. `received` is the server's
-- own time; `send_time` is the sender's.
CREATE TABLE message (
  id               INTEGER PRIMARY KEY,
  request_id       INTEGER NOT NULL,
  sender_type      INTEGER NOT NULL,
  sender_id        INTEGER NOT NULL,
  sender_device_id INTEGER NOT NULL,
  receiver_type    INTEGER NOT NULL,
  receiver_id      INTEGER NOT NULL,
  type             INTEGER NOT NULL,
  status           INTEGER NOT NULL,
  send_time        INTEGER NOT NULL,
  received         INTEGER NOT NULL,
  mentions         BLOB    NOT NULL,  -- varints
  content          BLOB    NOT NULL,
  recipients       BLOB    NOT NULL
) STRICT;

-- Who has which message at which place: an index of the log, merged in key order behind it.
CREATE TABLE inbox (
  user_id    INTEGER NOT NULL,
  seq        INTEGER NOT NULL,  -- 1, 2, 3 … without a gap
  message_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;

-- What was answered to a device's request, so that a retry is answered alike: merged behind the
-- log, removed when the day is before yesterday. The day leads, so that a day is one place.
CREATE TABLE dedup_key (
  day        INTEGER NOT NULL,  -- the server's: meta's dedup_day when it was answered
  device_id  INTEGER NOT NULL,
  request_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  seq        INTEGER NOT NULL,  -- the sender's; 0: it keeps no inbox
  PRIMARY KEY (day, device_id, request_id)
) STRICT, WITHOUT ROWID;

-- How far each device has its user's inbox. Written a little behind, many at a time.
CREATE TABLE device_ack (
  user_id   INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;

-- Devices that were registered; sign-in binds one to a user.
CREATE TABLE device (
  id             INTEGER PRIMARY KEY,
  user_id        INTEGER NOT NULL,
  type           INTEGER NOT NULL,
  brand          TEXT    NOT NULL,
  model          TEXT    NOT NULL,
  system_version TEXT    NOT NULL,
  sdk_version    TEXT    NOT NULL,
  created        INTEGER NOT NULL,
  updated        INTEGER NOT NULL
) STRICT;

-- Accounts of the built-in user system, made by the first sign-in of a phone number.
CREATE TABLE user (
  id           INTEGER PRIMARY KEY,
  phone_number TEXT    NOT NULL UNIQUE,
  nickname     TEXT    NOT NULL,
  sex          INTEGER NOT NULL,
  avatar_url   TEXT    NOT NULL,
  extra        TEXT    NOT NULL,
  created      INTEGER NOT NULL,
  updated      INTEGER NOT NULL
) STRICT;

-- The one token of a device: written after sign-in, removed by the next sign-in.
CREATE TABLE token (
  device_id INTEGER PRIMARY KEY,
  user_id   INTEGER NOT NULL,
  hash      BLOB    NOT NULL,  -- SHA-256; the token itself is stored nowhere
  expires   INTEGER NOT NULL
) STRICT;

-- How `user_id` stands to `friend_id`. A request is one row, a friendship is two.
CREATE TABLE friend (
  user_id     INTEGER NOT NULL,
  friend_id   INTEGER NOT NULL,
  status      INTEGER NOT NULL,  -- 1: user_id has asked, 2: friends
  remarks     TEXT    NOT NULL,  -- what user_id calls friend_id
  extra       TEXT    NOT NULL,
  description TEXT    NOT NULL,  -- what was said when asking
  created     INTEGER NOT NULL,
  updated     INTEGER NOT NULL,
  PRIMARY KEY (user_id, friend_id)
) STRICT, WITHOUT ROWID;
