-- Live rooms that were made, and who may do what in them. A room without a row is open to all where
-- the configuration allows that; who is in a room is in no table.
CREATE TABLE room (
  id          INTEGER PRIMARY KEY,
  name        TEXT    NOT NULL,
  publish     INTEGER NOT NULL,  -- pb.RoomPublish
  slow_s      INTEGER NOT NULL,  -- between two messages of one member; 0: no pause
  muted_until INTEGER NOT NULL,  -- all members; 0: not
  created     INTEGER NOT NULL,
  updated     INTEGER NOT NULL
) STRICT;

-- A user with a role, or that is muted or banned; no row: neither.
CREATE TABLE room_user (
  room_id      INTEGER NOT NULL,
  user_id      INTEGER NOT NULL,
  role         INTEGER NOT NULL,  -- pb.RoomRole
  muted_until  INTEGER NOT NULL,
  banned_until INTEGER NOT NULL,
  PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
