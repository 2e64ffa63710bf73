// The server's own rules on a store, in one thread: each call of the simulation as a call of it.
#pragma once

#include "network.hpp"
#include "subject_rooms.hpp"

#include "linnet/base/log.hpp"
#include "linnet/logic/devices.hpp"
#include "linnet/logic/friends.hpp"
#include "linnet/logic/groups.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace linnet::sim {

class Subject {
 public:
  Subject(store::Store& store, Network& network, const Clock& clock);
  // On an empty store: devices 1 to kDevices, and users 1 to kUsers signed in on the first three.
  void populate();
  // What the call answers, in the model's words; a new token goes to the device.
  Answer perform(const Call& call);
  user::Accounts& accounts() { return accounts_; }
  logic::Messages& messages() { return messages_; }
  SubjectRooms& rooms() { return rooms_; }
  // The lines of a user's inbox after `after`; nothing when the store refuses.
  std::optional<std::vector<std::string>> inbox(std::int64_t user, std::int64_t after);

 private:
  // Runs a call to its end.
  template <class T>
  Result<T> run(Async<T> task) {
    std::optional<Result<T>> ended;
    context_.restart();
    boost::asio::co_spawn(context_, std::move(task),
                          [&](std::exception_ptr thrown, Result<T> result) {
                            if (thrown) std::rethrow_exception(thrown);
                            ended = std::move(result);
                          });
    context_.run();
    if (!ended) throw Broken{"a call did not end"};
    return std::move(*ended);
  }
  template <class T>
  static Answer plain(const Result<T>& result) {
    return {static_cast<int>(result.code()), {}};
  }
  std::string shown_token(const Call& call);
  Answer friends(const user::Caller& caller, const Call& call);
  Answer messages(const user::Caller& caller, const Call& call);
  Answer devices(const user::Caller& caller, const Call& call);
  Answer look_at_group(const user::Caller& caller, const Call& call);
  Answer change_group(const user::Caller& caller, const Call& call);
  Answer membership(const user::Caller& caller, const Call& call);
  Answer sign_in(const Call& call);
  Answer rooms(const user::Caller& caller, const Call& call);

  boost::asio::io_context context_{1};
  Logger log_{LogLevel::kOff};
  store::Store& store_;
  Network& network_;
  user::Accounts accounts_;
  logic::Friends friends_;
  logic::Groups groups_;
  logic::Messages messages_;
  logic::Devices devices_;
  SubjectRooms rooms_;
};

}  // namespace linnet::sim
