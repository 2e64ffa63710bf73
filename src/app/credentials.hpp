// What `linnet call` keeps between its runs: for each server who is signed in, and an API key.
#pragma once

#include "linnet/base/error.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace linnet::app {

struct Kept {
  std::int64_t device_id = 0;
  std::int64_t user_id = 0;
  std::string token;    // of that user on that device
  std::string api_key;  // empty: none
};

using Credentials = std::map<std::string, Kept>;  // by HOST:PORT

// None when there is no such file. Errors: kBadRequest when others may read it, or it is not what
// write_credentials wrote; kStorage when it cannot be read.
Result<Credentials> read_credentials(const std::string& file);
// Whole or not at all, for the owner alone (mode 0600, its folder 0700). Error: kStorage.
Status write_credentials(const std::string& file, const Credentials& credentials);
// Reads, changes what is kept for `server`, and writes, while no other process does. Errors: those
// of both.
Status change_credentials(const std::string& file, const std::string& server,
                          const std::function<void(Kept&)>& change);

}  // namespace linnet::app
