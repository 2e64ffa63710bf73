// The inbox entries that the log has and the index does not have yet, in memory.
//
//   index (on disk) | frozen: being merged | active: newest
//   seq 1 … m       | m+1 … f              | f+1 … head        for every inbox
//
// A reader takes its part of the tail first and begins its read of the index afterwards: what a
// merge moves in between is then seen twice, never missed.
#pragma once

#include "linnet/base/ids.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace linnet::store {

struct Entry {
  InboxId inbox;
  Seq seq;
  MessageId message;
};

struct Place {
  Seq seq;
  MessageId message;
};

// Thread: any for reading; the others are the writer's.
class Tail {
 public:
  // Never changes once it is frozen.
  struct Generation {
    boost::unordered_flat_map<InboxId, std::vector<Place>, std::hash<InboxId>> inboxes;
    std::vector<InboxId> order;  // the keys of `inboxes`, as they came
    std::size_t entries = 0;
  };
  struct Part {
    Seq first;                  // lowest seq of the inbox in the tail; 0: it has nothing there
    Seq head;                   // highest
    std::vector<Place> places;  // ascending, the first after `after`
  };

  Tail() : active_(std::make_shared<Generation>()) {}

  Part read(InboxId inbox, Seq after, std::size_t limit) const;
  // Highest seq of the inbox in the tail; 0: none there.
  Seq head(InboxId inbox) const;
  std::size_t size() const;

  // Each inbox's entries follow on those that are there. Writer.
  void add(std::span<const Entry> entries);
  std::size_t active_size() const;
  // Makes the active generation the frozen one; there must be no frozen one. Writer.
  std::shared_ptr<const Generation> freeze();
  // After the commit that completed the merge. Returns it, as freeing it may take long. Writer.
  std::shared_ptr<const Generation> drop_frozen();

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Generation> active_;
  std::shared_ptr<const Generation> frozen_;
};

}  // namespace linnet::store
