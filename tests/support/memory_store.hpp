// The store's seam in memory, for tests of what stands on it: completes inside the call, or when
// the test says so.
#pragma once

#include "linnet/store/store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace linnet::test {

// Held to the same contract tests as the SQLite store. Thread: any.
class MemoryStore final : public store::Store {
 public:
  // From now on what is called is done at once, but completed only by release().
  void hold();
  // Completes the oldest `count`, and all when it is 0; then, with 0, no longer holds.
  void release(std::size_t count = 0);
  // How many wait for release().
  std::size_t held() const;
  // From now on every call with a completion does nothing but fail; nothing: works again.
  void refuse(std::optional<ErrCode> code);

  void append(store::NewMessage message, Done<store::Appended> done) override;
  void read_inbox(UserId user, Seq after, store::PageLimit limit,
                  Done<store::InboxPage> done) override;
  void head(UserId user, Done<Seq> done) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  void acknowledged(UserId user, Done<Seq> done) override;

  void create_device(store::Device device, Done<DeviceId> done) override;
  void get_device(DeviceId device, Done<std::optional<store::Device>> done) override;
  void sign_in(store::SignIn sign_in, Done<store::SignedIn> done) override;
  void set_token(DeviceId device, store::TokenRecord token, Done<Unit> done) override;
  void get_token(DeviceId device, Done<std::optional<store::TokenRecord>> done) override;
  void get_user(UserId user, Done<std::optional<store::User>> done) override;
  void update_user(store::User user, Done<Unit> done) override;

  void request_friend(store::FriendRequest request, store::NewMessage notice,
                      Done<store::Appended> done) override;
  void agree_friend(UserId user, UserId asker, std::string remarks, Millis now,
                    store::NewMessage notice, Done<store::Appended> done) override;
  void friendship(UserId user, UserId other, Done<store::Friendship> done) override;
  void friends(UserId user, Done<std::vector<store::Friend>> done) override;

  void close() override;

 private:
  struct Standing {
    store::Friendship kind = store::Friendship::kNone;
    std::string remarks;
  };

  // Runs `work` under the lock unless calls are refused, then completes outside of it.
  template <class T, class Work>
  void call(Work work, Done<T> done);
  Result<store::Appended> place(const store::NewMessage& message);
  store::InboxPage page(UserId user, Seq after, store::PageLimit limit) const;
  Seq head_of(UserId user) const;

  mutable std::mutex mutex_;
  bool holding_ = false;
  std::optional<ErrCode> refusal_;
  std::deque<std::function<void()>> held_;

  std::vector<store::Message> log_;
  std::map<UserId, std::vector<std::size_t>> inboxes_;  // places in log_
  std::map<std::pair<DeviceId, RequestId>, store::Appended> answers_;
  std::map<UserId, Seq> acks_;
  std::map<DeviceId, store::Device> devices_;
  std::map<DeviceId, store::TokenRecord> tokens_;
  std::map<UserId, store::User> users_;
  std::map<std::pair<UserId, UserId>, Standing> standings_;
};

}  // namespace linnet::test
