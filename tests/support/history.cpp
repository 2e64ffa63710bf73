#include "history.hpp"

#include <algorithm>

namespace linnet::test {
namespace {

constexpr std::size_t kFaultsKept = 50;

std::string at(LogId log, std::int64_t seq) {
  return "log " + std::to_string(log) + " seq " + std::to_string(seq) + ": ";
}

}  // namespace

void History::fault(std::string sentence) {
  if (faults_.size() < kFaultsKept) faults_.push_back(std::move(sentence));
}

void History::sent(const std::string& text, std::int64_t sender, std::int64_t number,
                   std::vector<LogId> logs) {
  std::lock_guard lock(mutex_);
  messages_.try_emplace(text, Message{sender, number, std::move(logs), {}});
}

void History::told(const std::string& text, LogId log, std::int64_t seq) {
  std::lock_guard lock(mutex_);
  auto& message = messages_[text];
  if (message.told.empty()) ++told_;
  auto [known, first] = message.told.emplace(log, seq);
  if (!first && known->second != seq)
    fault(at(log, seq) + "told for '" + text + "', before it was " + std::to_string(known->second));
  auto& highest = highest_told_[log];
  highest = std::max(highest, seq);
}

History::Stream History::begin(LogId log, std::int64_t after, bool live) {
  std::lock_guard lock(mutex_);
  auto due = highest_told_.find(log);
  streams_.push_back({log, live, after, due == highest_told_.end() ? 0 : due->second});
  return streams_.size() - 1;
}

void History::received(Stream stream, const Entry& entry) {
  std::lock_guard lock(mutex_);
  auto& reading = streams_[stream];
  if (entry.seq <= reading.last)
    fault(at(reading.log, entry.seq) + "came after " + std::to_string(reading.last));
  if (!reading.live && entry.seq > reading.last + 1)
    fault(at(reading.log, entry.seq) + "a gap after " + std::to_string(reading.last));
  reading.last = std::max(reading.last, entry.seq);
  auto [known, first] = seen_[reading.log].emplace(entry.seq, entry.text);
  if (!first && known->second != entry.text)
    fault(at(reading.log, entry.seq) + "'" + known->second + "' for one, '" + entry.text +
          "' for another");
  if (first && reading.live) check_live(entry, reading.log);
}

// A room has no whole log to compare with at the end.
void History::check_live(const Entry& entry, LogId log) {
  if (entry.text.empty()) return;
  auto message = messages_.find(entry.text);
  if (message == messages_.end() ||
      std::count(message->second.logs.begin(), message->second.logs.end(), log) == 0)
    fault(at(log, entry.seq) + "'" + entry.text + "' was never sent there");
  auto [known, first] = live_[log].emplace(entry.text, entry.seq);
  if (!first) fault(at(log, entry.seq) + "'" + entry.text + "' a second time");
}

void History::caught_up(Stream stream) {
  std::lock_guard lock(mutex_);
  const auto& reading = streams_[stream];
  if (reading.last < reading.due)
    fault(at(reading.log, reading.due) + "was told, and a later sync ends at " +
          std::to_string(reading.last));
}

void History::whole(LogId log, const std::vector<Entry>& entries) {
  std::lock_guard lock(mutex_);
  whole_[log] = entries;
}

std::size_t History::messages_told() const {
  std::lock_guard lock(mutex_);
  return told_;
}

std::int64_t History::highest_received(LogId log) const {
  std::lock_guard lock(mutex_);
  const auto seen = seen_.find(log);
  return seen == seen_.end() || seen->second.empty() ? 0 : seen->second.rbegin()->first;
}

std::map<LogId, std::int64_t> History::highest_told() const {
  std::lock_guard lock(mutex_);
  return highest_told_;
}

std::size_t History::recovered() const {
  std::lock_guard lock(mutex_);
  std::unordered_map<std::string, bool> found;
  for (const auto& [log, entries] : whole_) {
    for (const auto& entry : entries) {
      auto message = messages_.find(entry.text);
      if (message != messages_.end() && message->second.told.empty()) found[entry.text] = true;
    }
  }
  return found.size();
}

void History::check_whole(LogId log, const std::vector<Entry>& entries,
                          std::vector<std::string>& faults) const {
  std::unordered_map<std::string, std::int64_t> places;
  std::map<std::int64_t, std::int64_t> newest;  // number, by sender
  std::int64_t expected = 0;
  for (const auto& entry : entries) {
    if (entry.seq != ++expected) {
      faults.push_back(at(log, entry.seq) + "stands where " + std::to_string(expected) + " should");
      expected = entry.seq;
    }
    if (entry.text.empty()) continue;
    if (!places.emplace(entry.text, entry.seq).second)
      faults.push_back(at(log, entry.seq) + "'" + entry.text + "' a second time");
    auto found = messages_.find(entry.text);
    if (found == messages_.end() ||
        std::count(found->second.logs.begin(), found->second.logs.end(), log) == 0) {
      faults.push_back(at(log, entry.seq) + "'" + entry.text + "' was never sent there");
      continue;
    }
    auto& number = newest.try_emplace(found->second.sender, INT64_MIN).first->second;
    if (found->second.number <= number)
      faults.push_back(at(log, entry.seq) + "'" + entry.text + "' after a later one of its sender");
    number = std::max(number, found->second.number);
  }
}

// All or nothing: a message that anybody was told of, or that is anywhere, is in all of its logs.
void History::check_told(std::vector<std::string>& faults) const {
  std::map<LogId, std::unordered_map<std::string, std::int64_t>> places;
  std::unordered_map<std::string, bool> present;
  for (const auto& [log, entries] : whole_) {
    for (const auto& entry : entries) {
      places[log].emplace(entry.text, entry.seq);
      present[entry.text] = true;
    }
  }
  for (const auto& [text, message] : messages_) {
    if (message.told.empty() && !present.contains(text)) continue;
    for (auto log : message.logs) {
      auto entries = places.find(log);
      if (entries == places.end() && !whole_.contains(log)) continue;  // live, or not read
      if (entries != places.end() && entries->second.contains(text)) continue;
      faults.push_back("log " + std::to_string(log) + ": '" + text + "' is " +
                       (message.told.empty() ? "missing here, and elsewhere there"
                                             : "lost, though acknowledged"));
    }
    for (const auto& [log, seq] : message.told) {
      auto entries = places.find(log);
      if (entries == places.end() || !entries->second.contains(text)) continue;
      if (entries->second.at(text) != seq)
        faults.push_back(at(log, seq) + "told for '" + text + "', which stands at " +
                         std::to_string(entries->second.at(text)));
    }
  }
}

void History::check_seen(std::vector<std::string>& faults) const {
  for (const auto& [log, entries] : whole_) {
    auto seen = seen_.find(log);
    if (seen == seen_.end()) continue;
    std::map<std::int64_t, const std::string*> kept;
    for (const auto& entry : entries)
      kept.emplace(entry.seq, &entry.text);
    for (const auto& [seq, text] : seen->second) {
      auto it = kept.find(seq);
      if (it == kept.end()) {
        faults.push_back(at(log, seq) + "'" + text + "' was received, and is not there at the end");
      } else if (*it->second != text) {
        faults.push_back(at(log, seq) + "'" + text + "' was received, at the end it is '" +
                         *it->second + "'");
      }
    }
  }
}

std::vector<std::string> History::faults() const {
  std::lock_guard lock(mutex_);
  auto faults = faults_;
  for (const auto& [log, entries] : whole_)
    check_whole(log, entries, faults);
  check_told(faults);
  check_seen(faults);
  return faults;
}

}  // namespace linnet::test
