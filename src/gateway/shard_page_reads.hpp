// The pages that one kind of a shard's long connections have read, on the shard's own clock.
#pragma once

#include "page_reads.hpp"

#include "linnet/base/shard.hpp"
#include "linnet/logic/messages.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace linnet::gateway {

inline constexpr std::size_t kPagesAtOnce = 8;

// Thread: the shard's, but for construction.
class ShardPageReads {
 public:
  ShardPageReads(Shard& shard, logic::Messages& messages)
      : shard_(shard),
        messages_(messages),
        timer_(shard.context()),
        reads_(shard.talk(), kPagesAtOnce,
               [this](PageReads::Duration wait) { resume_after(wait); }) {}

  // Reads a page when it is its turn and hands it to take_page() of `reader`, unless that is
  // closed() by then.
  template <class Reader>
  void read(std::shared_ptr<Reader> reader, UserId user, Seq after, store::PageLimit limit) {
    reads_.submit([this, reader = std::move(reader), user, after, limit] {
      if (reader->closed()) return false;
      messages_.read(user, after, limit, [this, reader](Result<store::InboxPage> page) mutable {
        shard_.post([this, reader = std::move(reader), page = std::move(page)]() mutable {
          reads_.take([&] {
            if (!reader->closed()) reader->take_page(std::move(page));
          });
        });
      });
      return true;
    });
  }
  // Something was sent; what is of a page is not counted.
  void sent() { reads_.sent(); }
  std::size_t under_way() const { return reads_.under_way(); }
  std::size_t waiting() const { return reads_.waiting(); }
  // Those that wait are forgotten.
  void stop() {
    reads_.clear();
    timer_.cancel();
  }

 private:
  void resume_after(PageReads::Duration wait) {
    timer_.expires_after(wait);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) reads_.resume();
    });
  }

  Shard& shard_;
  logic::Messages& messages_;
  boost::asio::steady_timer timer_;
  PageReads reads_;
};

}  // namespace linnet::gateway
