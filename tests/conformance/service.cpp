#include "service.hpp"

#include "connectrpc/conformance/v1/service.pb.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace linnet::conformance {
namespace {

namespace v1 = connectrpc::conformance::v1;
using Headers = google::protobuf::RepeatedPtrField<v1::Header>;

void add_fields(const api::Exchange::Fields& fields, Headers& headers) {
  for (const auto& [name, value] : fields) {
    auto same = std::find_if(headers.begin(), headers.end(),
                             [&name = name](const auto& header) { return header.name() == name; });
    auto& header = same == headers.end() ? *headers.Add() : *same;
    header.set_name(name);
    header.add_value(value);
  }
}

api::Exchange::Fields to_fields(const Headers& headers) {
  api::Exchange::Fields fields;
  for (const auto& header : headers)
    for (const auto& value : header.value())
      fields.emplace_back(header.name(), value);
  return fields;
}

v1::ConformancePayload::RequestInfo seen(const api::Exchange& exchange,
                                         const google::protobuf::Message& request) {
  v1::ConformancePayload::RequestInfo info;
  add_fields(exchange.request_headers, *info.mutable_request_headers());
  if (exchange.timeout) info.set_timeout_ms(exchange.timeout->count());
  info.add_requests()->PackFrom(request);
  if (!exchange.query.empty())
    add_fields(exchange.query, *info.mutable_connect_get_info()->mutable_query_params());
  return info;
}

api::Failure to_failure(const v1::Error& error, const v1::ConformancePayload::RequestInfo& info) {
  api::Failure failure;
  failure.code = error.code();
  failure.message = error.message();
  google::protobuf::Any packed;
  packed.PackFrom(info);
  auto details = error.details();
  *details.Add() = packed;
  for (const auto& detail : details) {
    const auto& url = detail.type_url();
    failure.details.push_back({url.substr(url.rfind('/') + 1), detail.value()});
  }
  return failure;
}

template <class Request, class Response>
Async<api::MessagePtr> answer(api::Exchange& exchange, const google::protobuf::Message& message) {
  const auto& request = static_cast<const Request&>(message);
  const auto& wanted = request.response_definition();
  exchange.headers = to_fields(wanted.response_headers());
  exchange.trailers = to_fields(wanted.response_trailers());
  if (wanted.response_delay_ms() > 0) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(std::chrono::milliseconds(wanted.response_delay_ms()));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  auto info = seen(exchange, request);
  if (wanted.has_error()) {
    exchange.failure = to_failure(wanted.error(), info);
    co_return Error(ErrCode::kServerUnknown);
  }
  auto response = std::make_unique<Response>();
  response->mutable_payload()->set_data(wanted.response_data());
  *response->mutable_payload()->mutable_request_info() = std::move(info);
  co_return api::MessagePtr(std::move(response));
}

template <class Request, class Response>
void add(api::MethodTable& table, std::string_view path) {
  table.add_exchange(path, Request::default_instance(), Response::default_instance(),
                     &answer<Request, Response>);
}

}  // namespace

void add_methods(api::MethodTable& table) {
  const std::string service = "/connectrpc.conformance.v1.ConformanceService/";
  add<v1::UnaryRequest, v1::UnaryResponse>(table, service + "Unary");
  add<v1::IdempotentUnaryRequest, v1::IdempotentUnaryResponse>(table, service + "IdempotentUnary");
}

}  // namespace linnet::conformance
