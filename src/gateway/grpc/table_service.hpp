// Every method of the table as gRPC calls it. Included by what knows gRPC alone.
#pragma once

#include "grpc/receive_stream.hpp"
#include "services.hpp"

#include "linnet/base/shard.hpp"

#include <atomic>
#include <grpcpp/generic/async_generic_service.h>
#include <memory>
#include <vector>

namespace linnet::gateway {

// Where calls run: the shards, in turn. Lives as long as the server.
class Places {
 public:
  Places(Shards& shards, Services& services, const SessionOptions& options) {
    for (auto& shard : shards)
      all_.push_back(std::make_unique<ReceiveStreams>(*shard, services, options));
  }

  ReceiveStreams& next() { return *all_[next_.fetch_add(1) % all_.size()]; }
  void drain(std::chrono::milliseconds spread) {
    for (auto& place : all_)
      place->shard().post([&place = *place, spread] { place.drain(spread); });
  }

 private:
  std::vector<std::unique_ptr<ReceiveStreams>> all_;
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
