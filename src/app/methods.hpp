// Which function serves which method: the one place where a new call is added to the table.
#pragma once

#include "linnet/api/methods.hpp"

namespace linnet::user {
class Accounts;
}
namespace linnet::logic {
class Backend;
class Devices;
class Erasure;
class Friends;
class Groups;
class Messages;
class RoomCalls;
}  // namespace linnet::logic

namespace linnet::app {

// The objects outlive the table.
void add_methods(api::MethodTable& table, user::Accounts& accounts, logic::Devices& devices,
                 logic::Friends& friends, logic::Groups& groups, logic::Messages& messages,
                 logic::Backend& backend);
void add_erasure(api::MethodTable& table, logic::Erasure& erasure);
void add_room_methods(api::MethodTable& table, logic::RoomCalls& rooms);

}  // namespace linnet::app
