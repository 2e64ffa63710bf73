// The calls as OpenAPI 3.1: one POST for each method, one schema for each message and enumeration.
// The JSON form is that of wire/json.hpp.
#include "comments.hpp"

#include "linnet/api/reference.hpp"

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

namespace linnet::api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Json = nlohmann::ordered_json;

class Schemas {
 public:
  // A reference to the schema of `type`, which is among all() from now on.
  Json refer(const Descriptor& type) {
    if (!all_.contains(type.name())) {
      all_[type.name()] = Json::object();  // a message may hold itself
      Json properties = Json::object();
      for (int i = 0; i < type.field_count(); ++i)
        properties[type.field(i)->json_name()] = field(*type.field(i));
      all_[type.name()] = {{"type", "object"}, {"properties", std::move(properties)}};
    }
    return reference_to(type.name());
  }
  const Json& all() const { return all_; }

 private:
  static Json reference_to(const std::string& name) {
    return {{"$ref", "#/components/schemas/" + name}};
  }

  Json refer(const EnumDescriptor& type) {
    Json names = Json::array();
    for (int i = 0; i < type.value_count(); ++i)
      names.push_back(type.value(i)->name());
    all_[type.name()] = {{"type", "string"}, {"enum", std::move(names)}};
    return reference_to(type.name());
  }

  Json field(const FieldDescriptor& field) {
    Json schema;
    if (field.is_map()) {
      schema = {{"type", "object"},
                {"additionalProperties", value(*field.message_type()->map_value())}};
    } else if (field.is_repeated()) {
      schema = {{"type", "array"}, {"items", value(field)}};
    } else {
      schema = value(field);
    }
    if (auto comment = comment_of(field); !comment.empty()) schema["description"] = comment;
    return schema;
  }

  Json value(const FieldDescriptor& field) {
    switch (field.type()) {
      case FieldDescriptor::TYPE_MESSAGE: return refer(*field.message_type());
      case FieldDescriptor::TYPE_ENUM: return refer(*field.enum_type());
      case FieldDescriptor::TYPE_BOOL: return {{"type", "boolean"}};
      case FieldDescriptor::TYPE_STRING: return {{"type", "string"}};
      case FieldDescriptor::TYPE_BYTES: return bytes(field);
      case FieldDescriptor::TYPE_DOUBLE:
      case FieldDescriptor::TYPE_FLOAT: return {{"type", "number"}};
      default: break;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64: return {{"type", "string"}, {"format", "int64"}};
      case FieldDescriptor::CPPTYPE_UINT64: return {{"type", "string"}, {"format", "uint64"}};
      default: return {{"type", "integer"}};
    }
  }

  // The content of a message is an object of the type that messageType tells, or base64.
  static Json bytes(const FieldDescriptor& field) {
    if (field.name() != "message_content")
      return {{"type", "string"}, {"contentEncoding", "base64"}};
    return {{"type", Json::array({"object", "string"})}};
  }

  Json all_ = Json::object();
};

Json error_schema() {
  const Json text = {{"type", "string"}};
  const Json info = {{"type", "object"},
                     {"properties",
                      {{"code", {{"type", "integer"}, {"description", "the ErrCode: docs/api.md"}}},
                       {"reason", text},
                       {"requestId", text}}}};
  const Json detail = {{"type", "object"},
                       {"properties", {{"type", text}, {"value", text}, {"debug", info}}}};
  return {
      {"type", "object"},
      {"properties",
       {{"code", text}, {"message", text}, {"details", {{"type", "array"}, {"items", detail}}}}}};
}

Json in_json(Json schema) {
  return {{"application/json", {{"schema", std::move(schema)}}}};
}

std::string describe(const MethodReference& method) {
  std::string text = "For " + method.who + ".";
  if (method.errors.empty()) return text;
  text += " Errors of its own:";
  for (auto code : method.errors)
    text += ' ' + std::string(name(code));
  return text;
}

Json operation(const MethodReference& method, Schemas& schemas) {
  const auto& descriptor = *method.descriptor;
  Json made;
  made["operationId"] = method.name;
  made["tags"] = Json::array({descriptor.service()->name()});
  made["summary"] = method.about;
  made["description"] = describe(method);
  made["security"] = Json::array();
  if (method.credentials)
    made["security"].push_back({{method.api_key ? "apiKey" : "device", Json::array()}});
  made["requestBody"] = {{"required", true},
                         {"content", in_json(schemas.refer(*descriptor.input_type()))}};
  made["responses"]["200"] = {{"description", "done"},
                              {"content", in_json(schemas.refer(*descriptor.output_type()))}};
  made["responses"]["default"] = {{"$ref", "#/components/responses/Error"}};
  return made;
}

std::string make() {
  Schemas schemas;
  Json paths = Json::object();
  for (const auto& method : reference()) {
    // A stream is frames, of which OpenAPI knows nothing.
    if (method.descriptor->server_streaming()) continue;
    paths[method.path]["post"] = operation(method, schemas);
  }
  const auto bearer = [](const char* about) {
    return Json{{"type", "http"}, {"scheme", "bearer"}, {"description", about}};
  };
  Json document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", "Linnet"},
                      {"version", LINNET_VERSION},
                      {"description",
                       "Calls after the Connect protocol, in JSON. 64-bit numbers are text (plain "
                       "numbers are taken too), enumerations names (or numbers)."}};
  document["paths"] = std::move(paths);
  auto& components = document["components"];
  components["schemas"] = schemas.all();
  components["schemas"]["ConnectError"] = error_schema();
  components["responses"]["Error"] = {
      {"description", "what went wrong"},
      {"content", in_json({{"$ref", "#/components/schemas/ConnectError"}})}};
  components["securitySchemes"] = {{"device", bearer("the token that SignIn gave")},
                                   {"apiKey", bearer("a key that linnet key create gave")}};
  return document.dump(1) + "\n";
}

}  // namespace

const std::string& openapi_document() {
  static const auto once = make();
  return once;
}

}  // namespace linnet::api
