// The store's directory on the disk: made if missing, private to its owner, used by one process.
#pragma once

#include "linnet/base/error.hpp"

#include <filesystem>

namespace linnet::store {

// Holds the directory's lock for as long as it lives. Thread: any.
class DataDirectory {
 public:
  // Error: kStorage with a sentence for the operator.
  static Result<DataDirectory> open(std::filesystem::path path);
  // The same without making a database in it.
  static Result<DataDirectory> claim(std::filesystem::path path);
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  ~DataDirectory();

  std::filesystem::path database() const { return path_ / "linnet.db"; }
  const std::filesystem::path& path() const { return path_; }

 private:
  DataDirectory() = default;
  Status make();
  Status lock();
  Status make_database();

  std::filesystem::path path_;
  int lock_ = -1;
};

// Makes a file that is not there yet, for its owner alone, and never where a link leads; -1 with
// errno.
int make_private(const std::filesystem::path& file);
// What root makes in another user's directory becomes that user's, as whom the server will open it.
// Does nothing where that cannot be.
void give_to_owner_of(const std::filesystem::path& directory, int file);

// Whether there is a database in the directory that is not empty.
bool holds_database(const std::filesystem::path& directory);
// Refuses to begin an empty database where one should be: beside its own log or mark, or half a
// copy. SQLite removes the log of an empty database. Error: kStorage with a sentence for the
// operator.
Status check_database_there(const std::filesystem::path& directory);
// The copy that a backup or a restore into the directory has not finished.
std::filesystem::path part_in(const std::filesystem::path& directory);

}  // namespace linnet::store
