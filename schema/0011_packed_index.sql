-- The index behind the log in fewer and smaller pages: the entries of an inbox that are merged together
-- are one row, and the keys of requests that came together stand together.

-- `entries` places from `seq` on. `more`: the message of each but the first, as varints, each less the
-- one before it. A row from before this is a run of one.
ALTER TABLE inbox ADD COLUMN entries INTEGER NOT NULL DEFAULT 1;
ALTER TABLE inbox ADD COLUMN more BLOB NOT NULL DEFAULT x'';

-- Most clients count requests up, or take the time for them: what is new is behind all that is there.
CREATE TABLE request_key (
  day        INTEGER NOT NULL,  -- message.received / 86,400,000
  request_id INTEGER NOT NULL,
  device_id  INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  seq        INTEGER NOT NULL,  -- the sender's; 0: it keeps no inbox
  PRIMARY KEY (day, request_id, device_id)
) STRICT, WITHOUT ROWID;
INSERT INTO request_key SELECT day, request_id, device_id, message_id, seq FROM dedup_key
  ORDER BY day, request_id, device_id;
DROP TABLE dedup_key;
ALTER TABLE request_key RENAME TO dedup_key;
