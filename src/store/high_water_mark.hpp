// The id of the newest message that was acknowledged, in a file of its own beside the database.
// SQLite takes a write-ahead log that was removed or cut short for one that never said more, and an
// older copy of the database for the database; held against the mark, either is short.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"

#include <filesystem>
#include <string>

namespace linnet::store {

class Connection;

// The file has two lines of one length, which are written in turn:
//
//   linnet mark 1 epoch <the database's> message <20 digits> check <CRC-32 of what is before it>
//
// A line that is torn, damaged or of another database says nothing. It is written after the commit
// and never synced, so that it is never ahead of the disk; after a power loss it may be behind.
class HighWaterMark {
 public:
  HighWaterMark() = default;
  HighWaterMark(HighWaterMark&& other) noexcept;
  HighWaterMark& operator=(HighWaterMark&& other) noexcept;
  ~HighWaterMark();

  // What the directory's mark says of the database with this epoch; 0: nothing. Thread: any.
  static MessageId read(const std::filesystem::path& directory, const std::string& epoch);
  // Keeps a mark for the database with this epoch, made if it is missing. Error: kStorage.
  // Thread: any.
  static Result<HighWaterMark> open(const std::filesystem::path& directory,
                                    const std::string& epoch);
  // There is none any more. Thread: any.
  static void remove(const std::filesystem::path& directory);

  // `to` is on the disk, and may be acknowledged from here on. Without a file (not opened, or the
  // disk is full) the mark stays behind. Thread: one.
  void raise(MessageId to);

 private:
  HighWaterMark(int file, std::string epoch);

  int file_ = -1;
  std::string epoch_;
  MessageId at_;
  int line_ = 0;  // the next to be written
};

// Refuses a database that ends before its directory's mark, with a sentence for the operator, and
// lets the connection move nothing when it is closed: what is missing may be put back. Whoever
// wants to go on with what is left restores the directory onto itself: the new epoch has no mark.
// Error: kStorage. Thread: the connection's.
Status check_mark(Connection& db, const std::filesystem::path& directory);

// Of the database; empty when it has none yet. Thread: the connection's.
Result<std::string> epoch_of(Connection& db);

}  // namespace linnet::store
