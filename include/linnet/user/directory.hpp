// Who there is, where the users are those of another system.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/ids.hpp"

#include <vector>

namespace linnet::user {

class Directory {
 public:
  virtual ~Directory() = default;
  // Completes when the store knows of `users` (unique) what their user system says of them, not
  // older than its cache may be; at once where that is the store itself. Who never existed there is
  // not in the store then; who did stays until RemoveUser. Errors: kUserSystem (it is silent),
  // kServerBusy. Thread: any; `done` runs on any thread, perhaps at once, and must not block.
  virtual void look_up(std::vector<UserId> users, Done<Unit> done) = 0;
};

// All users are in the store already.
class StoredUsers final : public Directory {
 public:
  void look_up(std::vector<UserId>, Done<Unit> done) override { done(success()); }
};

}  // namespace linnet::user
