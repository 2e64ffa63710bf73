// An entry of the inbox index, as the program of any schema would have written it.
#pragma once

#include "connection.hpp"

namespace linnet::test {

inline constexpr int kRunsSince = 11;  // the schema whose index has runs

inline Status insert_entry(store::Connection& db, int schema, int user, int seq, int message) {
  return store::Query(db,
                      schema < kRunsSince ? "INSERT INTO inbox VALUES (?1, ?2, ?3)"
                                          : "INSERT INTO inbox VALUES (?1, ?2, ?3, 1, x'')",
                      user, seq, message)
      .run();
}

}  // namespace linnet::test
