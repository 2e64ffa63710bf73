// How a client speaks to a server that keeps what it is given: it asks, and waits for the word that
// the message is kept, one at a time.
#pragma once

#include "dialect.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::bench {

// Clients are numbered by their places. Without state, but for what is encoded beforehand.
class KeeperDialect {
 public:
  virtual ~KeeperDialect() = default;
  // What a client says first; empty: it is ready at once. The first one is ready before the others
  // begin.
  virtual std::string hello(std::size_t place) const = 0;
  // Takes answer number `step` off the front of `received`. Throws when it is a refusal.
  virtual Answer answer(std::size_t place, std::size_t step, std::string_view& received) const = 0;
  // `number`: another one each time, for all clients together. Valid until the next call.
  virtual std::string_view request(std::size_t place, std::uint64_t number) = 0;
  // Takes the answer to a request off the front; whether it is there. Throws when it is a refusal.
  virtual bool kept(std::string_view& received) const = 0;
};

// SendMessage of each user to the receiver of the same place, over HTTP or over a long connection.
// What is given outlives it.
std::unique_ptr<KeeperDialect> linnet_http_keeper(const std::vector<Account>& users,
                                                  const std::vector<UserId>& receivers,
                                                  std::size_t payload);
std::unique_ptr<KeeperDialect> linnet_tcp_keeper(const std::vector<Account>& users,
                                                 const std::vector<UserId>& receivers,
                                                 std::size_t payload);
// "redis": XADD to a stream; "nats": a message to a stream of JetStream's on disk, which is made.
// Throws for other names.
std::unique_ptr<KeeperDialect> peer_keeper(const std::string& name, std::size_t payload);

}  // namespace linnet::bench
