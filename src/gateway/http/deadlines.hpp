// Who must be done by when. Each limit has a queue of its own, in which whoever comes last is due
// last: so the late are found without a look at all the others.
#pragma once

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <map>

namespace linnet::gateway {

// Thread: the shard's.
class Deadlines {
 public:
  using Time = std::chrono::milliseconds;

  // One that may have a deadline; it leaves its queue when it is destroyed.
  class Entry : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   private:
    friend class Deadlines;
    Time due_{0};
  };

  // `entry` is due at `now` + `limit`, whatever it was before. `now` never goes back, and there are
  // few limits.
  void set(Entry& entry, Time now, Time limit) {
    clear(entry);
    entry.due_ = now + limit;
    queues_[limit].push_back(entry);
  }
  static void clear(Entry& entry) {
    if (entry.is_linked()) entry.unlink();
  }
  // One that is due, until it is cleared or set anew; null: nobody.
  Entry* late(Time now) {
    for (auto& [limit, queue] : queues_)
      if (!queue.empty() && queue.front().due_ <= now) return &queue.front();
    return nullptr;
  }

 private:
  using Queue = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;
  std::map<Time, Queue> queues_;
};

}  // namespace linnet::gateway
