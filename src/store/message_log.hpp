// Appends messages to the log and hands out the seqs: inside the writer's transaction, with all
// that it keeps in memory restorable when the job or the transaction fails.
#pragma once

#include "connection.hpp"
#include "dedup.hpp"
#include "tail.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/store/types.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace linnet::store {

// Thread: the writer's.
class MessageLog {
 public:
  // A place in the current transaction, to go back to.
  struct Mark {
    std::size_t entries = 0;
    std::size_t keys = 0;
    MessageId last;
  };

  // `tail_limit`: entries in the tail from which on appends are refused as kServerBusy.
  MessageLog(Connection& db, Tail& tail, Dedup& dedup, const Clock& clock, std::size_t tail_limit)
      : db_(db), tail_(tail), dedup_(dedup), clock_(clock), tail_limit_(tail_limit) {}

  // Rebuilds the tail, the recent keys and the seqs from the log after the last merged row.
  Status load();

  // One statement writes, so that a failed append leaves nothing in the transaction; what it left
  // in memory is undone by undo(). Error: kBadRequest (no recipients), or the store's.
  Result<Appended> append(const NewMessage& message);
  // What a message is answered that may not be sent: a retry as before, else `why`.
  Result<Appended> refuse(const Message& message, const Error& why);
  // Highest seq of the inbox, those of the current transaction included.
  Result<Seq> head(InboxId inbox);
  // Id of the newest message.
  MessageId last() const { return last_; }
  // How many messages have been committed, ever. Thread: any.
  std::uint64_t stored() const { return stored_.load(std::memory_order_relaxed); }
  const Clock& clock() const { return clock_; }

  // The transaction's bookkeeping. committed() shows what was appended to the readers.
  Mark mark() const { return {entries_.size(), keys_.size(), last_}; }
  void undo(const Mark& mark);
  void committed();
  // How many transactions have been committed.
  std::uint64_t commits() const { return commits_; }

 private:
  // What was answered when this message came before; nothing when it is new.
  Result<std::optional<Appended>> answered(const Message& message);
  Status check(const NewMessage& message) const;
  Result<Appended> place(const NewMessage& message, MessageId id, std::string& recipients);
  Result<Seq> enter(InboxId inbox, MessageId id);
  // In heads_, valid until the next inbox is looked for.
  Result<Seq*> find_head(InboxId inbox);
  Status rebuild(Query& row);
  // What the index has must be what the log says: of the last merged message, and where the index
  // ends and the tail begins.
  Status check_merged(MessageId merged);
  Status check_first(const Entry& entry);
  Result<MessageId> indexed(InboxId inbox, Seq seq);
  // What was found in the table of keys is the message's own.
  Status check_answer(const RequestKey& key, const Answer& answer);
  Status restore(const Entry& entry);

  Connection& db_;
  Tail& tail_;
  Dedup& dedup_;
  const Clock& clock_;
  std::size_t tail_limit_;
  MessageId last_;
  std::uint64_t commits_ = 0;
  std::atomic<std::uint64_t> stored_ = 0;
  // A cache of what tail and index know.
  boost::unordered_flat_map<InboxId, Seq, std::hash<InboxId>> heads_;
  // The first entries of the tail, while it is rebuilt.
  std::vector<Entry> firsts_;
  // Of the current transaction, in the order made.
  std::vector<Entry> entries_;
  std::vector<RequestKey> keys_;
};

}  // namespace linnet::store
