#include "methods.hpp"

#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include "linnet/logic/devices.hpp"
#include "linnet/logic/friends.hpp"
#include "linnet/logic/messages.hpp"
#include "linnet/user/accounts.hpp"

namespace linnet::app {

void add_methods(api::MethodTable& table, user::Accounts& accounts, logic::Devices& devices,
                 logic::Friends& friends, logic::Messages& messages) {
  table.add("/pb.UserExt/SignIn", accounts, &user::Accounts::sign_in);
  table.add("/pb.UserExt/GetUser", accounts, &user::Accounts::get_user);
  table.add("/pb.UserExt/UpdateUser", accounts, &user::Accounts::update_user);

  table.add("/pb.LogicExt/RegisterDevice", devices, &logic::Devices::register_device);
  table.add("/pb.LogicExt/SendMessage", messages, &logic::Messages::send);
  table.add("/pb.LogicExt/AddFriend", friends, &logic::Friends::add_friend);
  table.add("/pb.LogicExt/AgreeAddFriend", friends, &logic::Friends::agree_add_friend);
  table.add("/pb.LogicExt/GetFriends", friends, &logic::Friends::get_friends);
}

}  // namespace linnet::app
