#include "support/memory_store.hpp"

#include <algorithm>
#include <memory>

namespace linnet::test {

using namespace store;

void MemoryStore::hold() {
  std::lock_guard lock(mutex_);
  holding_ = true;
}

void MemoryStore::release(std::size_t count) {
  std::deque<std::function<void()>> now;
  {
    std::lock_guard lock(mutex_);
    if (count == 0) holding_ = false;
    const auto released = count == 0 ? held_.size() : std::min(count, held_.size());
    for (std::size_t i = 0; i < released; ++i) {
      now.push_back(std::move(held_.front()));
      held_.pop_front();
    }
  }
  for (auto& complete : now)
    complete();
}

std::size_t MemoryStore::held() const {
  std::lock_guard lock(mutex_);
  return held_.size();
}

void MemoryStore::refuse(std::optional<ErrCode> code) {
  std::lock_guard lock(mutex_);
  refusal_ = code;
}

void MemoryStore::close() {
  refuse(ErrCode::kShuttingDown);
  release();
}

Result<Appended> MemoryStore::place(const NewMessage& message) {
  const auto& m = message.message;
  if (message.recipients.empty() && !message.group) return Error(ErrCode::kBadRequest);
  for (auto user : message.recipients) {
    if (user.value() <= 0) return Error(ErrCode::kBadRequest);
  }
  if (auto before = answered(m)) return std::move(*before);
  log_.push_back(m);
  Appended result;
  result.id = MessageId(static_cast<std::int64_t>(log_.size()));
  auto enter = [&](InboxId inbox) {
    inboxes_[inbox].push_back(log_.size() - 1);
    return head_of(inbox);
  };
  if (message.group) result.sender_seq = result.group_seq = enter(inbox_of(message.group));
  for (auto user : message.recipients) {
    result.placed.push_back({user, enter(inbox_of(user))});
    if (user.value() == m.sender_id) result.sender_seq = result.placed.back().seq;
  }
  if (m.sender_device_id && m.request_id) answers_[{m.sender_device_id, m.request_id}] = result;
  return result;
}

std::optional<Appended> MemoryStore::answered(const Message& message) const {
  auto it = answers_.find({message.sender_device_id, message.request_id});
  if (it == answers_.end()) return std::nullopt;
  auto answer = it->second;
  answer.duplicate = true;
  answer.placed.clear();
  answer.group_seq = Seq();
  return answer;
}

Seq MemoryStore::head_of(InboxId inbox) const {
  auto it = inboxes_.find(inbox);
  return Seq(it == inboxes_.end() ? 0 : static_cast<std::int64_t>(it->second.size()));
}

InboxPage MemoryStore::page(InboxId inbox, Seq after, PageLimit limit) const {
  InboxPage result;
  result.head = head_of(inbox);
  std::size_t bytes = 0;
  for (auto seq = std::max(after, Seq()); seq < result.head;) {
    const auto place = static_cast<std::size_t>(seq.value());
    const auto& message = log_[inboxes_.at(inbox)[place]];
    bytes += message.content.size();
    const bool full = result.entries.size() >= limit.entries || bytes > limit.bytes;
    if (full && !result.entries.empty()) break;
    seq = seq.next();
    result.entries.push_back({seq, message});
  }
  return result;
}

void MemoryStore::append(NewMessage message, Done<Appended> done) {
  call<Appended>([&] { return place(message); }, std::move(done));
}

void MemoryStore::read_inbox(UserId user, Seq after, PageLimit limit, Done<InboxPage> done) {
  call<InboxPage>([&] { return page(inbox_of(user), after, limit); }, std::move(done));
}

void MemoryStore::head(UserId user, Done<Seq> done) {
  call<Seq>([&] { return head_of(inbox_of(user)); }, std::move(done));
}

void MemoryStore::acknowledge(UserId user, DeviceId device, Seq seq) {
  std::lock_guard lock(mutex_);
  auto& highest = acks_[user][device];
  highest = std::max(highest, seq);
}

// As in SQLite, where it is looked at late whether there is so much.
Seq MemoryStore::highest_ack(UserId user) const {
  Seq highest;
  if (auto found = acks_.find(user); found != acks_.end())
    for (const auto& [device, seq] : found->second)
      highest = std::max(highest, seq);
  return std::min(highest, head_of(inbox_of(user)));
}

void MemoryStore::acknowledged(UserId user, Done<Seq> done) {
  call<Seq>([&] { return highest_ack(user); }, std::move(done));
}

void MemoryStore::acknowledged_by(UserId user, DeviceId device, Done<Seq> done) {
  call<Seq>([&] { return std::min(acks_[user][device], head_of(inbox_of(user))); },
            std::move(done));
}

}  // namespace linnet::test
