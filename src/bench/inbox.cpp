#include "inbox.hpp"

#include "fields.hpp"

#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr Nanos kPatience = 60 * kSecond;

void handle_events(InboxReaders& readers, Poller& poller, Nanos deadline) {
  if (now() > deadline) throw std::runtime_error("an inbox was not read in time");
  for (const auto& event : poller.wait(deadline))
    readers[static_cast<std::size_t>(event.data.u64)].handle(event.events);
}

}  // namespace

InboxReader::InboxReader(Poller& poller, std::size_t tag, const Doors& doors, const Account& user)
    : link_(poller, tag, doors.http) {
  link_.reset_at_end();
  link_.send(upgrade_request(web_socket_target(user)));
}

void InboxReader::handle(std::uint32_t events) {
  link_.handle(events);
  std::string_view rest(link_.received());
  if (!upgraded_) upgraded_ = take_upgrade(rest);
  while (upgraded_) {
    const auto frame = next_ws_frame(rest);
    if (!frame.there) break;
    const auto down = read_down(frame.payload);
    if (down.code != 0) throw std::runtime_error("the server refuses a packet");
    if (down.type == pb::PT_SYNC) on_page(down.data);
  }
  link_.received().erase(0, link_.received().size() - rest.size());
}

void InboxReader::ask() {
  done_ = false;
  seq_ = 0;
  messages_ = texts_ = gaps_ = 0;
  link_.send(frame(Door::kWebSocket, pb::PT_SYNC, 1, pb::SyncInput().SerializeAsString()));
}

void InboxReader::on_page(std::string_view data) {
  bool more = false;
  for (Fields page(data); page.next();) {
    if (page.number() == 3) on_item(page.view());
    if (page.number() == 50) more = page.value() != 0;
  }
  done_ = !more;
  done_at_ = now();
}

void InboxReader::on_item(std::string_view bytes) {
  std::int64_t seq = 0;
  bool text = false;
  for (Fields item(bytes); item.next();) {
    if (item.number() == 8) text = item.value() == pb::MT_TEXT;
    if (item.number() == 10) seq = item.value();
  }
  if (seq != seq_ + 1) ++gaps_;
  seq_ = seq;
  ++messages_;
  if (text) ++texts_;
}

void connect_readers(InboxReaders& readers, Poller& poller, const Doors& doors,
                     const std::vector<Account>& users) {
  const auto deadline = now() + kPatience;
  readers.reserve(users.size());
  for (const auto& user : users) {
    auto& reader = readers.emplace_back(poller, readers.size(), doors, user);
    while (!reader.connected())
      handle_events(readers, poller, deadline);
  }
}

void wait_for(InboxReaders& readers, Poller& poller, const InboxReader& reader) {
  for (const auto deadline = now() + kPatience; !reader.done();)
    handle_events(readers, poller, deadline);
}

}  // namespace linnet::bench
