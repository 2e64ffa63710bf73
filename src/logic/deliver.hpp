// From the store's commit to the connected devices: wraps a completion so that what was committed
// goes to the router first, on the store's thread and thus in commit order, and the caller hears of
// it afterwards.
#pragma once

#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/wire/push.hpp"

namespace linnet::logic {

// What a message's receivers are sent.
wire::PushPtr push_of(const store::Message& message);
// `push` is the message.
Done<store::Appended> deliver_then(router::Router& router, wire::PushPtr push,
                                   Done<store::Appended> done);
// `message` is what was appended, with the receiver_type that its sender believes the group to
// have.
Done<store::GroupAppended> deliver_to_group_then(router::Router& router, store::Message message,
                                                 Done<store::GroupAppended> done);
// The notices of an edit, and who follows a large group from now on.
Done<store::GroupEdited> tell_then(router::Router& router, Done<store::GroupEdited> done);

}  // namespace linnet::logic
