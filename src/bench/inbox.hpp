// A device that catches up on its inbox over a WebSocket.
#pragma once

#include "dialect.hpp"
#include "link.hpp"

#include <cstdint>
#include <string_view>

namespace linnet::bench {

class InboxReader {
 public:
  // Connects; nothing is read yet.
  InboxReader(Poller& poller, std::size_t tag, const Doors& doors, const Account& user);

  // Handles an event. Throws when the server refuses.
  void handle(std::uint32_t events);
  bool connected() const { return upgraded_; }
  // Once it is connected: asks for the inbox from its beginning.
  void ask();
  bool done() const { return done_; }
  // When the last message had come.
  Nanos done_at() const { return done_at_; }

  // What has come since it was asked.
  std::uint64_t messages() const { return messages_; }
  std::uint64_t texts() const { return texts_; }  // of the messages
  std::uint64_t gaps() const { return gaps_; }    // in the seqs

 private:
  void on_page(std::string_view data);
  void on_item(std::string_view bytes);

  Link link_;
  bool upgraded_ = false;
  bool done_ = true;
  Nanos done_at_ = 0;
  std::int64_t seq_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t texts_ = 0;
  std::uint64_t gaps_ = 0;
};

// One that its tag is its place in.
using InboxReaders = std::vector<InboxReader>;
// Connects a reader for each user, and waits until all are.
void connect_readers(InboxReaders& readers, Poller& poller, const Doors& doors,
                     const std::vector<Account>& users);
// Handles what comes until the reader is done. Throws when that takes too long.
void wait_for(InboxReaders& readers, Poller& poller, const InboxReader& reader);

}  // namespace linnet::bench
