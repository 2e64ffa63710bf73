// The settings of the section limits: what all, an address, a user or a connection may take.
#include "setting_kinds.hpp"

namespace linnet::app {
namespace {

void add_connection_limits(std::vector<Setting>& all) {
  all.push_back(boolean("limits.enabled",
                        "false turns every limit of this section off but accepts_per_second,"
                        " unsent_bytes, http_bytes, room_history_bytes and room_log_bytes, for"
                        " benchmarks and"
                        " tests.",
                        LINNET_MEMBER(limits.enabled)));
  all.push_back(
      integer("limits.connections",
              "Connections over TCP, HTTP and gRPC at once, each over gRPC as two, for it"
              " takes two files; one more is closed, over HTTP with 503. 0: nine tenths of"
              " the files that the process may open.",
              0, 100 * kMillion, LINNET_MEMBER(limits.connections)));
  all.push_back(integer("limits.connections_per_address",
                        "Of them, from one IPv4 address or IPv6 /64, each as one; 0: no limit."
                        " 127.0.0.1 and ::1 have none. To be raised where clients come through a"
                        " proxy on another machine.",
                        0, 100 * kMillion, LINNET_MEMBER(limits.connections_per_address)));
  all.push_back(integer("limits.accepts_per_second",
                        "New connections of the whole process; those beyond it wait in the"
                        " kernel's queue, so that a storm of them leaves the others their share."
                        " 0: as fast as it goes.",
                        0, kMillion, LINNET_MEMBER(limits.accepts_per_second)));
  all.push_back(integer("limits.unsent_bytes",
                        "Unsent bytes of all long connections together, with those of packets"
                        " that have not come whole; beyond it those with the most are cut, and find"
                        " the rest in their inboxes. 0: no limit.",
                        0, kMillion * kMillion, LINNET_MEMBER(limits.unsent_bytes)));
  all.push_back(integer("limits.http_bytes",
                        "Bodies over HTTP of more than 16 KB, of requests, with what chunks have"
                        " beside them, and of answers that are not sent yet, together; beyond it"
                        " the largest are cut or refused. gRPC has as much again for all that it"
                        " holds. 0: no limit.",
                        0, kMillion * kMillion, LINNET_MEMBER(limits.http_bytes)));
  all.push_back(integer("limits.room_history_bytes",
                        "What all rooms remember together; beyond it empty ones are forgotten at"
                        " once, others keep their newest message. 0: no limit.",
                        0, kMillion * kMillion, LINNET_MEMBER(limits.room_history_bytes)));
  all.push_back(integer("limits.room_log_bytes",
                        "What all rooms keep for members that are slow (rooms.log_bytes is each"
                        " one's); beyond it a room in which something is said keeps nothing for"
                        " them, and they are told how much they missed. 0: no limit.",
                        0, kMillion * kMillion, LINNET_MEMBER(limits.room_log_bytes)));
}

// Adds settings that are a count in a time, or at once.
auto adding_rates(std::vector<Setting>& all) {
  return [&all](const char* key, const char* doc, auto member) {
    all.push_back(integer(key, doc, 1, 100 * kMillion, member));
  };
}

void add_call_limits(std::vector<Setting>& all) {
  const auto rate = adding_rates(all);
  rate("limits.bad_tokens_per_minute",
       "Tokens that proved nothing, per address; then it is refused, but for tokens that are"
       " remembered as good.",
       LINNET_MEMBER(limits.bad_tokens_per_minute));
  rate("limits.join_per_second", "RegisterDevice and SignIn, per address.",
       LINNET_MEMBER(limits.join_per_second));
  rate("limits.join_burst", "How many of them at once.", LINNET_MEMBER(limits.join_burst));
  rate("limits.write_per_second", "Calls that write, per user.",
       LINNET_MEMBER(limits.write_per_second));
  rate("limits.write_burst", "How many of them at once.", LINNET_MEMBER(limits.write_burst));
  rate("limits.read_per_second", "Calls that read, per user.",
       LINNET_MEMBER(limits.read_per_second));
  rate("limits.read_burst", "How many of them at once.", LINNET_MEMBER(limits.read_burst));
  rate("limits.server_per_second", "Calls of the operator's own servers, per API key.",
       LINNET_MEMBER(limits.server_per_second));
  rate("limits.server_burst", "How many of them at once.", LINNET_MEMBER(limits.server_burst));
  rate("limits.code_failures_per_minute",
       "Wrong passwords, and wrong codes of development mode, per phone number (a code that was "
       "sent "
       "is void after 5 wrong ones); of passwords five times as many per address.",
       LINNET_MEMBER(limits.code_failures_per_minute));
  rate("limits.all_code_failures_per_minute",
       "Wrong sign-in codes of all phone numbers together; then nobody signs in by code for the "
       "rest of the minute.",
       LINNET_MEMBER(limits.all_code_failures_per_minute));
  rate("limits.codes_per_minute", "SendCode, per address.", LINNET_MEMBER(limits.codes_per_minute));
  rate("limits.codes_burst", "How many of them at once.", LINNET_MEMBER(limits.codes_burst));
  rate("limits.searches_per_minute", "SearchUser, per user.",
       LINNET_MEMBER(limits.searches_per_minute));
  rate("limits.searches_burst", "How many of them at once.", LINNET_MEMBER(limits.searches_burst));
}

void add_packet_limits(std::vector<Setting>& all) {
  const auto rate = adding_rates(all);
  rate("limits.packets_per_second",
       "Packets on a long connection; one that sends more is read later.",
       LINNET_MEMBER(limits.packets_per_second));
  rate("limits.packets_burst", "How many of them at once.", LINNET_MEMBER(limits.packets_burst));
  rate(
      "limits.refusals_per_second",
      "Requests on a connection over HTTP or gRPC that are refused unread, unproved, or as too many"
      " or too large; one that makes more is read later, over gRPC its refusals answered later,"
      " as are questions of reflection. Of what counts in no rate, as the page, documents, health,"
      " metrics and preflights, four times as many, and ten times as many at once.",
      LINNET_MEMBER(limits.refusals_per_second));
  rate("limits.refusals_burst", "How many of them at once.", LINNET_MEMBER(limits.refusals_burst));
  rate("limits.bytes_per_second",
       "Bytes on a long connection, and of refused requests over HTTP and gRPC; one that sends more"
       " is read or answered later.",
       LINNET_MEMBER(limits.bytes_per_second));
  rate("limits.bytes_burst", "How many of them at once.", LINNET_MEMBER(limits.bytes_burst));
  all.push_back(integer("limits.friends_per_user",
                        "Friends of one user, with those who were asked and have not answered. 0:"
                        " no limit.",
                        0, kMillion, LINNET_MEMBER(limits.friends_per_user)));
  all.push_back(integer("limits.groups_per_user",
                        "Groups that one user is in, with those that it has asked to join; others"
                        " bring it into nine tenths of them at most. 0: no limit.",
                        0, kMillion, LINNET_MEMBER(limits.groups_per_user)));
  all.push_back(
      integer("limits.devices_per_user",
              "Devices on which one user is signed in; one more takes the place of the one that was"
              " not seen for the longest. 0: no limit.",
              0, kMillion, LINNET_MEMBER(limits.devices_per_user)));
  rate("limits.rooms_per_day", "Rooms that one user makes, where rooms.create lets users do so.",
       LINNET_MEMBER(limits.rooms_per_day));
  rate("limits.room_per_second", "Messages of one user in one live room.",
       LINNET_MEMBER(limits.room_per_second));
  rate("limits.room_burst", "How many of them at once.", LINNET_MEMBER(limits.room_burst));
}

}  // namespace

void add_limit_settings(std::vector<Setting>& all) {
  add_connection_limits(all);
  add_call_limits(all);
  add_packet_limits(all);
}

}  // namespace linnet::app
