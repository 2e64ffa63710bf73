// What a connection's session asks for: each a call of a service, answered on the shard; and how it
// ends with the server.
#include "connection.hpp"
#include "hub.hpp"
#include "packets.hpp"
#include "pb/conn.ext.pb.h"
#include "room_seats.hpp"

namespace linnet::gateway {

template <class T>
Done<T> Connection::on_shard(void (Session::*function)(Result<T>)) {
  return [self = shared_from_this(), function](Result<T> result) mutable {
    auto& shard = self->hub_.shard();
    shard.post([self = std::move(self), function, result = std::move(result)]() mutable {
      if (self->phase_ != Phase::kOpen) return;
      (self->session_.*function)(std::move(result));
      self->look_soon();  // another deadline may be its next
      self->resume();
    });
  };
}

void Connection::authenticate(user::Credentials credentials) {
  credentials.address = ticket_.address();
  hub_.services().authenticator.authenticate(std::move(credentials),
                                             on_shard(&Session::on_authenticated));
}

void Connection::find_head(UserId user) {
  hub_.services().messages.head(user, on_shard(&Session::on_head));
}

void Connection::find_start(UserId user, Seq seq) {
  hub_.services().messages.sync_start(user, seq, on_shard(&Session::on_start));
}

void Connection::find_restart(UserId user, DeviceId device) {
  hub_.services().messages.sync_restart(user, device, on_shard(&Session::on_start));
}

void Connection::read(UserId user, Seq after, store::PageLimit limit) {
  hub_.page_reads().read(shared_from_this(), user, after, limit);
}

void Connection::take_page(Result<store::InboxPage> page) {
  session_.on_page(std::move(page));
  resume();
}

void Connection::acknowledge(UserId user, DeviceId device, Seq seq) {
  hub_.services().messages.acknowledge(user, device, seq);
}

router::Attachment Connection::attach(UserId user, DeviceId device, router::Outlet& outlet) {
  return hub_.services().router.attach(user, device, hub_.shard(), outlet);
}

void Connection::on_room_packet(const pb::Input& packet) {
  if (!rooms_) {
    auto loaded = [weak = weak_from_this()] {
      // Who sends one subscription after the other makes work: the others come first.
      if (const auto self = weak.lock()) self->resume_later();
    };
    rooms_ = std::make_shared<RoomSeats>(*this, hub_.options(), hub_.services().rooms,
                                         session_.identity(), hub_.shard(), std::move(loaded));
  }
  rooms_->on_packet(packet);
}

void Connection::confirm(user::Identity identity) {
  hub_.services().authenticator.confirm(identity, on_shard(&Session::on_confirmed));
}

void Connection::follow_groups(UserId user) {
  hub_.services().messages.follow_groups(user, on_shard(&Session::on_following));
}

void Connection::detached(DeviceId device) {
  hub_.services().devices.seen(device);
}

void Connection::call(user::Identity identity, const pb::Input& packet) {
  // Not the socket's, which has none any more when the peer has reset the connection.
  if (!calls_) calls_ = std::make_unique<Calls>(hub_.services().api, ticket_.address());
  calls_->start(shared_from_this(), identity, packet);
}

boost::asio::io_context& Connection::context() {
  return hub_.shard().context();
}

void Connection::on_called(const pb::Output& packet) {
  if (phase_ != Phase::kOpen) return;
  session_.on_called();
  send(packet);
  if (draining_ && !session_.calling()) say_goodbye();
  resume_later();  // calls that are refused at once would come round and round in one turn
}

// ---- the end of the server ----

void Connection::drain() {
  draining_ = true;
  session_.drain();
  if (!session_.calling()) say_goodbye();
}

void Connection::say_goodbye() {
  if (phase_ != Phase::kOpen) return;
  session_.on_closed();
  // A WebSocket's close frame says it, and a stream's end; over TCP it takes the form of an answer
  // to the sign-in, as whatever else ends a connection.
  const auto error = goodbye(hub_.spread());
  if (stream_) {
    if (!stream_->why) stream_->why = error;
  } else if (!web_socket_) {
    auto packet = output(pb::PT_SIGN_IN, 0);
    set_error(packet, error);
    send(packet);
  }
  end(wire::CloseCode::kGoingAway, error.message());
}

}  // namespace linnet::gateway
