-- What was said in live rooms last, where rooms.history_on_disk keeps it.
CREATE TABLE room_item (
  room_id INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  item    BLOB    NOT NULL,  -- pb.RoomItem
  PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;
