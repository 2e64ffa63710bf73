#include "deliveries.hpp"

#include "http.hpp"

#include <algorithm>

namespace linnet::bench {

std::uint64_t Deliveries::begin(std::size_t pair, Nanos intended) {
  messages_.push_back({intended, static_cast<std::uint32_t>(pair), false, false});
  return messages_.size() - 1;
}

void Deliveries::acknowledged(std::uint64_t number, bool accepted) {
  auto& message = messages_[number];
  ++answered_;
  if (!accepted) {
    ++refused_;
    return;
  }
  message.accepted = true;
  ++accepted_;
  if (message.received) ++accepted_received_;
}

void Deliveries::received(std::size_t pair, const Item& item, Nanos at) {
  auto number = SendCall::number(item.request_id);
  if (number >= messages_.size() || messages_[number].pair != pair) {
    ++strange_;
    return;
  }
  auto& message = messages_[number];
  auto& inbox = pairs_[pair];
  if (message.received) {
    ++repeated_;
    return;
  }
  message.received = true;
  ++received_;
  if (message.accepted) ++accepted_received_;
  if (number < inbox.next) ++out_of_order_;
  inbox.next = std::max(inbox.next, number + 1);
  if (item.seq != inbox.seq + 1) ++seq_gaps_;
  inbox.seq = item.seq;
  if (message.intended >= measured_from_) latencies_.add(at - message.intended);
}

std::uint64_t Deliveries::lost() const {
  return accepted_ - accepted_received_;
}

std::vector<std::string> Deliveries::problems() const {
  std::vector<std::string> words;
  auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) words.push_back(std::to_string(count) + " " + what);
  };
  add(messages_.size() - answered_, "sends were never answered");
  add(refused_, "sends were refused");
  add(lost(), "acknowledged messages never came");
  add(repeated_, "messages came twice");
  add(out_of_order_, "messages came out of order");
  add(strange_, "messages came that were not sent to that receiver");
  add(seq_gaps_, "gaps in the seq of an inbox");
  return words;
}

}  // namespace linnet::bench
