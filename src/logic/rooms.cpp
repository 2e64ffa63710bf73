#include "linnet/logic/rooms.hpp"

#include "pace.hpp"
#include "pb/room.ext.pb.h"
#include "room_book.hpp"
#include "room_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace linnet::logic {
namespace {

Pace::Rate rate_of(const RoomRules& rules) {
  Pace::Rate rate;
  if (rules.per_second > 0)
    rate.interval = std::chrono::microseconds(
        std::max<std::int64_t>(1, std::llround(1'000'000 / rules.per_second)));
  rate.burst = rules.burst;
  return rate;
}

std::string in_seconds(std::chrono::microseconds wait) {
  return std::to_string((wait.count() + 999'999) / 1'000'000) + " s";
}

Status check_shape(const pb::RoomPublishInput& request, const RoomRules& rules) {
  if (request.message_type() == pb::MT_UNKNOWN || !pb::MessageType_IsValid(request.message_type()))
    return Error(ErrCode::kBadRequest, "message_type: MT_TEXT to MT_CUSTOM");
  if (!pb::RoomPriority_IsValid(request.priority()))
    return Error(ErrCode::kBadRequest, "priority: RP_CHATTER to RP_SYSTEM");
  if (request.message_content().size() > rules.message_bytes)
    return Error(ErrCode::kTooLarge,
                 "message_content: at most " + std::to_string(rules.message_bytes) + " bytes");
  return success();
}

pb::RoomItem item_of(const pb::RoomPublishInput& request, RequestId request_id) {
  pb::RoomItem item;
  item.set_message_type(request.message_type());
  item.set_message_content(request.message_content());
  item.set_priority(request.priority());
  item.set_request_id(request_id.value());
  return item;
}

}  // namespace

// Who has said how much where. A user that is in two rooms has a pace in each.
class Rooms::Paces {
 public:
  std::chrono::microseconds take(RoomId room, UserId user, std::chrono::microseconds now,
                                 const Pace::Rate& rate) {
    auto& stripe = stripes_[mix(static_cast<std::uint64_t>(room.value())) >> 58U];
    std::lock_guard lock(stripe.mutex);
    // One map for a stripe's rooms: two that share a key share a pace. That is rare, and nobody
    // can find a room that shares somebody else's, as nobody knows the secret.
    auto key = mix(static_cast<std::uint64_t>(room.value()) ^ secret_) ^
               static_cast<std::uint64_t>(user.value());
    return stripe.pace.take(UserId(static_cast<std::int64_t>(key)), now, rate);
  }

 private:
  struct Stripe {
    std::mutex mutex;
    Pace pace;
  };
  static std::uint64_t any_number() {
    std::random_device device;
    return std::uint64_t{device()} << 32U | device();
  }
  const std::uint64_t secret_ = any_number();
  std::array<Stripe, 64> stripes_;
};

Rooms::Rooms(store::RoomStore& store, router::Rooms& rooms, const Clock& clock, RoomRules rules,
             Refusals* refusals)
    : store_(store),
      rooms_(rooms),
      clock_(clock),
      rules_(rules),
      refusals_(refusals),
      book_(std::make_unique<RoomBook>(store)),
      paces_(std::make_unique<Paces>()),
      slow_(std::make_unique<Paces>()) {
  if (rules_.kept > 0)
    rooms_.on_published([this](RoomId room, const router::RoomItemPtr& item) { keep(room, item); });
}
Rooms::~Rooms() = default;

void Rooms::load(RoomId room, Done<RoomRecordPtr> done) {
  if (room.value() < 1) {
    done(Error(ErrCode::kBadRequest, "room_id: 1 or more"));
    return;
  }
  if (room.value() > store::kLastRoom) {
    done(Error(ErrCode::kBadRequest, "room_id: at most 2^53 - 1, as JSON numbers hold"));
    return;
  }
  if (rules_.kept == 0) {
    book_->load(room, std::move(done));
    return;
  }
  book_->load(room, [this, room, done = std::move(done)](Result<RoomRecordPtr> record) mutable {
    if (record && !rooms_.remembers(room)) {
      remember(room, std::move(*record), std::move(done));
    } else {
      done(std::move(record));
    }
  });
}

void Rooms::remember(RoomId room, RoomRecordPtr record, Done<RoomRecordPtr> done) {
  store_.room_items(room, rules_.kept,
                    [this, room, record = std::move(record),
                     done = std::move(done)](Result<std::vector<store::RoomItem>> items) mutable {
                      if (!items) {
                        done(items.take_error());
                        return;
                      }
                      std::vector<router::RoomItemPtr> said;
                      for (const auto& kept : *items) {
                        auto item = std::make_shared<pb::RoomItem>();
                        if (item->ParseFromString(kept.item)) said.push_back(std::move(item));
                      }
                      rooms_.restore(room, said);
                      done(std::move(record));
                    });
}

// Nobody waits for it: what is said is live, and its answer says no more than that.
void Rooms::keep(RoomId room, const router::RoomItemPtr& item) {
  store_.keep_room_item(room, {Seq(item->seq()), item->SerializeAsString()}, rules_.kept,
                        [](const Result<Unit>&) {});
}

void Rooms::end(RoomId room, Done<Unit> done) {
  book_->deleted(room);
  const auto last = rooms_.put_out(room, UserId(), ErrCode::kRoomNotExist);
  if (rules_.kept == 0) {
    done(success());
    return;
  }
  // What was said while the room was being deleted is kept behind that. If this fails there is
  // nothing that the caller could try again: the room has gone.
  store_.forget_room_items(
      room, last, [done = std::move(done)](const Result<Unit>&) mutable { done(success()); });
}

Result<router::RoomSeat> Rooms::enter(const RoomRecord& record, const user::Identity& identity,
                                      const pb::RoomSubscribeInput& request, Shard& shard,
                                      router::RoomOutlet& outlet, pb::RoomSubscribeOutput& answer) {
  auto allowed = [&] {
    std::lock_guard lock(record.mutex);
    return may_enter(record, identity.user, rules_.open, clock_.wall());
  };
  auto before = allowed();
  if (!before) return before.take_error();
  if (request.since_seq() < 0) return Error(ErrCode::kBadRequest, "since_seq: 0 or more");
  if (request.history() < -1) return Error(ErrCode::kBadRequest, "history: -1 or more");
  router::HistoryWanted wanted;
  wanted.since = Seq(request.since_seq());
  wanted.entries = request.history() == 0 ? SIZE_MAX : static_cast<std::size_t>(request.history());
  if (request.history() < 0) wanted.entries = 0;
  router::RoomPast past;
  auto seat = rooms_.join(RoomId(request.room_id()), identity.user, shard, outlet, wanted, past,
                          *answer.mutable_state());
  // A ban that came in between did not find the seat.
  auto after = allowed();
  if (!after) return after.take_error();
  for (const auto& item : past.items)
    *answer.add_history() = *item;
  answer.set_complete(past.complete);
  return seat;
}

Status Rooms::check_pace(const RoomRecord& record, RoomId room, UserId user) {
  const auto now = clock_.steady();
  Pace::Rate slow;
  {
    std::lock_guard lock(record.mutex);
    if (record.room && room_role(record, user) == pb::RR_NONE)
      slow.interval = std::chrono::seconds(record.room->slow_s);
  }
  auto wait = paces_->take(room, user, now, rate_of(rules_));
  if (wait.count() > 0) {
    if (refusals_ != nullptr) refusals_->count(Refusal::kRoom);
    return Error(ErrCode::kRateLimited,
                 "too many messages in this room; write again in " + in_seconds(wait));
  }
  auto pause = slow_->take(room, user, now, slow);
  if (pause.count() > 0) {
    if (refusals_ != nullptr) refusals_->count(Refusal::kSlowMode);
    return Error(ErrCode::kSlowMode,
                 "this room is in slow mode; write again in " + in_seconds(pause));
  }
  return success();
}

Result<Seq> Rooms::publish(const RoomRecord& record, const user::Identity& identity,
                           const pb::RoomPublishInput& request, RequestId request_id) {
  auto shape = check_shape(request, rules_);
  if (!shape) return shape.take_error();
  if (request.priority() != pb::RP_CHATTER)
    return Error(ErrCode::kForbidden, "priority: yours is RP_CHATTER");
  {
    std::lock_guard lock(record.mutex);
    auto allowed = may_publish(record, identity.user, rules_.open, clock_.wall());
    if (!allowed) return allowed.take_error();
  }
  const RoomId room(request.room_id());
  auto paced = check_pace(record, room, identity.user);
  if (!paced) return paced.take_error();
  auto item = item_of(request, request_id);
  item.set_sender_type(pb::ST_USER);
  item.set_sender_id(identity.user.value());
  return rooms_.publish(room, std::move(item));
}

Result<Seq> Rooms::publish_from_server(const RoomRecord& record,
                                       const pb::RoomPublishInput& request, RequestId request_id) {
  auto shape = check_shape(request, rules_);
  if (!shape) return shape.take_error();
  const auto sender =
      request.sender_type() == pb::ST_UNKNOWN ? pb::ST_BUSINESS : request.sender_type();
  if (sender != pb::ST_BUSINESS && sender != pb::ST_SYSTEM)
    return Error(ErrCode::kBadRequest, "sender_type: ST_SYSTEM or ST_BUSINESS");
  {
    std::lock_guard lock(record.mutex);
    if (!record.room && !rules_.open) return Error(ErrCode::kRoomNotExist);
  }
  auto item = item_of(request, request_id);
  item.set_sender_type(sender);
  return rooms_.publish(RoomId(request.room_id()), std::move(item));
}

}  // namespace linnet::logic
