// Brings a database to the schema that this program knows: the numbered files of schema/, embedded
// at build time, each applied in a transaction of its own.
#pragma once

#include "connection.hpp"

#include <span>

namespace linnet::store {

struct Migration {
  int number;
  const char* name;
  const char* sql;
};

// In order, beginning with 1.
std::span<const Migration> migrations();

// Error: kStorage (the database is newer than the last migration, or damaged).
Status migrate(Connection& db);

}  // namespace linnet::store
