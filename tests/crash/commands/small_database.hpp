// A database of any schema with an inbox that is known, made by SQL as the program of that schema
// would have left it; and whether a directory holds it.
#pragma once

#include <filesystem>
#include <string>

namespace linnet::test {

struct SmallDatabase {
  std::string name;  // of its messages
  int schema = 0;
  int messages = 0;
  bool logged = false;  // the newer half is in the write-ahead log, as after kill -9
};

void make_small_database(const SmallDatabase& small, const std::filesystem::path& directory);

// Empty when the directory, opened as a server does, holds all of it and nothing else; what is
// wrong otherwise. A store that refuses to open begins with "refused: ".
std::string differs(const SmallDatabase& small, const std::filesystem::path& directory);

int newest_schema();

}  // namespace linnet::test
