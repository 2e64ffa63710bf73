// Whose the passwords are that wait to be hashed: the queue is everybody's, and nobody's few
// devices shall fill it, whatever comes of what they ask.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace linnet::user {

// Thread: any.
class Shares {
 public:
  // `of_address`: how many of one address may be under way; 0: no limit for anybody.
  explicit Shares(std::size_t of_address) : of_address_(of_address) {}

  // Whether one more of `whose`, of which there may be `most`, may begin; leave() must follow then.
  bool enter(const std::string& address, const std::string& whose, std::size_t most);
  void leave(const std::string& address, const std::string& whose);

 private:
  bool has_room(const std::string& who, std::size_t most) const;
  void end_one(const std::string& who);

  const std::size_t of_address_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> under_way_;
};

}  // namespace linnet::user
