#include "methods.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/logic.int.pb.h"
#include "pb/room.ext.pb.h"
#include "pb/room.int.pb.h"
#include "pb/user.ext.pb.h"
#include "pb/user.int.pb.h"

#include "linnet/logic/backend.hpp"
#include "linnet/logic/devices.hpp"
#include "linnet/logic/erasure.hpp"
#include "linnet/logic/friends.hpp"
#include "linnet/logic/groups.hpp"
#include "linnet/logic/messages.hpp"
#include "linnet/logic/room_calls.hpp"
#include "linnet/user/accounts.hpp"

namespace linnet::app {

void add_methods(api::MethodTable& table, user::Accounts& accounts, logic::Devices& devices,
                 logic::Friends& friends, logic::Groups& groups, logic::Messages& messages,
                 logic::Backend& backend) {
  table.add("/pb.UserExt/SendCode", accounts, &user::Accounts::send_code);
  table.add("/pb.UserExt/SignIn", accounts, &user::Accounts::sign_in);
  table.add("/pb.UserExt/SignInByPassword", accounts, &user::Accounts::sign_in_by_password);
  table.add("/pb.UserExt/SetPassword", accounts, &user::Accounts::set_password);
  table.add("/pb.UserExt/SearchUser", accounts, &user::Accounts::search_user);
  table.add("/pb.UserExt/GetUser", accounts, &user::Accounts::get_user);
  table.add("/pb.UserExt/UpdateUser", accounts, &user::Accounts::update_user);

  table.add("/pb.LogicExt/RegisterDevice", devices, &logic::Devices::register_device);
  table.add("/pb.LogicExt/SignOut", devices, &logic::Devices::sign_out);
  table.add("/pb.LogicExt/ListDevices", devices, &logic::Devices::list);
  table.add("/pb.LogicExt/RevokeDevice", devices, &logic::Devices::revoke);
  table.add("/pb.LogicExt/GetDevice", devices, &logic::Devices::get);
  table.add("/pb.LogicExt/SendMessage", messages, &logic::Messages::send);
  table.add("/pb.LogicExt/AckMessages", messages, &logic::Messages::ack);
  table.add_stream<pb::SyncInput, pb::Message>("/pb.LogicExt/Receive");
  table.add("/pb.LogicExt/AddFriend", friends, &logic::Friends::add_friend);
  table.add("/pb.LogicExt/AgreeAddFriend", friends, &logic::Friends::agree_add_friend);
  table.add("/pb.LogicExt/GetFriends", friends, &logic::Friends::get_friends);
  table.add("/pb.LogicExt/DeleteFriend", friends, &logic::Friends::delete_friend);
  table.add("/pb.LogicExt/SetFriend", friends, &logic::Friends::set_friend);
  table.add("/pb.LogicExt/BlockUser", friends, &logic::Friends::block);
  table.add("/pb.LogicExt/UnblockUser", friends, &logic::Friends::unblock);
  table.add("/pb.LogicExt/GetBlockedUsers", friends, &logic::Friends::get_blocked);

  table.add("/pb.LogicExt/CreateGroup", groups, &logic::Groups::create);
  table.add("/pb.LogicExt/UpdateGroup", groups, &logic::Groups::update);
  table.add("/pb.LogicExt/GetGroup", groups, &logic::Groups::get);
  table.add("/pb.LogicExt/GetUserGroups", groups, &logic::Groups::list);
  table.add("/pb.LogicExt/AddGroupMembers", groups, &logic::Groups::add_members);
  table.add("/pb.LogicExt/UpdateGroupMember", groups, &logic::Groups::update_member);
  table.add("/pb.LogicExt/DeleteGroupMember", groups, &logic::Groups::remove_member);
  table.add("/pb.LogicExt/GetGroupMembers", groups, &logic::Groups::members);
  table.add("/pb.LogicExt/LeaveGroup", groups, &logic::Groups::leave);
  table.add("/pb.LogicExt/DeleteGroup", groups, &logic::Groups::dissolve);
  table.add("/pb.LogicExt/TransferGroup", groups, &logic::Groups::transfer);
  table.add("/pb.LogicExt/SetGroupRole", groups, &logic::Groups::set_role);
  table.add("/pb.LogicExt/SetGroupSettings", groups, &logic::Groups::set_settings);
  table.add("/pb.LogicExt/MuteGroupMember", groups, &logic::Groups::mute_member);
  table.add("/pb.LogicExt/MuteGroup", groups, &logic::Groups::mute);
  table.add("/pb.LogicExt/JoinGroup", groups, &logic::Groups::join);
  table.add("/pb.LogicExt/GetJoinRequests", groups, &logic::Groups::join_requests);
  table.add("/pb.LogicExt/AnswerJoinRequest", groups, &logic::Groups::answer_request);
  table.add("/pb.LogicExt/GrowGroup", groups, &logic::Groups::grow);
  table.add("/pb.LogicExt/SyncGroup", groups, &logic::Groups::sync);
  table.add("/pb.LogicExt/AckGroup", groups, &logic::Groups::acknowledge);

  table.add("/pb.LogicInt/SendMessage", messages, &logic::Messages::send_from_server);
  table.add("/pb.LogicInt/Broadcast", messages, &logic::Messages::broadcast);
  table.add("/pb.LogicInt/GetDevice", backend, &logic::Backend::get_device);
  table.add("/pb.LogicInt/KickDevice", backend, &logic::Backend::kick_device);
  table.add("/pb.LogicInt/GetOnline", backend, &logic::Backend::get_online);
  table.add("/pb.LogicInt/CreateUser", backend, &logic::Backend::create_user);
  table.add("/pb.LogicInt/MakeGroup", backend, &logic::Backend::make_group);
  table.add("/pb.UserInt/Auth", accounts, &user::Accounts::auth);
  table.add("/pb.UserInt/GetUser", accounts, &user::Accounts::get_user);
  table.add("/pb.UserInt/GetUsers", accounts, &user::Accounts::get_users);
}

void add_erasure(api::MethodTable& table, logic::Erasure& erasure) {
  table.add("/pb.UserExt/EraseUser", erasure, &logic::Erasure::erase_self);
  table.add("/pb.LogicInt/RemoveUser", erasure, &logic::Erasure::remove);
}

void add_room_methods(api::MethodTable& table, logic::RoomCalls& rooms) {
  table.add("/pb.RoomExt/CreateRoom", rooms, &logic::RoomCalls::create);
  table.add("/pb.RoomInt/MakeRoom", rooms, &logic::RoomCalls::make);
  // The same of both: what the caller is decides what it may.
  for (const std::string service : {"/pb.RoomExt/", "/pb.RoomInt/"}) {
    table.add(service + "GetRoom", rooms, &logic::RoomCalls::get);
    table.add(service + "GetRoomUsers", rooms, &logic::RoomCalls::users);
    table.add(service + "GetRoomHistory", rooms, &logic::RoomCalls::history);
    table.add(service + "PublishToRoom", rooms, &logic::RoomCalls::publish);
    table.add(service + "SetRoom", rooms, &logic::RoomCalls::set);
    table.add(service + "SetRoomRole", rooms, &logic::RoomCalls::set_role);
    table.add(service + "MuteRoomUser", rooms, &logic::RoomCalls::mute_user);
    table.add(service + "BanRoomUser", rooms, &logic::RoomCalls::ban_user);
    table.add(service + "MuteRoom", rooms, &logic::RoomCalls::mute);
    table.add(service + "GetRoomRights", rooms, &logic::RoomCalls::rights);
    table.add(service + "DeleteRoom", rooms, &logic::RoomCalls::remove);
  }
}

}  // namespace linnet::app
