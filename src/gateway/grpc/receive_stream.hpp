// LogicExt.Receive over gRPC, without gRPC: a session whose pushes are the messages of a stream.
#pragma once

#include "services.hpp"
#include "session.hpp"
#include "shard_page_reads.hpp"

#include "linnet/base/shard.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linnet::gateway {

// The other side of a stream: gRPC's.
class MessageWriter {
 public:
  virtual ~MessageWriter() = default;
  // The stream begins, whether or not there is a message yet.
  virtual void open() = 0;
  // Answered by on_written(); one at a time.
  virtual void write(std::string message) = 0;
  // The last call, after which the writer may be gone.
  virtual void finish(const Error& why) = 0;
  // A write that hangs ends now.
  virtual void cancel() = 0;
};

class ReceiveStreams;

// Thread: the shard's, but for construction. Owned by its ReceiveStreams and what is under way.
class ReceiveStream final : public SessionHost, public std::enable_shared_from_this<ReceiveStream> {
 public:
  ReceiveStream(ReceiveStreams& all, MessageWriter& writer);

  // Nothing begins: the caller may not, or has asked for nonsense.
  void refuse(const Error& why);
  void start(user::Identity identity, Seq after);
  void on_written(bool ok);
  void on_cancelled();
  void sweep(std::chrono::milliseconds now);
  void drain(std::chrono::milliseconds spread);
  bool closed() const { return writer_ == nullptr; }
  void take_page(Result<store::InboxPage> page) { session_.on_page(std::move(page)); }
  Shard& shard();

  void authenticate(user::Credentials credentials) override;
  void find_head(UserId user) override;
  void find_start(UserId user, Seq seq) override;
  void find_restart(UserId user, DeviceId device) override;
  void read(UserId user, Seq after, store::PageLimit limit) override;
  router::Attachment attach(UserId user, DeviceId device, router::Outlet& outlet) override;
  void confirm(user::Identity identity) override;
  void follow_groups(UserId user) override;
  void detached(DeviceId device) override;
  void send(const pb::Output& packet) override;
  void send_push(Seq seq, const wire::Push& push) override;
  std::size_t unsent() const override { return unsent_; }
  void end(wire::CloseCode code, std::string_view reason) override;

  // A client of a stream says nothing, so that none of these is asked for.
  void acknowledge(UserId, DeviceId, Seq) override {}
  void call(user::Identity, const pb::Input&) override {}
  void on_room_packet(const pb::Input&) override {}
  void send_run(const wire::FrameRunPtr&) override {}
  void run_soon() const override {}

 private:
  template <class T>
  Done<T> on_shard(void (Session::*function)(Result<T>));
  void write_next();
  void finish(const Error& why);

  ReceiveStreams& all_;
  MessageWriter* writer_;  // null once it has been told to finish
  Session session_;
  std::deque<std::string> queue_;
  std::size_t writing_ = 0;  // bytes of the message under way
  std::size_t unsent_ = 0;
  std::chrono::milliseconds last_written_{0};
  bool busy_ = false;          // a write is under way
  std::optional<Error> told_;  // what the session said went wrong
  std::optional<Error> end_;   // ends with it when all is written
};

// The streams of one shard. Thread: the shard's, but for construction.
class ReceiveStreams {
 public:
  ReceiveStreams(Shard& shard, Services& services, const SessionOptions& options)
      : shard_(shard),
        services_(services),
        options_(options),
        timer_(shard.context()),
        page_reads_(shard, services.messages) {}

  // False while draining.
  bool add(const std::shared_ptr<ReceiveStream>& stream);
  // Tells every stream to end, and takes no more.
  void drain(std::chrono::milliseconds spread);

  Shard& shard() { return shard_; }
  Services& services() { return services_; }
  const SessionOptions& options() const { return options_; }
  std::chrono::milliseconds now() const { return services_.clock.steady(); }
  ShardPageReads& page_reads() { return page_reads_; }

 private:
  void sweep_later();

  Shard& shard_;
  Services& services_;
  const SessionOptions& options_;
  boost::asio::steady_timer timer_;
  ShardPageReads page_reads_;
  std::vector<std::shared_ptr<ReceiveStream>> streams_;
  bool draining_ = false;
};

}  // namespace linnet::gateway
