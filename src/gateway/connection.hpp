// One long connection: a socket, the codec of its door, and a Session between them. Thin on
// purpose: what to say is the session's business, which bytes say it is the wire module's.
#pragma once

#include "calls.hpp"
#include "gate.hpp"
#include "http/item_stream.hpp"
#include "send_batch.hpp"
#include "session.hpp"
#include "socket.hpp"

#include "linnet/wire/websocket.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::gateway {

class Hub;
class RoomSeats;

enum class Door : std::uint8_t { kTcp, kWebSocket, kStream };

// Owned by its hub and by the handlers under way. Thread: the shard's.
class Connection final : public SessionHost,
                         public SendBatch::Sender,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hub& hub, TcpSocket socket, Gate::Ticket ticket, Door door);
  ~Connection() override;

  // Begins to read. A WebSocket brings its proved identity, and bytes that came behind the
  // handshake.
  void start_tcp();
  void start_web_socket(user::Identity identity, std::int64_t request_id, bool text,
                        std::string early);
  // The body of an HTTP response, one way: what the client sends is thrown away.
  void start_stream(StreamStart start);
  // Looks what has become late. Returns until when there is nothing to look for, unless look_soon()
  // says otherwise before; a time that has come: the next sweep looks again.
  std::chrono::milliseconds sweep(std::chrono::milliseconds now);
  // For the end of the server: answers the calls under way and says that it goes, then closes.
  void drain();
  // Closes without a word.
  void abort();
  // Called by the hub at the end of a turn.
  void flush();
  // Called by the hub when the others have been served.
  void take_turn();

  Session& session() { return session_; }
  // Also when it is about to be.
  bool closed() const { return phase_ != Phase::kOpen; }
  void take_page(Result<store::InboxPage> page);
  // What is unsent, and the memory of what has come and is not processed: parts of packets, and
  // those that wait for their turn.
  std::size_t held() const { return unsent() + held_input(); }
  // Where the hub keeps it.
  std::size_t place() const { return place_; }
  void set_place(std::size_t place) { place_ = place; }

  void authenticate(user::Credentials credentials) override;
  void find_head(UserId user) override;
  void find_start(UserId user, Seq seq) override;
  void find_restart(UserId user, DeviceId device) override;
  void read(UserId user, Seq after, store::PageLimit limit) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  router::Attachment attach(UserId user, DeviceId device, router::Outlet& outlet) override;
  void confirm(user::Identity identity) override;
  void follow_groups(UserId user) override;
  void detached(DeviceId device) override;
  void call(user::Identity identity, const pb::Input& packet) override;
  // For Calls: where its calls run, and the answer to one.
  boost::asio::io_context& context();
  void on_called(const pb::Output& packet);
  void send(const pb::Output& packet) override;
  void send_push(Seq seq, const wire::Push& push) override;
  void send_run(const wire::FrameRunPtr& run) override;
  void run_soon() const override { __builtin_prefetch(&batched_); }
  void on_batch_sent(std::string_view rest) override;
  void on_room_packet(const pb::Input& packet) override;
  std::size_t unsent() const override { return out_.size() - out_sent_; }
  void end(wire::CloseCode code, std::string_view reason) override;

 private:
  enum class Phase : std::uint8_t { kOpen, kClosing, kClosed };
  static constexpr std::size_t kKeepCapacity = 4096;  // of a buffer that is empty, or nearly

  template <class T>
  Done<T> on_shard(void (Session::*function)(Result<T>));

  static void release_if_large(std::string& buffer);
  // connection_reading.cpp
  void wait_readable();
  void on_readable();
  void listen_for_end();
  void on_peer_done();
  void discard();
  void release_what_came();
  bool process(char* bytes, std::size_t size);
  void read_some();
  void end_turn();
  void resume_later();
  void look_soon();
  bool busy() const;
  std::size_t held_input() const {
    return in_.capacity() + (web_socket_ ? web_socket_->held() : 0);
  }
  // Then a sweep looks at it: thousands may never go on.
  bool holds_much() const { return held_input() > kKeepCapacity; }
  bool process_tcp(char*& at, char* end);
  bool process_web_socket(char*& at, char* end);
  void on_web_socket_event(const wire::WsEvent& event);
  void on_binary(std::string_view packet);
  void on_text(std::string_view packet);
  void resume();
  void append(std::string_view packet, wire::WsOpcode opcode);
  void mark_unsent();
  void settle();
  void end_stream(wire::CloseCode code);
  void say_goodbye();
  void sweep_stream(std::chrono::milliseconds now);
  std::chrono::milliseconds stream_due() const;
  void finish();

  Hub& hub_;
  // What a room's message touches, side by side.
  TcpSocket socket_;
  std::size_t out_sent_ = 0;
  std::string out_;  // framed, from out_sent_ on unsent
  Phase phase_ = Phase::kOpen;
  bool batched_ = false;  // the batch has bytes of it, which come before those in out_
  bool text_ = false;
  bool flush_marked_ = false;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool close_frame_sent_ = false;
  bool processing_ = false;
  bool turn_ended_ = false;  // take_turn() comes when the others have had theirs
  bool heavy_ = false;       // what it sent last was more than a turn's
  bool whole_left_ = false;  // in_ may have a whole packet
  bool peer_done_ = false;   // it has shut down its side
  bool draining_ = false;

  Session session_;
  std::unique_ptr<Calls> calls_;                 // made by the first call
  std::unique_ptr<wire::WsDecoder> web_socket_;  // null at the TCP door
  // What a stream needs beside the rest.
  struct Stream {
    explicit Stream(const StreamStart& start) : items(start.form, start.request_name) {}
    ItemStream items;
    std::optional<Error> why;  // of its end
    std::chrono::milliseconds last_sent{0};
    std::optional<std::chrono::milliseconds> deadline;
  };
  std::unique_ptr<Stream> stream_;    // null at the other doors
  std::shared_ptr<RoomSeats> rooms_;  // null before the first packet about rooms
  std::string in_;  // the beginning of a packet, or what came while the session was busy
  Gate::Ticket ticket_;
  std::size_t place_ = 0;
  std::chrono::milliseconds closing_since_{0};
  std::size_t discarded_ = 0;  // bytes of the peer that were read and thrown away
};

}  // namespace linnet::gateway
