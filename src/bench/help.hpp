// What `linnet bench --help` says.
#pragma once

namespace linnet::bench {

inline constexpr const char* kHelp = R"(linnet bench SCENARIO... [options]

Starts this executable on free ports and a temporary directory (or is pointed at a server that runs), loads
it from one thread, and prints what it did and what that cost. docs/performance.md says what each figure
means. Without a scenario: all of them, one after the other.

Scenarios:
  fanout     one message to all members of a live room, beside linnet-floor, a bare epoll server
  shards     what a second I/O thread adds, the generator's share taken out
  direct     one-to-one: durable sends over HTTP that wait for their acknowledgement; sends that a
             connected receiver gets, at a fixed rate and as fast as they go
  durable    messages that are kept, beside other servers that keep them (--peer) and bare SQLite
  group      messages to small groups, an inbox entry for each member
  large      messages to large groups, whose members share an inbox; some of them are connected
  sync       catching up on an inbox, after a restart of the server and again
  reconnect  all devices sign in over WebSocket and sync at once, others go on sending
  idle       memory and CPU time of signed-in connections that say nothing, then with heartbeats
  calls      pipelined heartbeats
  start      time to ready and memory of an empty server, and of one with --entries
  store      the message store alone, in this process, beside SQLite in a bare loop

Options:
  --quick              all in about a minute; the figures are rougher
  --seconds S          measured seconds per row (3)
  --payload N          bytes of text in a message (100)
  --dir DIR            where the data directories are made (TMPDIR, or /tmp)
  --set KEY=VALUE      a setting for the server
  --json FILE          writes the figures there too
  --help
fanout:
  --members N,...      of the room (1000,10000)
  --bytes N,...        of a message (100,1000)
  --bursts N,...       messages published at once (1,8)
  --load N,...         deliveries per second: of bursts each of them, of single messages the first
                       (60000,120000)
  --rounds N           of each case, by turns with the floor (5)
  --hot N              messages per second of the room that is paced and not; 0: leave it out (200)
  --stuck N            percent of a room that do not read, the others beside a room that does; 0: leave it
                       out (1)
  --tcp-members        over TCP, not WebSocket
  --sweep MS           between two looks at a member whose messages are not checked one by one; 0: 25,
                       in rooms over 3000 members 100 (0)
  --syscalls           counts the servers' system calls too, with perf
  --no-pin             server and generator share the processors
  --floor FILE         the floor's executable (linnet-floor beside this one); without one, no ratios
  --peer NAME=DIALECT:HOST:PORT[:PID]
                       another server to compare with; DIALECT: redis, nats, mqtt or ws
shards (and --bursts, --rounds, --sweep; of --bytes the first, of --members the last):
  --io-threads N,...   of the servers that are compared, with the first of them (1,2)
direct, durable, group, store (durable: also --rounds, --peer with DIALECT redis or nats):
  --connections N,...  of the sends that wait (1,16,64,256)
  --pairs N            of the sends to a receiver (64)
  --rate N             sends per second at the fixed rate (2000)
  --no-ack             receivers do not acknowledge
  --group-members N    of a group (200)
  --group-users N      of all groups together (10000)
  --senders N          connections that send to groups (64)
  --group-rate N       messages to groups per second, whatever is answered; 0: as fast as it is (0)
large:
  --large-members N,.. of a group (1000,10000)
  --online N           members that are connected (1000)
  --large-rate N       messages per second (40)
sync, start (and --group-members, --group-users), store, reconnect, idle, calls:
  --inboxes N          that are read (64)
  --missed N           messages in each of them (1000)
  --entries N          in the inboxes of others, by messages to groups (0)
  --devices N          that reconnect (10000)
  --waiting N          messages that wait for each of them (10)
  --idle N             connections that are idle (10000)
  --beating N          connections with heartbeats (100)
  --pipeline N         heartbeats under way on each of them (16)
  --starts N           (5)
A server that runs already, with limits.enabled=false, logic.require_friendship=false and, for fanout,
rooms.state_ms=1000000:
  --url http://HOST:PORT
  --tcp HOST:PORT      its TCP door, for the scenarios that use one (127.0.0.1:8080)
  --code CODE          with which every phone number signs in there (424242)
  --pid N              its process; without it nothing is said of its CPU time and memory

Exit status: 0; 1 when something failed or a message was lost, repeated or out of order; 2 for a
wrong option.
)";

}  // namespace linnet::bench
