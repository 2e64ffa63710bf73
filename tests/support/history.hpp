// What the clients of a server sent, were told and received, and whether a server that keeps its
// promises can have done that: no acknowledged message lost, none doubled, none out of nowhere, one
// order per inbox for everybody, each sender's messages in the order of sending, and whoever was
// told a seq finds it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace linnet::test {

// An inbox, a large group's or a live room's log: any number that the caller gives it.
using LogId = std::int64_t;

// Thread: any.
class History {
 public:
  struct Entry {
    std::int64_t seq = 0;
    std::string text;  // unique; empty: the server's own, of which nothing is known
  };
  // What one connection receives of one log.
  using Stream = std::size_t;

  // Before the first try. `number` rises with each message of the sender, who sends the next only
  // after the answer to the last (or over a connection that keeps the order).
  void sent(const std::string& text, std::int64_t sender, std::int64_t number,
            std::vector<LogId> logs);
  // The answer, also that to a retry: the message has this seq in this log.
  void told(const std::string& text, LogId log, std::int64_t seq);
  // A connection begins to read what comes after `after`. `live`: a room's, where messages may be
  // missing, but not come twice or late.
  Stream begin(LogId log, std::int64_t after, bool live = false);
  void received(Stream stream, const Entry& entry);
  // It has caught up: what was told before its begin must have come.
  void caught_up(Stream stream);
  // The log from its first entry on, as it is at the end.
  void whole(LogId log, const std::vector<Entry>& entries);

  std::size_t messages_told() const;
  // By log, so far.
  std::map<LogId, std::int64_t> highest_told() const;
  // Of what any stream has received of the log; 0: nothing.
  std::int64_t highest_received(LogId log) const;
  // In all logs that whole() told of, without being acknowledged: allowed.
  std::size_t recovered() const;
  // One sentence each; empty when all promises were kept. After everything else.
  std::vector<std::string> faults() const;

 private:
  struct Message {
    std::int64_t sender = 0;
    std::int64_t number = 0;
    std::vector<LogId> logs;
    std::map<LogId, std::int64_t> told;
  };
  struct Reading {
    LogId log = 0;
    bool live = false;
    std::int64_t last = 0;
    std::int64_t due = 0;  // must have come when it has caught up
  };
  void fault(std::string sentence);
  void check_live(const Entry& entry, LogId log);
  void check_whole(LogId log, const std::vector<Entry>& entries,
                   std::vector<std::string>& faults) const;
  void check_told(std::vector<std::string>& faults) const;
  void check_seen(std::vector<std::string>& faults) const;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Message> messages_;
  std::vector<Reading> streams_;
  std::map<LogId, std::int64_t> highest_told_;
  std::map<LogId, std::map<std::int64_t, std::string>> seen_;  // by any stream
  std::map<LogId, std::unordered_map<std::string, std::int64_t>> live_;
  std::map<LogId, std::vector<Entry>> whole_;
  std::vector<std::string> faults_;
  std::size_t told_ = 0;
};

}  // namespace linnet::test
