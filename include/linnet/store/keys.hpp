// API keys: found by the server for each call, made and revoked by the command line.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linnet::store {

struct ApiKey {
  KeyId id;
  std::string name;          // the operator's note
  std::string hash;          // SHA-256, 32 raw bytes
  std::uint32_t scopes = 0;  // bit n: pb.Scope n
  Millis created;
  Millis revoked;  // 0: in force
};

// A part of the store's seam; see store.hpp for what holds for every method.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  // The key in force with that hash.
  virtual void find_key(std::string hash, Done<std::optional<ApiKey>> done) = 0;
};

// The keys in a data directory, whether a server runs on it or not. Blocking; one thread. Errors:
// kStorage, with a sentence for the operator.
class KeyBook {
 public:
  virtual ~KeyBook() = default;
  // `key.id` and `key.revoked` are ignored; gives the id.
  virtual Result<KeyId> add(const ApiKey& key) = 0;
  // All that were ever made, the oldest first.
  virtual Result<std::vector<ApiKey>> list() = 0;
  // From the next call on. Error: kBadRequest (no such key, or revoked already).
  virtual Status revoke(KeyId key, Millis now) = 0;
};

// Makes directory and database where there are none.
Result<std::unique_ptr<KeyBook>> open_key_book(const std::filesystem::path& directory);

}  // namespace linnet::store
