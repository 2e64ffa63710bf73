#include "deliver.hpp"

#include "pb/conn.ext.pb.h"

#include "linnet/logic/messages.hpp"

#include <memory>
#include <vector>

namespace linnet::logic {
namespace {

void deliver_placed(router::Router& router, const store::Appended& appended,
                    const wire::PushPtr& push) {
  std::vector<router::Delivery> deliveries;
  deliveries.reserve(appended.placed.size());
  for (const auto& placed : appended.placed)
    deliveries.push_back({placed.user, placed.seq});
  router.deliver(deliveries, push);
}

void tell(router::Router& router, const store::GroupEdited& edited) {
  const auto group = edited.group.id;
  const bool large = edited.group.type == store::kLargeGroup;
  // Whoever is concerned has the notice in the own inbox, so: gone before it, there after it.
  if (large) {
    for (auto user : edited.removed)
      router.unfollow(user, group);
  }
  for (std::size_t i = 0; i < edited.notices.size(); ++i) {
    const auto push = push_of(edited.notices[i]);
    deliver_placed(router, edited.appended[i], push);
    if (large && !edited.grown && edited.appended[i].group_seq)
      router.deliver_to_group(group, edited.appended[i].group_seq, push);
  }
  if (large) {
    for (auto user : edited.grown ? edited.members : edited.added)
      router.follow(user, group);
  }
  if (edited.dissolved) router.forget_group(group);
}

}  // namespace

wire::PushPtr push_of(const store::Message& message) {
  return std::make_shared<const wire::Push>(to_item(message));
}

Done<store::Appended> deliver_then(router::Router& router, wire::PushPtr push,
                                   Done<store::Appended> done) {
  return [&router, push = std::move(push),
          done = std::move(done)](Result<store::Appended> appended) mutable {
    if (appended && !appended->duplicate) deliver_placed(router, *appended, push);
    done(std::move(appended));
  };
}

Done<store::GroupAppended> deliver_to_group_then(router::Router& router, store::Message message,
                                                 Done<store::GroupAppended> done) {
  // Encoded before the commit, where nobody waits.
  auto push = push_of(message);
  return [&router, message = std::move(message), push = std::move(push),
          done = std::move(done)](Result<store::GroupAppended> appended) mutable {
    if (appended && !appended->appended.duplicate) {
      const bool large = appended->type == store::kLargeGroup;
      const auto type = large ? pb::RT_LARGE_GROUP : pb::RT_NORMAL_GROUP;
      if (message.receiver_type != type) {
        message.receiver_type = type;
        push = push_of(message);
      }
      if (large) {
        router.deliver_to_group(GroupId(message.receiver_id), appended->appended.group_seq, push);
      } else {
        deliver_placed(router, appended->appended, push);
      }
    }
    done(std::move(appended));
  };
}

Done<store::GroupEdited> tell_then(router::Router& router, Done<store::GroupEdited> done) {
  return [&router, done = std::move(done)](Result<store::GroupEdited> edited) mutable {
    if (edited) tell(router, *edited);
    done(std::move(edited));
  };
}

}  // namespace linnet::logic
