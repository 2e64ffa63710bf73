// How linnet-chat puts messages and people into words.
#pragma once

#include "pb/conn.ext.pb.h"

#include "linnet/base/ids.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace linnet::chat {

// Standard output, a line at a time. Thread: any.
class Screen {
 public:
  // `line` is printed as it is: what others wrote in it has gone through printable().
  void say(std::string_view line);

 private:
  std::mutex mutex_;
};

// "12:30", with the day when it is not today; in local time.
std::string clock_time(Millis time);

// "Ben (2)", or "user 2" without a nickname.
std::string full_name(UserId user, std::string_view nickname);

// Gives a user's full name.
using NameOf = std::function<std::string(UserId)>;

// The line for a message as `me` sees it. All of it is printable.
std::string describe(const pb::MessageItem& item, UserId me, const NameOf& name_of);

}  // namespace linnet::chat
