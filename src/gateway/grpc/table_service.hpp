// Every method of the table as gRPC calls it. Included by what knows gRPC alone.
#pragma once

#include "grpc/awaited.hpp"
#include "grpc/receive_stream.hpp"
#include "grpc/refused.hpp"
#include "grpc/waste.hpp"
#include "services.hpp"

#include "linnet/base/shard.hpp"

#include <atomic>
#include <cstdint>
#include <grpcpp/generic/async_generic_service.h>
#include <memory>
#include <vector>

namespace linnet::gateway {

// What a shard has of gRPC's calls.
struct Place {
  Place(Shard& on, Services& services, const SessionOptions& options,
        std::chrono::milliseconds request_limit, RefusalPaces& of_all, WasteGuard& waste_of_all)
      : shard(on),
        streams(on, services, options),
        awaited(on, services.clock, request_limit),
        held(on, services.clock),
        paces(of_all),
        waste(waste_of_all) {}

  Shard& shard;
  ReceiveStreams streams;
  AwaitedMessages awaited;
  HeldRefusals held;
  RefusalPaces& paces;
  WasteGuard& waste;
};

// Where calls run: the shards, in turn. Lives as long as the server.
class Places {
 public:
  // `request_limit`: how long the message of a request may take.
  Places(Shards& shards, Services& services, const SessionOptions& options,
         std::chrono::milliseconds request_limit, const RefusalLimits& refusals, WasteGuard& waste)
      : paces_(services.clock, services.refusals, refusals, kCallsAtOnce) {
    for (auto& shard : shards)
      all_.push_back(
          std::make_unique<Place>(*shard, services, options, request_limit, paces_, waste));
  }

  Place& next() { return *all_[next_.fetch_add(1) % all_.size()]; }
  void drain(std::chrono::milliseconds spread) {
    for (auto& place : all_)
      place->shard.post([&place = *place, spread] {
        place.streams.drain(spread);
        place.awaited.stop();
        place.held.stop();
      });
  }

 private:
  RefusalPaces paces_;
  std::vector<std::unique_ptr<Place>> all_;
  std::atomic<std::size_t> next_{0};
};

class TableService final : public grpc::CallbackGenericService {
 public:
  TableService(api::Api& api, Places& places) : api_(api), places_(places) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

 private:
  api::Api& api_;
  Places& places_;
};

}  // namespace linnet::gateway
